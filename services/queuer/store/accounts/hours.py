"""The stored hours of accounts and workspaces, a lead's own zone, and the rows that a change of either opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, load
from shared.db.statements import wake_accounts

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class AccountHours:
    """An account with its own settings; the zone is that of today."""

    id: UUID
    workspace_id: UUID
    name: str
    country: str
    timezone: str
    schedule_settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CampaignHours:
    """The settings of a campaign that is not over, for one of its accounts."""

    account_id: UUID
    campaign_name: str
    schedule_settings: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class LeadZone:
    """A locked lead's location and its stored zone; NULL: not derived yet, empty: its location does not tell."""

    workspace_id: UUID
    location: str
    timezone: str | None


async def load_accounts(connection: Connection, account_id: UUID | None, workspace_id: UUID | None, *, locked: bool) -> list[AccountHours]:
    """One account, or all of a workspace; `locked` until the transaction ends, for a change."""
    query = queries.lock_accounts if locked else queries.accounts_of
    return await fetch_all(connection, query, AccountHours, account_id=account_id, workspace_id=workspace_id)


async def lock_workspace(connection: Connection, workspace_id: UUID) -> None:
    """Lock a workspace, after its accounts."""
    await execute(connection, queries.lock_workspace, workspace_id=workspace_id)


async def load_open_campaigns(connection: Connection, account_ids: Sequence[UUID]) -> list[CampaignHours]:
    """The campaigns of these accounts that are not over."""
    return await fetch_all(connection, queries.open_campaigns, CampaignHours, account_ids=account_ids)


async def set_account(connection: Connection, account_id: UUID, settings: Mapping[str, Any]) -> None:
    """Store a locked account's settings."""
    await execute(connection, queries.set_account, account_id=account_id, schedule_settings=settings)


async def set_workspace(connection: Connection, workspace_id: UUID, settings: Mapping[str, Any]) -> None:
    """Store a locked workspace's settings."""
    await execute(connection, queries.set_workspace, workspace_id=workspace_id, schedule_settings=settings)


async def open_lanes(connection: Connection, account_ids: Sequence[UUID]) -> None:
    """Open the lanes of these locked accounts and release the sends that had no moment; the sender closes again what must stay closed."""
    await execute(connection, queries.open_lanes, account_ids=account_ids)
    await release_sends(connection, account_ids)


async def release_sends(connection: Connection, account_ids: Sequence[UUID], *, lead_id: UUID | None = None) -> None:
    """Release the sends, of that lead if one is given, to which the hours left no moment, and wake their locked accounts."""
    await execute(connection, queries.free_sends, account_ids=account_ids, lead_id=lead_id)
    await wake_accounts(connection, account_ids)


async def lock_accounts_of_lead(connection: Connection, lead_id: UUID) -> list[UUID]:
    """Lock the accounts whose sends to this lead wait."""
    return await fetch_column(connection, queries.lock_accounts_of_lead, UUID, lead_id=lead_id)


async def lock_lead(connection: Connection, lead_id: UUID, *, workspace_id: UUID | None) -> LeadZone | None:
    """Lock a lead, after the accounts; None when there is none, or it is another workspace's."""
    return await fetch_one(connection, queries.lock_lead, LeadZone, lead_id=lead_id, workspace_id=workspace_id)


async def set_lead(connection: Connection, lead_id: UUID, timezone: str) -> None:
    """Store a locked lead's zone."""
    await execute(connection, queries.set_lead, lead_id=lead_id, timezone=timezone)
