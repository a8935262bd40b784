"""An account's calendar: the sends planned for it, what has left already, and where its queues of first steps end."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.account_calendar import A_LOCAL_DAY, CalendarFacts, PlannedSend, Span
from services.queuer.rules.planning.next_send import PlanningAccount
from services.queuer.rules.planning.plan_input import QueueKey
from shared.db.pool import Connection
from shared.db.queries import fetch_all, load
from shared.vocabulary import Action

queries = load(__file__)

FAR_BACK: Final = 2_000
"""Planned first steps among which the last one of a zone is looked for: some weeks of an account's cap."""


@dataclass(frozen=True, slots=True)
class _QueueEnd:
    account_id: UUID
    action: Action
    zone: str | None
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class DayUse:
    """What an account did of an action on one of its own days."""

    account_id: UUID
    action: Action
    local_date: date
    used: int


@dataclass(frozen=True, slots=True)
class InvitationMoment:
    """When an invitation of an account left, or is planned to leave."""

    account_id: UUID
    at: datetime


async def ends_of_queues(connection: Connection, keys: Collection[QueueKey]) -> dict[QueueKey, datetime]:
    """The last planned first step of each queue; where hours follow the prospect, as far as it is among the latest."""
    whole = sorted({(account_id, action) for account_id, action, zone in keys if zone is None})
    by_zone = sorted({(account_id, action) for account_id, action, zone in keys if zone is not None})
    rows = await fetch_all(
        connection, queries.ends_of_queues, _QueueEnd, account_ids=[pair[0] for pair in whole], actions=[pair[1] for pair in whole]
    )
    if by_zone:
        rows += await fetch_all(
            connection,
            queries.ends_of_zone_queues,
            _QueueEnd,
            account_ids=[pair[0] for pair in by_zone],
            actions=[pair[1] for pair in by_zone],
            far=FAR_BACK,
        )
    return {(row.account_id, row.action, row.zone): row.scheduled_for for row in rows}


async def load_calendars(
    connection: Connection, spans: Mapping[UUID, Sequence[Span]], accounts: Mapping[UUID, PlanningAccount], *, now: datetime
) -> dict[UUID, CalendarFacts]:
    """The stored calendars of these accounts: planned sends inside the spans, the days' use and the last week's invitations."""
    if not spans:
        return {}
    ids = list(spans)
    planned = await load_planned_sends(connection, spans)
    used: defaultdict[UUID, list[tuple[Action, date, int]]] = defaultdict(list)
    for row in await fetch_all(connection, queries.use_of_days, DayUse, account_ids=ids, since=(now - A_LOCAL_DAY).date()):
        used[row.account_id].append((row.action, row.local_date, row.used))
    invitations: defaultdict[UUID, list[datetime]] = defaultdict(list)
    caps = [accounts[account_id].weekly_cap for account_id in ids]
    for each in await fetch_all(connection, queries.last_invitations, InvitationMoment, account_ids=ids, now=now, caps=caps):
        invitations[each.account_id].append(each.at)
    return {
        account_id: CalendarFacts(
            tuple(spans[account_id]), tuple(planned.get(account_id, ())), tuple(used[account_id]), tuple(invitations[account_id])
        )
        for account_id in ids
    }


async def load_planned_sends(connection: Connection, spans: Mapping[UUID, Sequence[Span]]) -> dict[UUID, list[PlannedSend]]:
    """Each account's planned sends inside its spans, which do not overlap."""
    every = [(account_id, *span) for account_id, of_account in spans.items() for span in of_account]
    found: dict[UUID, list[PlannedSend]] = {}
    rows = await fetch_all(
        connection,
        queries.planned_sends,
        PlannedSend,
        account_ids=[each[0] for each in every],
        sinces=[each[1] for each in every],
        untils=[each[2] for each in every],
    )
    for send in rows:
        found.setdefault(send.account_id, []).append(send)
    return found
