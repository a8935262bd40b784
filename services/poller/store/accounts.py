"""Accounts: found by the provider's id, and their status by the provider's word."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.poller.rules.observations import ObservedAccount
from shared.db.pool import Connection
from shared.db.queries import fetch_one, fetch_value, load
from shared.vocabulary import AccountStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account with its status, and the version of it that events carry."""

    account: ObservedAccount
    status: AccountStatus
    version: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account's row, and the business time at which the database read it."""

    id: UUID
    workspace_id: UUID
    provider_user_id: str | None
    status: AccountStatus
    status_version: int
    now: datetime


async def by_provider_id(connection: Connection, provider_account_id: str) -> AccountState | None:
    """The account known to the provider under this id; None when it is none of ours."""
    return _account_state(await fetch_one(connection, queries.by_provider_id, AccountRow, provider_account_id=provider_account_id))


async def by_id(connection: Connection, account_id: UUID) -> AccountState | None:
    """The account of this id."""
    return _account_state(await fetch_one(connection, queries.by_id, AccountRow, account_id=account_id))


async def change_status(connection: Connection, state: AccountState, status: AccountStatus, reason: str) -> int | None:
    """Compare-and-set; the new version, or None when the status changed meanwhile."""
    return await fetch_value(
        connection,
        queries.change_status,
        int,
        account_id=state.account.id,
        from_status=state.status.value,
        status=status.value,
        reason=reason,
        now=state.account.now,
    )


def _account_state(row: AccountRow | None) -> AccountState | None:
    if row is None:
        return None
    account = ObservedAccount(row.id, row.workspace_id, row.now, row.provider_user_id)
    return AccountState(account, row.status, row.status_version)
