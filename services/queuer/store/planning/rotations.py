"""A campaign's accounts in rotation: what each may still do, and how far each is behind its share of the prospects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.planning.next_send import PlanningAccount
from services.queuer.rules.planning.plan_input import CampaignRotation
from services.queuer.rules.planning.rotation import Capacity, RotationCandidate
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.policy import warm_up_cap
from shared.policy.rows import local_day
from shared.vocabulary import Action, ActionRole

queries = load(__file__)

MOST_TODAY: Final = 500
MOST_PLANNED: Final = 5_000
"""How far an account's planned sends are counted. More than a day takes, and about a year of invitations: beyond that
the queues of all accounts count as equally long."""


@dataclass(frozen=True, slots=True)
class _CandidateRow:
    campaign_id: UUID
    account_id: UUID
    credit: float
    usable: bool


@dataclass(frozen=True, slots=True)
class _CapacityRow:
    account_id: UUID
    action: Action
    used_today: int
    used_in_a_week: int
    planned_today: int
    planned: int


async def lock_rotations(connection: Connection, campaign_ids: Iterable[UUID], locked: Sequence[UUID]) -> dict[UUID, CampaignRotation]:
    """Lock these campaigns and read the accounts of each that this transaction has locked, in their order."""
    ids = await fetch_column(connection, queries.lock_campaigns, UUID, campaign_ids=sorted(set(campaign_ids)))
    found: dict[UUID, list[_CandidateRow]] = {campaign_id: [] for campaign_id in ids}
    for row in await fetch_all(connection, queries.load_candidates, _CandidateRow, campaign_ids=ids, locked=locked):
        found[row.campaign_id].append(row)
    return {
        campaign_id: CampaignRotation(
            [RotationCandidate(row.account_id, row.usable) for row in rows], {row.account_id: row.credit for row in rows}
        )
        for campaign_id, rows in found.items()
    }


async def load_capacities(
    connection: Connection, wanted: Iterable[tuple[UUID, Action]], accounts: Mapping[UUID, PlanningAccount], *, now: datetime
) -> dict[Action, dict[UUID, Capacity]]:
    """What each of these accounts may still do, by action."""
    pairs = sorted(wanted)
    todays = [now.astimezone(ZoneInfo(accounts[account_id].timezone)) for account_id, _ in pairs]
    rows = await fetch_all(
        connection,
        queries.load_capacities,
        _CapacityRow,
        account_ids=[pair[0] for pair in pairs],
        actions=[pair[1] for pair in pairs],
        todays=[today.date() for today in todays],
        day_ends=[datetime.combine(today.date() + timedelta(days=1), time(), today.tzinfo) for today in todays],
        most_today=MOST_TODAY,
        most=MOST_PLANNED,
    )
    found: dict[Action, dict[UUID, Capacity]] = {}
    for row in rows:
        account = accounts[row.account_id]
        found.setdefault(row.action, {})[account.id] = _capacity(row, account, now)
    return found


def _capacity(row: _CapacityRow, account: PlanningAccount, now: datetime) -> Capacity:
    today = local_day(now, account.timezone)
    days = [warm_up_cap(account.caps[row.action], account.warm_up_from, today + timedelta(days=number)) for number in range(7)]
    week = min(sum(days), account.weekly_cap) if row.action.role is ActionRole.CONNECT else sum(days)
    return Capacity(days[0] - row.used_today - row.planned_today, week, row.used_in_a_week + row.planned)


async def keep_credits(connection: Connection, balances: Mapping[UUID, Mapping[UUID, float]]) -> None:
    """Store each account's credit, by campaign; the campaigns are locked."""
    kept = [(campaign_id, *each) for campaign_id, of_accounts in balances.items() for each in of_accounts.items()]
    ids, account_ids, amounts = zip(*kept, strict=True) if kept else ((), (), ())
    await execute(connection, queries.keep_credits, campaign_ids=ids, account_ids=account_ids, credits=amounts)
