"""The queue in figures: sent and capped, planned, failed, how fast, how long what is due waits and why.

What it costs is bounded by the accounts and campaigns shown, never by what is stored (see store/insight/queue.sql).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from services.queuer.rules.accounts.account_status import Asking, Budget, Lane, lane_standing, standing
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.percentiles import Waiting, waiting_by_reason
from services.queuer.store.insight import queue as store
from services.queuer.store.insight.queue import FailedByLane, QueueAccount, QueueCampaign, QueueScope, SentByLane
from shared.calendar import spans
from shared.db.pool import Connection
from shared.policy import warm_up_cap
from shared.vocabulary import AccountStatus, Action, CampaignStatus

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
class QueueFigures:
    """Counts; times are business time. `sent_today` is of the account's own day. Planned sends are counted no further than 50,000 over
    the answer's accounts, 2,000 of a campaign. Failed sends wait for a person at /api/queue/failed; of undecided ones no evidence
    says whether they left, and a person decides."""

    sent_today: int = 0
    pending: int = 0
    failed: int = 0
    undecided: int = 0
    next_planned_at: datetime | None = None
    sent_in_5_minutes: int = 0
    sent_in_60_minutes: int = 0

    @classmethod
    def count(cls, sent: Iterable[SentByLane], failed: Iterable[FailedByLane], *, pending: int, next_planned_at: datetime | None) -> Self:
        """The figures of some lanes."""
        lanes = list(sent)
        return cls(
            sent_today=sum(lane.today for lane in lanes),
            pending=pending,
            failed=sum(lane.failed for lane in failed),
            next_planned_at=next_planned_at,
            sent_in_5_minutes=sum(lane.in_5_minutes for lane in lanes),
            sent_in_60_minutes=sum(lane.in_60_minutes for lane in lanes),
        )

    def add(self, other: "QueueFigures") -> None:
        """Count the other figures as well."""
        for name in ("sent_today", "pending", "failed", "undecided", "sent_in_5_minutes", "sent_in_60_minutes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.next_planned_at = min((at for at in (self.next_planned_at, other.next_planned_at) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a cap the account's own day has used; in a warm-up the cap is that day's part of the whole."""

    used: int
    cap: int


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """An account, and why nothing of it leaves at this moment."""

    id: UUID
    name: str
    workspace_id: UUID
    status: AccountStatus
    budgets: Mapping[Action, BudgetUse]
    figures: QueueFigures
    reason: str
    detail: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """A running or paused campaign."""

    id: UUID
    campaign_name: str
    workspace_id: UUID
    status: CampaignStatus
    figures: QueueFigures


@dataclass(frozen=True, slots=True)
class WorkspaceFigures:
    """A workspace, over the accounts of this answer."""

    id: UUID
    company_name: str
    figures: QueueFigures = field(default_factory=QueueFigures)


@dataclass(frozen=True, slots=True)
class Queue:
    """The whole answer; `complete` is false when there are more accounts or campaigns than one answer holds."""

    now: datetime
    totals: QueueFigures
    accounts: Sequence[AccountFigures]
    campaigns: Sequence[CampaignFigures]
    workspaces: Sequence[WorkspaceFigures]
    waiting: Sequence[Waiting]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Counts:
    """What the tables say about the accounts shown."""

    sent: Sequence[SentByLane]
    failed: Sequence[FailedByLane]
    pending: Mapping[UUID, int]
    undecided: Mapping[UUID, int]
    lanes: Mapping[UUID, list[Lane]]
    budgets: Mapping[UUID, Budget]


async def show_queue(connection: Connection, scope: QueueScope, call_times: CallTimes) -> Queue:
    """Load the counts and add them up."""
    asking = await store.load_moment(connection, call_times)
    now = asking.now
    accounts = await store.load_accounts(connection, scope, now=now, waiting=False, most=MOST_SHOWN + 1)
    campaigns = await store.load_campaigns(connection, scope, most=MOST_SHOWN + 1, most_sends=MOST_OF_CAMPAIGN)
    counts = await _load_counts(connection, scope, accounts[:MOST_SHOWN], now=now)
    shown = [_account_figures(account, counts, asking) for account in accounts[:MOST_SHOWN]]
    workspaces: dict[UUID, WorkspaceFigures] = {}
    totals = QueueFigures()
    for account, each in zip(accounts, shown, strict=False):
        workspace = workspaces.setdefault(account.workspace_id, WorkspaceFigures(account.workspace_id, account.company_name))
        workspace.figures.add(each.figures)
        totals.add(each.figures)
    return Queue(
        now,
        totals,
        shown,
        [_campaign_figures(campaign, counts) for campaign in campaigns[:MOST_SHOWN]],
        list(workspaces.values()),
        waiting_by_reason(await _waits(connection, scope, counts, asking)),
        complete=len(accounts) <= MOST_SHOWN and len(campaigns) <= MOST_SHOWN,
    )


async def _load_counts(connection: Connection, scope: QueueScope, accounts: Sequence[QueueAccount], *, now: datetime) -> _Counts:
    ids = [account.id for account in accounts]
    budgets = await store.load_budgets(connection, accounts, now=now)
    midnights = [spans(budgets[each].zone, now.astimezone(budgets[each].zone).date())[0][0] for each in ids]
    return _Counts(
        sent=await store.count_sent(connection, ids, midnights, now=now, campaign_id=scope.campaign_id),
        failed=await store.count_failed(connection, scope, most=MOST_COUNTED),
        pending=await store.count_planned(connection, ids, most=_share(MOST_COUNTED, len(ids))),
        undecided=await store.count_undecided(connection, ids),
        lanes=await store.load_lanes(connection, accounts, now=now, campaign_id=scope.campaign_id),
        budgets=budgets,
    )


def _share(whole: int, parts: int) -> int:
    return max(whole // max(parts, 1), LEAST_SHARE)


def _account_figures(account: QueueAccount, counts: _Counts, asking: Asking) -> AccountFigures:
    budget, lanes = counts.budgets[account.id], counts.lanes.get(account.id, ())
    figures = QueueFigures.count(
        (lane for lane in counts.sent if lane.account_id == account.id),
        (lane for lane in counts.failed if lane.account_id == account.id),
        pending=counts.pending.get(account.id, 0),
        next_planned_at=min((lane.head.scheduled_for for lane in lanes), default=None),
    )
    figures.undecided = counts.undecided.get(account.id, 0)
    today = asking.now.astimezone(budget.zone).date()
    budgets = {
        action: BudgetUse(budget.today(action, asking.now), warm_up_cap(budget.caps[action], budget.warm_up_from, today))
        for action in COUNTED_ACTIONS
    }
    why = standing(lanes, budget, asking, leased=account.leased)
    return AccountFigures(
        account.id, account.name, account.workspace_id, account.status, budgets, figures, why.reason, why.detail, why.next_at
    )


def _campaign_figures(campaign: QueueCampaign, counts: _Counts) -> CampaignFigures:
    figures = QueueFigures.count(
        (lane for lane in counts.sent if lane.campaign_id == campaign.id),
        (lane for lane in counts.failed if lane.campaign_id == campaign.id),
        pending=campaign.pending,
        next_planned_at=campaign.next_planned_at,
    )
    return CampaignFigures(campaign.id, campaign.campaign_name, campaign.workspace_id, campaign.status, figures)


async def _waits(connection: Connection, scope: QueueScope, counts: _Counts, asking: Asking) -> Mapping[str, Sequence[timedelta]]:
    """How long each due send has waited since its planned moment, by what holds its lane now."""
    now = asking.now
    reasons = {
        (account_id, lane.head.campaign_id, lane.head.action): lane_standing(lane, counts.budgets[account_id], asking).reason
        for account_id, lanes in counts.lanes.items()
        for lane in lanes
    }
    waits: dict[str, list[timedelta]] = defaultdict(list)
    most = _share(MOST_WAITS, len(reasons))
    for send in await store.load_due(connection, list(counts.budgets), now=now, campaign_id=scope.campaign_id, most=most):
        reason = reasons.get((send.account_id, send.campaign_id, send.action))
        if reason is not None:
            waits[reason].append(now - send.scheduled_for)
    return waits
