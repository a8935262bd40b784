"""An account's calendar: the sends planned for it, what has left already, and where its queues of first steps end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.planning.next_send import Account
from services.queuer.rules.planning.slots import A_LOCAL_DAY, WEEK, Book
from shared.db.pool import Connection
from shared.db.queries import fetch_all, load
from shared.policy import SPACING
from shared.vocabulary import Action

queries = load(__file__)

FAR_BACK: Final = 2_000
"""Planned first steps among which the last one of a zone is looked for: some weeks of an account's cap."""
AHEAD: Final = timedelta(days=4)
"""How much of an account's plan is read at once: over a weekend, some hundred rows at most."""


@dataclass(frozen=True, slots=True)
class _QueueEnd:
    account_id: UUID
    action: Action
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class _ZoneQueueEnd:
    account_id: UUID
    action: Action
    zone: str
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class _PlannedSend:
    account_id: UUID
    id: UUID
    action: Action
    look_up: bool
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class _DayUsage:
    account_id: UUID
    action: Action
    local_date: date
    used: int


@dataclass(frozen=True, slots=True)
class _InvitationMoment:
    account_id: UUID
    at: datetime


async def ends_of_queues(connection: Connection, pairs: Iterable[tuple[UUID, Action]]) -> Mapping[tuple[UUID, Action], datetime]:
    """The last planned first step of each account and action."""
    ordered = sorted(set(pairs))
    rows = await fetch_all(
        connection,
        queries.last_first_steps,
        _QueueEnd,
        account_ids=[pair[0] for pair in ordered],
        actions=[pair[1] for pair in ordered],
    )
    return {(row.account_id, row.action): row.scheduled_for for row in rows}


async def ends_of_zones(
    connection: Connection, wanted: Iterable[tuple[UUID, Action, str]]
) -> Mapping[tuple[UUID, Action, str | None], datetime]:
    """The last planned first step of each account, action and prospects' zone, as far as it is among the latest."""
    ordered = sorted(set(wanted))
    rows = await fetch_all(
        connection,
        queries.last_first_steps_of_zone,
        _ZoneQueueEnd,
        account_ids=[each[0] for each in ordered],
        actions=[each[1] for each in ordered],
        zones=[each[2] for each in ordered],
        far=FAR_BACK,
    )
    return {(row.account_id, row.action, row.zone): row.scheduled_for for row in rows}


def open_book(account: Account, *, since: datetime, until: datetime) -> Book:
    """An empty book for the account; `fill` and `count` load what is known."""
    return Book(ZoneInfo(account.timezone), SPACING, account.caps, account.weekly_cap, since - A_LOCAL_DAY, until)


async def fill(connection: Connection, books: Mapping[UUID, Book], *, until: Mapping[UUID, datetime] | None = None) -> None:
    """Read each account's planned sends into its book; with `until`, only those accounts and from where their book ends."""
    more = {account_id: books[account_id] for account_id in until} if until else books
    sinces = [book.until if until else book.since for book in more.values()]
    for account_id, book in more.items():
        book.until = (until[account_id] if until else book.until) + AHEAD
    untils = [book.until for book in more.values()]
    for row in await fetch_all(connection, queries.planned_sends, _PlannedSend, account_ids=list(more), sinces=sinces, untils=untils):
        books[row.account_id].enter(row.id, row.action, row.scheduled_for, look_up=row.look_up)


async def count(connection: Connection, books: Mapping[UUID, Book], *, now: datetime) -> None:
    """Read what has left already: the days' usage and the last week's invitations."""
    for row in await fetch_all(connection, queries.usage, _DayUsage, account_ids=list(books), since=(now - A_LOCAL_DAY).date()):
        books[row.account_id].used(row.action, row.local_date, row.used)
    weeks: dict[UUID, list[datetime]] = {account_id: [] for account_id in books}
    caps = [book.weekly_cap for book in books.values()]
    for each in await fetch_all(connection, queries.last_invitations, _InvitationMoment, account_ids=list(books), now=now, caps=caps):
        weeks[each.account_id].append(each.at)
    for account_id, moments in weeks.items():
        books[account_id].week_so_far(moment for moment in moments if moment > now - WEEK)
