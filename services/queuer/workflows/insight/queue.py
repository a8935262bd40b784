"""The queue in figures: sent and capped, planned, failed, how fast, how long what is due waits and why.

What it costs is bounded by the accounts and campaigns shown, never by what is stored (see store/queue.sql).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.accounts.account_status import Asking, Budget, Lane, Standing, lane_standing, standing
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.percentiles import Waiting, waiting_by_reason
from services.queuer.store.insight import queue
from services.queuer.store.insight import queue_figures as figures
from services.queuer.store.insight.queue import Row, Scope
from shared.calendar import spans
from shared.db.pool import Connection
from shared.policy import warm_up_cap
from shared.vocabulary import Action

MOST_SHOWN: Final = 200
"""Accounts, and campaigns, in one answer."""
MOST_COUNTED: Final = 50_000
"""Planned sends, and those that failed, are counted no further; the accounts of an answer share it evenly."""
MOST_WAITS: Final = 10_000
"""Waits of due sends that are read, shared evenly by the lanes: of a longer lane the oldest are measured."""
LEAST_SHARE: Final = 25
MOST_OF_CAMPAIGN: Final = 2_000
"""Planned sends of one campaign are counted no further."""
COUNTED_ACTIONS: Final = (Action.INVITATION, Action.MESSAGE)


@dataclass(slots=True)
class Figures:
    """What an account, a campaign or a workspace came to; `per_hour` from the last 60 minutes of business time."""

    sent_today: int = 0
    pending: int = 0
    failed: int = 0
    undecided: int = 0
    next_planned_at: datetime | None = None
    in_5_minutes: int = 0
    in_60_minutes: int = 0

    def add(self, other: "Figures") -> None:
        """Count another one's as well."""
        for name in ("sent_today", "pending", "failed", "undecided", "in_5_minutes", "in_60_minutes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        moments = [at for at in (self.next_planned_at, other.next_planned_at) if at is not None]
        self.next_planned_at = min(moments, default=None)


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """An account: what it used today (its own day) of its caps, in a warm-up of that day's part of them; and why nothing leaves now."""

    account: Row
    figures: Figures
    used: Mapping[Action, int]
    caps: Mapping[Action, int]
    standing: Standing


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """A running or paused campaign (`row` is one of campaigns_asked)."""

    row: Row
    figures: Figures


@dataclass(frozen=True, slots=True)
class WorkspaceFigures:
    """A workspace over its accounts shown here."""

    workspace_id: UUID
    company_name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Queue:
    """The whole answer; `complete` is false when there are more accounts or campaigns than one answer holds."""

    now: datetime
    totals: Figures
    accounts: Sequence[AccountFigures]
    campaigns: Sequence[CampaignFigures]
    workspaces: Sequence[WorkspaceFigures]
    waiting: Sequence[Waiting]
    complete: bool


@dataclass(slots=True)
class _Read:
    """What the rows said, by account and by campaign."""

    sent: Mapping[tuple[UUID, UUID], tuple[int, int, int]]
    failed: Mapping[tuple[UUID, UUID], int]
    pending: Mapping[UUID, int]
    undecided: Mapping[UUID, int]
    lanes: Mapping[UUID, list[Lane]]
    budgets: Mapping[UUID, Budget]


async def show_queue(connection: Connection, scope: Scope, call_times: CallTimes) -> Queue:
    """Read and add up."""
    asking = await queue.asking(connection, call_times)
    now = asking.now
    found = await queue.accounts(connection, scope, now=now, waiting=False, most=MOST_SHOWN + 1)
    accounts = found[:MOST_SHOWN]
    read = await _read(connection, scope, accounts, now=now)
    rows = await figures.campaigns(connection, scope, most=MOST_SHOWN + 1, most_sends=MOST_OF_CAMPAIGN)
    shown = [_account(account, read, asking) for account in accounts]
    workspaces: dict[UUID, WorkspaceFigures] = {}
    totals = Figures()
    for each in shown:
        key = each.account["workspace_id"]
        workspaces.setdefault(key, WorkspaceFigures(key, each.account["company_name"], Figures())).figures.add(each.figures)
        totals.add(each.figures)
    return Queue(
        now,
        totals,
        shown,
        [_campaign(row, read) for row in rows[:MOST_SHOWN]],
        list(workspaces.values()),
        waiting_by_reason(await _waits(connection, scope, read, asking)),
        complete=len(found) <= MOST_SHOWN and len(rows) <= MOST_SHOWN,
    )


async def _read(connection: Connection, scope: Scope, accounts: Sequence[Row], *, now: datetime) -> _Read:
    ids = [account["id"] for account in accounts]
    budgets = await queue.budgets(connection, accounts, now=now)
    midnights = [_midnight(budgets[each], now) for each in ids]
    return _Read(
        sent=await figures.sent(connection, ids, midnights, now=now, campaign_id=scope.campaign_id),
        failed=await figures.failed(connection, scope, most=MOST_COUNTED),
        pending=await figures.pending(connection, ids, most=_share(MOST_COUNTED, len(ids))),
        undecided=await figures.undecided(connection, ids),
        lanes=await queue.lanes(connection, accounts, now=now, campaign_id=scope.campaign_id),
        budgets=budgets,
    )


def _share(whole: int, parts: int) -> int:
    return max(whole // max(parts, 1), LEAST_SHARE)


def _midnight(budget: Budget, now: datetime) -> datetime:
    """When the account's own day began."""
    return spans(budget.zone, now.astimezone(budget.zone).date())[0][0]


def _account(account: Row, read: _Read, asking: Asking) -> AccountFigures:
    key, budget = account["id"], read.budgets[account["id"]]
    lanes = read.lanes.get(key, ())
    sent = [counts for (account_id, _), counts in read.sent.items() if account_id == key]
    counted = Figures(
        sent_today=sum(each[0] for each in sent),
        pending=read.pending.get(key, 0),
        failed=sum(count for (account_id, _), count in read.failed.items() if account_id == key),
        undecided=read.undecided.get(key, 0),
        next_planned_at=min((lane.row["scheduled_for"] for lane in lanes), default=None),
        in_5_minutes=sum(each[1] for each in sent),
        in_60_minutes=sum(each[2] for each in sent),
    )
    used = {action: budget.today(action, asking.now) for action in COUNTED_ACTIONS}
    today = asking.now.astimezone(budget.zone).date()
    caps = {action: warm_up_cap(budget.caps[action], budget.warm_up_from, today) for action in COUNTED_ACTIONS}
    return AccountFigures(account, counted, used, caps, standing(account, lanes, budget, asking))


def _campaign(row: Row, read: _Read) -> CampaignFigures:
    sent = [counts for (_, campaign_id), counts in read.sent.items() if campaign_id == row["id"]]
    counted = Figures(
        sent_today=sum(each[0] for each in sent),
        pending=row["pending"],
        failed=sum(count for (_, campaign_id), count in read.failed.items() if campaign_id == row["id"]),
        next_planned_at=row["next_planned_at"],
        in_5_minutes=sum(each[1] for each in sent),
        in_60_minutes=sum(each[2] for each in sent),
    )
    return CampaignFigures(row, counted)


async def _waits(connection: Connection, scope: Scope, read: _Read, asking: Asking) -> Mapping[str, Sequence[timedelta]]:
    """How long each due send has waited since its planned moment, by what holds its lane now."""
    now = asking.now
    reasons = {
        (key, lane.row["campaign_id"], lane.row["action"]): lane_standing(lane, read.budgets[key], asking).reason
        for key, lanes in read.lanes.items()
        for lane in lanes
    }
    waits: dict[str, list[timedelta]] = defaultdict(list)
    most = _share(MOST_WAITS, len(reasons))
    for row in await figures.due(connection, list(read.budgets), now=now, campaign_id=scope.campaign_id, most=most):
        reason = reasons.get((row["account_id"], row["campaign_id"], row["action"]))
        if reason is not None:
            waits[reason].append(now - row["scheduled_for"])
    return waits
