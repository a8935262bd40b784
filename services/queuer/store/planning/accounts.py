"""Accounts as planning locks and reads them, and the lanes and wake-ups that newly planned sends need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from services.queuer.rules.planning.next_send import NewSend, PlanningAccount
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.db.statements import wake_accounts_at
from shared.policy import LimitFacts
from shared.policy.rows import read_clocks
from shared.vocabulary import Action

log = structlog.get_logger()

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _AccountRow(LimitFacts):
    id: UUID
    country: str
    account_schedule: str
    workspace_schedule: str
    next_free_at: datetime | None
    timezone: str


async def accounts_of_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Every account that these prospects have or may be given."""
    return await fetch_column(connection, queries.accounts_of_prospects, UUID, prospect_ids=prospect_ids)


async def load_accounts(connection: Connection, account_ids: Iterable[UUID], *, now: datetime) -> Mapping[UUID, PlanningAccount]:
    """The accounts by id, without those whose own zone or hours cannot be read: the sends of other accounts must not wait for them."""
    found = {}
    for row in await fetch_all(connection, queries.load_accounts, _AccountRow, account_ids=list(set(account_ids)), now=now):
        unreadable = read_clocks(("{}", row.account_schedule, row.workspace_schedule), row.timezone, row.country, None).unreadable
        if unreadable is not None:
            log.warning("nothing is planned for an account: its hours cannot be read", account=row.id, error=unreadable)
            continue
        found[row.id] = PlanningAccount(
            row.id,
            row.account_type,
            row.country,
            row.timezone,
            row.account_schedule,
            row.caps,
            row.weekly_cap,
            row.warm_up_from,
            row.next_free_at,
        )
    return found


async def open_lanes(connection: Connection, sends: Sequence[NewSend]) -> None:
    """Make sure that each send has the lane of its action, and one for the look-up that may come first."""
    lanes = [(s.account_id, s.prospect.campaign_id, action) for s in sends for action in (s.step.action, Action.PROFILE_LOOKUP)]
    ids, campaigns, actions = zip(*lanes, strict=True) if lanes else ((), (), ())
    await execute(connection, queries.open_lanes, account_ids=ids, campaign_ids=campaigns, actions=actions)


async def wake_accounts_of_sends(connection: Connection, sends: Sequence[NewSend]) -> None:
    """Let the dispatcher look at each account no later than the first of these sends is due."""
    wakes: dict[UUID, datetime] = {}
    for send in sends:
        wakes[send.account_id] = min(wakes.get(send.account_id, send.scheduled_for), send.scheduled_for)
    await wake_accounts_at(connection, wakes)
