"""The stored limits of workspaces and accounts: locked, set, and what follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.queuer.store.accounts.accounts import unknown_account
from services.queuer.store.accounts.workspaces import unknown_workspace
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_column, fetch_one, load
from shared.db.statements import wake_accounts
from shared.policy import most_invitations, warm_up_percent
from shared.policy.limits import LimitFacts
from shared.policy.rows import local_day
from shared.vocabulary import AccountType, Action

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class EffectiveLimits:
    """What holds for an account now: `caps` of a whole day, `today` what its warm-up leaves of them, `most_invitations` what may be set."""

    account_id: UUID
    workspace_id: UUID
    name: str
    tier: str
    caps: Mapping[Action, int]
    today: Mapping[Action, int]
    weekly_invitations: int
    most_invitations: int
    warm_up_from: date | None
    warm_up_percent: int
    cr_exception: int | None
    cr_exception_by: str | None
    cr_exception_reason: str | None
    cr_exception_at: datetime | None


@dataclass(frozen=True, slots=True)
class _LimitsInForce(LimitFacts):
    account_id: UUID
    workspace_id: UUID
    name: str
    cr_exception_by: str | None
    cr_exception_reason: str | None
    cr_exception_at: datetime | None
    now: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class WorkspaceLimitsRow:
    """A workspace's own numbers."""

    tier: str
    daily_cr_limit: int | None
    weekly_cr_limit: int | None
    daily_message_limit: int | None
    daily_lookup_limit: int | None
    daily_email_limit: int | None
    withdraw_after_days: int | None


@dataclass(frozen=True, slots=True)
class AccountLimitsRow:
    """An account's own numbers, its written exception, and the moment and zone in which they are changed."""

    workspace_id: UUID
    account_type: AccountType
    daily_cr_limit: int | None
    weekly_cr_limit: int | None
    daily_message_limit: int | None
    daily_lookup_limit: int | None
    daily_email_limit: int | None
    warm_up_from: date | None
    cr_exception: int | None
    cr_exception_by: str | None
    cr_exception_reason: str | None
    now: datetime
    timezone: str


async def get_limits(connection: Connection | asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None) -> EffectiveLimits:
    """The limits of one account as they are now.

    Raises:
        NotFound: there is none, or it is not in that workspace.
    """
    row = await fetch_one(connection, queries.in_force, _LimitsInForce, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_account(account_id)
    today = local_day(row.now, row.timezone)
    return EffectiveLimits(
        account_id=row.account_id,
        workspace_id=row.workspace_id,
        name=row.name,
        tier=row.tier,
        warm_up_from=row.warm_up_from,
        cr_exception=row.cr_exception,
        cr_exception_by=row.cr_exception_by,
        cr_exception_reason=row.cr_exception_reason,
        cr_exception_at=row.cr_exception_at,
        caps=dict(row.caps),
        today=row.caps_on(today),
        weekly_invitations=row.weekly_cap,
        most_invitations=most_invitations(row.account_type, row.cr_exception),
        warm_up_percent=warm_up_percent(row.warm_up_from, today),
    )


async def lock_workspace(connection: Connection, workspace_id: UUID) -> tuple[list[UUID], WorkspaceLimitsRow]:
    """Lock a workspace's accounts, whose lanes are opened, and then the workspace; returns the accounts and the workspace's numbers.

    Raises:
        NotFound: there is no such workspace.
    """
    accounts = await fetch_column(connection, queries.lock_accounts_of, UUID, workspace_id=workspace_id)
    row = await fetch_one(connection, queries.lock_workspace, WorkspaceLimitsRow, workspace_id=workspace_id)
    if row is None:
        raise unknown_workspace(workspace_id)
    return accounts, row


async def lock_account(connection: Connection, account_id: UUID, *, workspace_id: UUID | None) -> AccountLimitsRow:
    """Lock an account, of that workspace if one is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.lock_account, AccountLimitsRow, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_account(account_id)
    return row


async def set_workspace(connection: Connection, workspace_id: UUID, row: WorkspaceLimitsRow) -> None:
    """Store a locked workspace's numbers."""
    await execute(
        connection,
        queries.set_workspace,
        workspace_id=workspace_id,
        tier=row.tier,
        daily_cr_limit=row.daily_cr_limit,
        weekly_cr_limit=row.weekly_cr_limit,
        daily_message_limit=row.daily_message_limit,
        daily_lookup_limit=row.daily_lookup_limit,
        daily_email_limit=row.daily_email_limit,
        withdraw_after_days=row.withdraw_after_days,
    )


async def set_account(connection: Connection, account_id: UUID, row: AccountLimitsRow) -> None:
    """Store a locked account's own numbers and the first day of its warm-up."""
    await execute(
        connection,
        queries.set_account,
        account_id=account_id,
        daily_cr_limit=row.daily_cr_limit,
        weekly_cr_limit=row.weekly_cr_limit,
        daily_message_limit=row.daily_message_limit,
        daily_lookup_limit=row.daily_lookup_limit,
        daily_email_limit=row.daily_email_limit,
        warm_up_from=row.warm_up_from,
    )


async def set_exception(connection: Connection, account_id: UUID, most: int | None, *, by: str | None, reason: str | None) -> None:
    """Store a locked account's written exception; None takes it back."""
    await execute(connection, queries.set_exception, account_id=account_id, most=most, by=by, reason=reason)


async def open_capped_lanes(connection: Connection, account_ids: Sequence[UUID]) -> None:
    """Open the lanes that a cap had closed and wake their accounts: the sender closes again what must stay closed."""
    await execute(connection, queries.open_lanes, account_ids=account_ids)
    await wake_accounts(connection, account_ids)
