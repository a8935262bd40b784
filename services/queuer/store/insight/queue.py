"""What the queue answers from: accounts, the first send of each lane, budgets, counts that stop, and what dispatches became."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.accounts.account_status import Asking, Budget, Lane, LaneHead
from services.queuer.rules.dispatch.dispatch_outcome import DispatchState
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.planning.rendering import NOT_RENDERED
from services.queuer.store.dispatch.dispatch import Dispatch
from services.queuer.store.insight.policy_facts import load_facts
from services.queuer.store.planning.calendars import DayUse
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, fetch_value, load
from shared.policy import WeekUse
from shared.policy.limits import LimitFacts
from shared.policy.rows import zone_of
from shared.vocabulary import AccountStatus, Action, CampaignStatus

queries = load(__file__)

MOST_A_DAY: Final = 1_000
"""Sends of one account that are read; twice the highest caps of all its actions together."""


@dataclass(frozen=True, slots=True)
class QueueScope:
    """The workspace, account and campaign that a question is about; None leaves a side open."""

    workspace_id: UUID | None = None
    account_id: UUID | None = None
    campaign_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class QueueAccount(LimitFacts):
    """An account and its limits; `leased` while a dispatch or a read holds it."""

    id: UUID
    workspace_id: UUID
    company_name: str
    name: str
    status: AccountStatus
    leased: bool
    timezone: str


@dataclass(frozen=True, slots=True)
class QueueCampaign:
    """A running or paused campaign with its planned sends, counted to a limit."""

    id: UUID
    workspace_id: UUID
    campaign_name: str
    status: CampaignStatus
    pending: int
    next_planned_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentByLane:
    """What left of an account in a campaign since the account's midnight, and in the last minutes."""

    account_id: UUID
    campaign_id: UUID
    today: int
    in_5_minutes: int
    in_60_minutes: int


@dataclass(frozen=True, slots=True)
class FailedByLane:
    """What failed and waits for a person."""

    account_id: UUID
    campaign_id: UUID
    failed: int


@dataclass(frozen=True, slots=True)
class WaitingSend:
    """When a due send of a lane was planned to leave."""

    account_id: UUID
    campaign_id: UUID
    action: Action
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class _ClockRow:
    now: datetime
    speed: float


@dataclass(frozen=True, slots=True)
class _WeekOfQueueRow:
    account_id: UUID
    used: int
    frees_at: datetime


@dataclass(frozen=True, slots=True)
class _AccountCount:
    account_id: UUID
    count: int


async def load_moment(connection: Connection, call_times: CallTimes) -> Asking:
    """The database's moment, and what the sender keeps free for a call at the clock's speed."""
    clock = await fetch_one(connection, queries.clock, _ClockRow)
    assert clock is not None  # noqa: S101 - the clock always has its one row
    return Asking(clock.now, *call_times.at(clock.speed))


async def scope_exists(connection: Connection, scope: QueueScope) -> bool:
    """Whether the workspace, account and campaign of the scope are there, and belong together."""
    return bool(
        await fetch_value(
            connection,
            queries.scope_exists,
            bool,
            workspace_id=scope.workspace_id,
            account_id=scope.account_id,
            campaign_id=scope.campaign_id,
        )
    )


async def load_accounts(connection: Connection, scope: QueueScope, *, now: datetime, waiting: bool, most: int) -> list[QueueAccount]:
    """Up to `most` accounts in order of id; with `waiting` only those with something planned or in hand."""
    return await fetch_all(
        connection,
        queries.accounts_of_scope,
        QueueAccount,
        workspace_id=scope.workspace_id,
        account_id=scope.account_id,
        campaign_id=scope.campaign_id,
        now=now,
        waiting=waiting,
        most=most,
    )


async def load_lanes(
    connection: Connection, accounts: Sequence[QueueAccount], *, now: datetime, campaign_id: UUID | None = None
) -> Mapping[UUID, list[Lane]]:
    """The first planned send of each lane, by account."""
    ids = [account.id for account in accounts]
    heads = await fetch_all(
        connection, queries.first_of_lanes, LaneHead, account_ids=ids, campaign_id=campaign_id, not_rendered=NOT_RENDERED
    )
    facts = await load_facts(connection, [head.send_id for head in heads], now=now)
    found: dict[UUID, list[Lane]] = defaultdict(list)
    for head in heads:
        if head.send_id in facts:
            found[head.account_id].append(Lane(head, facts[head.send_id]))
    return found


async def load_budgets(connection: Connection, accounts: Sequence[QueueAccount], *, now: datetime) -> Mapping[UUID, Budget]:
    """What each account has used of its caps."""
    used: dict[UUID, dict[Action, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    caps = {account.id: account.weekly_cap for account in accounts}
    for day in await fetch_all(connection, queries.used_lately, DayUse, account_ids=list(caps), now=now):
        used[day.account_id][day.action][day.local_date] = day.used
    weeks = {}
    for week in await fetch_all(connection, queries.weeks_of, _WeekOfQueueRow, account_ids=list(caps), caps=list(caps.values()), now=now):
        cap = caps[week.account_id]
        weeks[week.account_id] = WeekUse(week.used, cap, week.frees_at if week.used >= cap else None)
    return {
        account.id: Budget(zone_of(account.timezone), account.caps, used[account.id], weeks.get(account.id), account.warm_up_from)
        for account in accounts
    }


async def count_remaining(connection: Connection, scope: QueueScope, *, most: int) -> int:
    """Planned sends, counted up to `most`."""
    count = await fetch_value(connection, queries.remaining, int, workspace_id=scope.workspace_id, account_id=scope.account_id, most=most)
    return count or 0


async def load_dispatch_states(connection: Connection, dispatches: Sequence[Dispatch]) -> list[DispatchState]:
    """What became of these dispatches."""
    return await fetch_all(
        connection,
        queries.dispatch_states,
        DispatchState,
        send_ids=[d.send_id for d in dispatches],
        dispatch_nos=[d.dispatch_no for d in dispatches],
    )


async def count_unplanned(connection: Connection, *, most: int) -> int:
    """Prospects of running campaigns that are not planned yet, counted up to `most`."""
    return await fetch_value(connection, queries.unplanned_left, int, most=most) or 0


async def load_campaigns(connection: Connection, scope: QueueScope, *, most: int, most_sends: int) -> list[QueueCampaign]:
    """Up to `most` running and paused campaigns, each with its planned sends (counted up to `most_sends`) and the next moment."""
    return await fetch_all(
        connection,
        queries.campaigns_of_scope,
        QueueCampaign,
        workspace_id=scope.workspace_id,
        account_id=scope.account_id,
        campaign_id=scope.campaign_id,
        most=most,
        most_sends=most_sends,
    )


async def count_sent(
    connection: Connection, account_ids: Sequence[UUID], midnights: Sequence[datetime], *, now: datetime, campaign_id: UUID | None
) -> list[SentByLane]:
    """By account and campaign."""
    return await fetch_all(
        connection,
        queries.sent_by_lane,
        SentByLane,
        account_ids=account_ids,
        midnights=midnights,
        now=now,
        campaign_id=campaign_id,
        most=MOST_A_DAY,
    )


async def count_failed(connection: Connection, scope: QueueScope, *, most: int) -> list[FailedByLane]:
    """By account and campaign, counted up to `most` over all."""
    return await fetch_all(
        connection,
        queries.failed_by_lane,
        FailedByLane,
        workspace_id=scope.workspace_id,
        account_id=scope.account_id,
        campaign_id=scope.campaign_id,
        most=most,
    )


async def count_planned(connection: Connection, account_ids: Sequence[UUID], *, most: int) -> Mapping[UUID, int]:
    """By account: planned sends, counted up to `most` each."""
    rows = await fetch_all(connection, queries.planned_by_account, _AccountCount, account_ids=account_ids, most=most)
    return {row.account_id: row.count for row in rows}


async def count_undecided(connection: Connection, account_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """By account: attempts whose outcome a person must decide."""
    rows = await fetch_all(connection, queries.undecided_by_account, _AccountCount, account_ids=account_ids)
    return {row.account_id: row.count for row in rows}


async def load_due(
    connection: Connection, account_ids: Sequence[UUID], *, now: datetime, campaign_id: UUID | None, most: int
) -> list[WaitingSend]:
    """The due sends of every lane, the oldest `most` of each."""
    return await fetch_all(
        connection, queries.due_by_lane, WaitingSend, account_ids=account_ids, now=now, campaign_id=campaign_id, most=most
    )
