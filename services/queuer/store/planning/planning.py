"""What planning reads and writes; one transaction plans one batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import structlog

from services.queuer.rules.planning.completion_events import ended_in_planning
from services.queuer.rules.planning.next_send import Account, Ending, NewSend, Prospect
from services.queuer.rules.planning.next_step import Planned, Step
from services.queuer.rules.planning.rendering import NOT_RENDERED
from services.queuer.rules.planning.rotation import Candidate, Room
from services.queuer.rules.planning.slots import A_LOCAL_DAY, WEEK, Book
from shared.calendar import ScheduleSettings, read_settings
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy import SPACING, caps_of, warm_up_cap, weekly_invitations
from shared.policy.rows import clocks_of_account, local_day
from shared.vocabulary import AccountType, Action, Channel, MissingValue, ProspectStatus, SendStatus

log = structlog.get_logger()

queries = load(__file__)

FAR_BACK: Final = 2_000
"""Planned first steps among which the last one of a zone is looked for: some weeks of an account's cap."""
AHEAD: Final = timedelta(days=4)
"""How much of an account's plan is read at once: over a weekend, some hundred rows at most."""
MOST_TODAY: Final = 500
MOST_PLANNED: Final = 5_000
"""How far an account's planned sends are counted. More than a day takes, and about a year of invitations: behind that
every account's queue is as long as every other's."""


@dataclass(slots=True)
class Rotation:
    """A campaign's accounts and their balances; `moved` once somebody was given an account."""

    candidates: list[Candidate] = field(default_factory=list)
    balances: dict[UUID, float] = field(default_factory=dict)
    moved: bool = False

    def give(self, balances: Mapping[UUID, float]) -> None:
        """Keep what a pick left behind."""
        self.balances.update(balances)
        self.moved = True


async def lock(connection: Connection, prospect_ids: Sequence[UUID]) -> tuple[datetime, list[UUID]]:
    """Lock the accounts these prospects have or may get, then the prospects; returns business time and the accounts."""
    wanted = [row["id"] async for row in queries.accounts_wanted(connection, prospect_ids=prospect_ids)]
    accounts = [row["id"] async for row in queries.lock_accounts(connection, account_ids=wanted)]
    async for _ in queries.lock_prospects(connection, prospect_ids=prospect_ids):
        pass
    now: datetime = await connection.fetchval("SELECT business_now()")
    return now, accounts


async def take_turn(connection: Connection, campaign_id: UUID) -> bool:
    """Be the only one who sweeps this campaign, until the transaction ends; False where somebody is."""
    taken: bool = await queries.take_turn(connection, campaign_id=campaign_id)
    return taken


async def prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> list[Prospect]:
    """The prospects that may be planned, as they are after the locks."""
    return [
        Prospect(
            **{name: row[name] for name in _AS_READ},
            status=ProspectStatus(row["status"]),
            on_missing=MissingValue(row["on_missing"]),
            channels=frozenset(map(Channel, row["channels"])),
            values={name: row[name] for name in ("first_name", "last_name", "company", "title", "location")},
        )
        async for row in queries.load_prospects(connection, prospect_ids=prospect_ids)
    ]


_AS_READ: Final = tuple(name for name in Prospect.__slots__ if name not in {"status", "on_missing", "channels", "values"})


async def steps(connection: Connection, workflow_ids: Iterable[UUID]) -> Mapping[UUID, list[Step]]:
    """The steps of each workflow, in order."""
    found: dict[UUID, list[Step]] = {}
    async for row in queries.load_steps(connection, workflow_ids=list(set(workflow_ids))):
        step = Step(row["position"], row["message_type"], Action(row["action"]), row["delay"], row["requires_connection"], row["template"])
        found.setdefault(row["workflow_id"], []).append(step)
    return found


async def planned(connection: Connection, prospect_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Planned]]:
    """What became of the steps that have a row, by prospect and message type."""
    found: dict[UUID, dict[str, Planned]] = {}
    async for row in queries.load_sends(connection, prospect_ids=prospect_ids, not_rendered=NOT_RENDERED):
        send = Planned(SendStatus(row["status"]), row["sent_at"], row["dispatched"], row["needs_words"])
        found.setdefault(row["prospect_id"], {})[row["message_type"]] = send
    return found


async def rotations(connection: Connection, campaign_ids: Iterable[UUID], locked: Sequence[UUID]) -> dict[UUID, Rotation]:
    """Lock these campaigns and read the accounts of each that this transaction holds, in their order."""
    ids = sorted(set(campaign_ids))
    found: dict[UUID, Rotation] = {}
    async for row in queries.lock_campaigns(connection, campaign_ids=ids):
        found[row["id"]] = Rotation()
    async for row in queries.load_candidates(connection, campaign_ids=ids, locked=locked):
        rotation = found[row["campaign_id"]]
        rotation.candidates.append(Candidate(row["account_id"], row["usable"]))
        rotation.balances[row["account_id"]] = row["credit"]
    return found


async def rooms(
    connection: Connection, wanted: Iterable[tuple[UUID, Action]], accounts: Mapping[UUID, Account], *, now: datetime
) -> dict[Action, dict[UUID, Room]]:
    """What each of these accounts may still do, by action."""
    pairs = sorted(wanted)
    todays = [now.astimezone(ZoneInfo(accounts[account_id].timezone)) for account_id, _ in pairs]
    rows = queries.room(
        connection,
        account_ids=[pair[0] for pair in pairs],
        actions=[pair[1] for pair in pairs],
        todays=[today.date() for today in todays],
        day_ends=[datetime.combine(today.date() + timedelta(days=1), time(), today.tzinfo) for today in todays],
        most_today=MOST_TODAY,
        most=MOST_PLANNED,
    )
    found: dict[Action, dict[UUID, Room]] = {}
    async for row in rows:
        action, account = Action(row["action"]), accounts[row["account_id"]]
        today = local_day(now, account.timezone)
        days = [warm_up_cap(account.caps[action], account.warm_up_from, today + timedelta(days=number)) for number in range(7)]
        week = min(sum(days), account.weekly_cap) if action is Action.INVITATION else sum(days)
        room = Room(days[0] - row["used_today"] - row["planned_today"], week, row["used_in_a_week"] + row["planned"])
        found.setdefault(action, {})[account.id] = room
    return found


async def accounts(connection: Connection, account_ids: Iterable[UUID], *, now: datetime) -> Mapping[UUID, Account]:
    """The accounts by id, without those whose own zone or hours nobody can read: what is planned for others must not wait for them."""
    found = {}
    async for row in queries.load_accounts(connection, account_ids=list(set(account_ids)), now=now):
        wrong = clocks_of_account(row).unreadable
        if wrong is not None:
            log.warning("nothing is planned for an account: its hours cannot be read", account=row["id"], error=wrong)
            continue
        found[row["id"]] = Account(
            row["id"],
            AccountType(row["account_type"]),
            row["country"],
            row["timezone"],
            row["account_schedule"],
            caps_of(row),
            weekly_invitations(row["weekly_limit"], tier=row["tier"]),
            row["warm_up_from"],
            row["next_free_at"],
        )
    return found


async def recipients(
    connection: Connection, pairs: Sequence[tuple[UUID, UUID]], *, fresh_since: datetime
) -> Mapping[tuple[UUID, UUID], str]:
    """The provider's id of each lead as its account knows it, where that was looked up since `fresh_since`."""
    rows = queries.known_recipients(
        connection, account_ids=[pair[0] for pair in pairs], lead_ids=[pair[1] for pair in pairs], fresh_since=fresh_since
    )
    return {(row["account_id"], row["lead_id"]): row["provider_id"] async for row in rows}


async def ends_of_queues(connection: Connection, pairs: Iterable[tuple[UUID, Action]]) -> Mapping[tuple[UUID, Action], datetime]:
    """The last planned first step of each account and action."""
    ordered = sorted(set(pairs))
    rows = queries.last_first_steps(connection, account_ids=[pair[0] for pair in ordered], actions=[pair[1] for pair in ordered])
    return {(row["account_id"], Action(row["action"])): row["scheduled_for"] async for row in rows}


async def ends_of_zones(
    connection: Connection, wanted: Iterable[tuple[UUID, Action, str]]
) -> Mapping[tuple[UUID, Action, str | None], datetime]:
    """The last planned first step of each account, action and prospects' zone, as far as it is among the latest."""
    ordered = sorted(set(wanted))
    rows = queries.last_first_steps_of_zone(
        connection,
        account_ids=[each[0] for each in ordered],
        actions=[each[1] for each in ordered],
        zones=[each[2] for each in ordered],
        far=FAR_BACK,
    )
    return {(row["account_id"], Action(row["action"]), row["zone"]): row["scheduled_for"] async for row in rows}


def open_book(account: Account, *, since: datetime, until: datetime) -> Book:
    """An empty book for the account; `fill` and `count` load what is known."""
    return Book(ZoneInfo(account.timezone), SPACING, account.caps, account.weekly_cap, since - A_LOCAL_DAY, until)


async def fill(connection: Connection, books: Mapping[UUID, Book], *, until: Mapping[UUID, datetime] | None = None) -> None:
    """Read each account's planned sends into its book; with `until`, only those accounts and from where their book ends."""
    more = {account_id: books[account_id] for account_id in until} if until else books
    sinces = [book.until if until else book.since for book in more.values()]
    for account_id, book in more.items():
        book.until = (until[account_id] if until else book.until) + AHEAD
    rows = queries.taken(connection, account_ids=list(more), sinces=sinces, untils=[book.until for book in more.values()])
    async for row in rows:
        books[row["account_id"]].enter(row["id"], Action(row["action"]), row["scheduled_for"], look_up=row["look_up"])


async def count(connection: Connection, books: Mapping[UUID, Book], *, now: datetime) -> None:
    """Read what has left already: the days' usage and the last week's invitations."""
    async for row in queries.usage(connection, account_ids=list(books), since=(now - A_LOCAL_DAY).date()):
        books[row["account_id"]].used(Action(row["action"]), row["local_date"], row["used"])
    weeks: dict[UUID, list[datetime]] = {account_id: [] for account_id in books}
    caps = [book.weekly_cap for book in books.values()]
    async for row in queries.last_invitations(connection, account_ids=list(books), now=now, caps=caps):
        weeks[row["account_id"]].append(row["at"])
    for account_id, moments in weeks.items():
        books[account_id].week_so_far(moment for moment in moments if moment > now - WEEK)


async def record(connection: Connection, sends: Sequence[NewSend], endings: Sequence[Ending], *, now: datetime) -> frozenset[UUID]:
    """Write the batch down, with the events of what it ends; returns the ids of the sends that were not there before."""
    fresh = await _insert(connection, sends)
    waiting = [send for send in sends if send.id in fresh and send.status is SendStatus.PENDING]
    lanes = [(s.account_id, s.prospect.campaign_id, action) for s in waiting for action in (s.step.action, Action.PROFILE_LOOKUP)]
    ids, campaigns, actions = zip(*lanes, strict=True) if lanes else ((), (), ())
    await queries.open_lanes(connection, account_ids=ids, campaign_ids=campaigns, actions=actions)
    wakes: dict[UUID, datetime] = {}
    for send in waiting:
        wakes[send.account_id] = min(wakes.get(send.account_id, send.scheduled_for), send.scheduled_for)
    await queries.wake_accounts(connection, account_ids=list(wakes), wakes=list(wakes.values()))
    await queries.remember_plans(
        connection,
        prospect_ids=[send.prospect.id for send in sends],
        account_ids=[send.account_id for send in sends],
        workflow_ids=[send.prospect.workflow_id for send in sends],
        follow_up_due_ats=[
            send.due if send.status is SendStatus.PENDING and send.step.action is not Action.WITHDRAWAL else None for send in sends
        ],
    )
    await queries.end_prospects(
        connection,
        prospect_ids=[ending.prospect.id for ending in endings],
        was=[ending.prospect.status for ending in endings],
        statuses=[ending.status for ending in endings],
        outcomes=[ending.outcome for ending in endings],
        error_messages=[ending.reason for ending in endings],
        now=now,
    )
    await put(connection, "queuer", [told for send in sends if send.id in fresh and (told := ended_in_planning(send, now=now))])
    return fresh


async def _insert(connection: Connection, sends: Sequence[NewSend]) -> frozenset[UUID]:
    rows: Any = queries.insert_sends(
        connection,
        ids=[s.id for s in sends],
        prospect_ids=[s.prospect.id for s in sends],
        account_ids=[s.account_id for s in sends],
        message_types=[s.step.message_type for s in sends],
        step_positions=[s.step.position for s in sends],
        actions=[s.step.action for s in sends],
        next_actions=[s.next_action for s in sends],
        linkedin_user_ids=[s.recipient for s in sends],
        messages=[s.text for s in sends],
        sha256s=[s.sha256 for s in sends],
        scheduled_fors=[s.scheduled_for for s in sends],
        statuses=[s.status for s in sends],
        requires_connections=[s.step.requires_connection for s in sends],
        error_messages=[s.reason for s in sends],
        not_rendered=NOT_RENDERED,
    )
    return frozenset([row["id"] async for row in rows])


async def keep_credits(connection: Connection, rotations: Mapping[UUID, Rotation]) -> None:
    """Remember how far each account is behind its share; the campaigns are locked."""
    kept = [(campaign_id, *each) for campaign_id, rotation in rotations.items() if rotation.moved for each in rotation.balances.items()]
    ids, account_ids, balances = zip(*kept, strict=True) if kept else ((), (), ())
    await queries.keep_credits(connection, campaign_ids=ids, account_ids=account_ids, credits=balances)


async def campaign_with_unplanned(connection: Connection, after: UUID) -> UUID | None:
    """The next running campaign, in order of id, that has somebody to plan."""
    found: UUID | None = await queries.campaign_with_unplanned(connection, after=after)
    return found


async def unplanned(connection: Connection, campaign_id: UUID, *, most: int) -> list[UUID]:
    """Prospects of one campaign that nobody has planned."""
    return [row["id"] async for row in queries.unplanned(connection, campaign_id=campaign_id, most=most)]


async def under_way(connection: Connection, after: UUID, *, most: int) -> tuple[list[UUID], UUID | None]:
    """The next people whose sequence is under way with nothing on its way, and who stood last; None when the round is over."""
    rows = [row async for row in queries.under_way(connection, after=after, most=most)]
    return [row["id"] for row in rows if row["idle"]], rows[-1]["id"] if len(rows) == most else None


@lru_cache(maxsize=4096)
def hours(settings: str) -> ScheduleSettings:
    """Stored schedule settings, parsed once per text. Raises ScheduleError."""
    return read_settings(orjson.loads(settings))
