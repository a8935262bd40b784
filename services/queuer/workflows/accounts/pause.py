"""Pause and resume an account. The provider's view of the account, such as a lost connection, is recorded by the poller."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.store.accounts import accounts as store
from services.queuer.store.accounts.accounts import StoredAccount
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.envelope import enclose
from shared.contracts.topics import ACCOUNTS_STATUS
from shared.db.outbox import put
from shared.db.statements import business_now, write_audit_line
from shared.refusals import Conflict
from shared.vocabulary import COMMAND_LINE, AccountStatus

PAUSED_BY: Final = "paused by {}"


@dataclass(frozen=True, slots=True)
class AccountMoved:
    """`changed` is false when the account had the status already."""

    account: StoredAccount
    changed: bool


async def pause_account(
    pool: asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE, reason: str | None = None
) -> AccountMoved:
    """Let nothing leave from this account until an operator resumes it; a second pause changes nothing.

    Raises:
        NotFound: there is none.
    """
    return await _move(pool, account_id, workspace_id, AccountStatus.PAUSED, actor=actor, reason=reason or PAUSED_BY.format(actor))


async def resume_account(
    pool: asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE
) -> AccountMoved:
    """Let a paused account act again; a second resume changes nothing.

    Raises:
        NotFound: there is none.
        Conflict: the account is disconnected, which only a reconnection at the provider repairs.
    """
    return await _move(pool, account_id, workspace_id, AccountStatus.USABLE, actor=actor, reason=None)


async def _move(
    pool: asyncpg.Pool, account_id: UUID, workspace_id: UUID | None, status: AccountStatus, *, actor: str, reason: str | None
) -> AccountMoved:
    async with pool.acquire() as connection, connection.transaction():
        was = await store.lock_account(connection, account_id, workspace_id=workspace_id)
        if status is AccountStatus.USABLE and was.status is AccountStatus.DISCONNECTED:
            raise Conflict(
                "The account is disconnected at the provider, so resuming it here would change nothing. "
                "Reconnect it there; it comes back by itself.",
                code="disconnected",
            )
        if was.status is status:
            return AccountMoved(await store.get_account(connection, account_id), changed=False)
        now = await business_now(connection)
        await store.change_status(connection, account_id, status, reason=reason, now=now, version=was.status_version)
        account = await store.get_account(connection, account_id)
        verb = "pause" if status is AccountStatus.PAUSED else "resume"
        details = {"was": was.status.value, "reason": reason}
        await write_audit_line(connection, actor, verb, "account", account_id, workspace_id=account.workspace_id, details=details)
        event = AccountStatusChanged(
            account_id=account_id, workspace_id=account.workspace_id, status=status, reason=reason, version=was.status_version + 1
        )
        await put(connection, "queuer", [enclose(ACCOUNTS_STATUS, event, source="queuer", key=account_id, at=now)])
        return AccountMoved(account, changed=True)
