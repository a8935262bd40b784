"""Add an account that the provider knows to a workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts import accounts as store
from services.queuer.store.accounts import workspaces
from services.queuer.store.accounts.accounts import NewAccount, StoredAccount
from shared.db.statements import business_now, write_audit_line
from shared.policy.rows import local_day
from shared.refusals import Conflict
from shared.vocabulary import COMMAND_LINE, AccountType


@dataclass(frozen=True, slots=True)
class AccountAdded:
    """`created` is false when the same account was stored already."""

    account: StoredAccount
    created: bool


async def add_account(
    pool: asyncpg.Pool,
    *,
    workspace_id: UUID,
    provider_account_id: str,
    name: str,
    account_type: AccountType = AccountType.FREE,
    country: str = "US",
    timezone: str = "America/New_York",
    provider_user_id: str | None = None,
    daily_cr_limit: int | None = None,
    schedule_settings: Mapping[str, Any] | None = None,
    warm_up: bool = True,
    actor: str = COMMAND_LINE,
) -> AccountAdded:
    """Add an account; the same values again are the same row.

    The account warms up from today on, unless `warm_up` is false, for an account that has been busy for months elsewhere. Only
    a new row reads `warm_up`; the limits of the account change it later.

    Raises:
        Refused: a value cannot be used.
        Conflict: the provider's account is stored already with other values, or in another workspace.
        NotFound: there is no such workspace.
    """
    checks.place(timezone, country)
    wanted = NewAccount(
        workspace_id=workspace_id,
        provider_account_id=checks.text(provider_account_id, "provider_account_id"),
        provider_user_id=None if provider_user_id is None else checks.text(provider_user_id, "provider_user_id"),
        name=checks.text(name, "name"),
        account_type=account_type,
        country=country,
        timezone=timezone,
        daily_cr_limit=checks.daily_limit(daily_cr_limit),
        schedule_settings=checks.schedule(schedule_settings),
    )
    async with pool.acquire() as connection, connection.transaction():
        workspace = await workspaces.get_workspace(connection, workspace_id)
        checks.schedules_agree(
            None, wanted.schedule_settings, workspace.schedule_settings, timezone=timezone, country=country, name=wanted.name
        )
        first_day = local_day(await business_now(connection), timezone) if warm_up else None
        try:
            added = await store.insert_account(connection, wanted, warm_up_from=first_day)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "accounts_provider_user_id_key":
                raise
            raise Conflict(
                "This LinkedIn member is connected already under another account id; one member is one account. Use that account.",
                code="same_member",
            ) from None
        if added is not None:
            await write_audit_line(connection, actor, "add", "account", added.id, workspace_id=workspace_id)
            return AccountAdded(added, created=True)
        stored = await store.account_of_provider(connection, wanted.provider_account_id)
    if stored is None:
        raise Conflict(f"The account {wanted.provider_account_id!r} is being added or removed at this moment; try again.")
    _check_same(wanted, stored)
    return AccountAdded(stored, created=False)


def _check_same(wanted: NewAccount, stored: StoredAccount) -> None:
    if wanted.workspace_id != stored.workspace_id:
        raise Conflict(
            f"The account {stored.provider_account_id!r} belongs to another workspace; one LinkedIn account serves one workspace.",
            code="other_workspace",
        )
    asked = {name: getattr(wanted, name) for name in wanted.__slots__ if name != "provider_user_id" or wanted.provider_user_id is not None}
    if other := checks.differences(asked, {name: getattr(stored, name) for name in asked}):
        raise Conflict(
            f"The account {stored.provider_account_id!r} is here already with another {', '.join(other)}; give the same values.",
            details={"account_id": str(stored.id), "differs": other},
        )
