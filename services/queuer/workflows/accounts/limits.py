"""Set what an account may do: numbers of a workspace or an account, a tier, a warm-up, a written exception."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.accounts.limits import (
    KEEP,
    OF_WORKSPACE,
    Keep,
    Number,
    check_daily_invitations,
    check_first_day,
    check_number,
    check_numbers,
)
from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts import limits as store
from shared.db.statements import write_audit_line
from shared.policy.rows import local_day


async def set_workspace_limits(
    pool: asyncpg.Pool, workspace_id: UUID, numbers: Mapping[str, Number], *, tier: str | None = None, actor: str
) -> bool:
    """Set a workspace's numbers (those of OF_WORKSPACE; None gives one back to the default) and its tier; False when nothing changed.

    Raises:
        Refused: a number out of its bounds, or an unknown tier.
        NotFound: there is no such workspace.
    """
    wanted: dict[str, Any] = dict(check_numbers(numbers, OF_WORKSPACE))
    if tier is not None:
        wanted["tier"] = checks.tier(tier)
    async with pool.acquire() as connection, connection.transaction():
        accounts, row = await store.lock_workspace(connection, workspace_id)
        changed = _differences(row, wanted)
        if not changed:
            return False
        await store.set_workspace(connection, workspace_id, replace(row, **wanted))
        await store.open_capped_lanes(connection, accounts)
        await write_audit_line(connection, actor, "limits", "workspace", workspace_id, workspace_id=workspace_id, details=changed)
        return True


async def set_account_limits(
    pool: asyncpg.Pool,
    account_id: UUID,
    numbers: Mapping[str, Number],
    *,
    warm_up_from: date | Keep | None = KEEP,
    workspace_id: UUID | None = None,
    actor: str,
) -> bool:
    """Set an account's own numbers, which come before its workspace's, and the first day of its warm-up (None: no warm-up).

    Raises:
        Refused: a number above what its type allows without a written exception, or a day too far ahead.
        NotFound: there is no such account.
    """
    wanted: dict[str, Any] = dict(check_numbers(numbers))
    async with pool.acquire() as connection, connection.transaction():
        row = await store.lock_account(connection, account_id, workspace_id=workspace_id)
        if not isinstance(warm_up_from, Keep):
            wanted["warm_up_from"] = check_first_day(warm_up_from, local_day(row.now, row.timezone))
        check_daily_invitations(wanted.get("daily_cr_limit"), row.account_type, row.cr_exception)
        changed = _differences(row, wanted)
        if not changed:
            return False
        await store.set_account(connection, account_id, replace(row, **wanted))
        await store.open_capped_lanes(connection, [account_id])
        await write_audit_line(connection, actor, "limits", "account", account_id, workspace_id=row.workspace_id, details=changed)
        return True


async def except_account(pool: asyncpg.Pool, account_id: UUID, most: int | None, *, by: str, reason: str, actor: str) -> bool:
    """Record that an account may be set to more invitations a day than its type, or take that back (`most` None).

    `by` is the person who answers for it. False when it was so already.

    Raises:
        Refused: more than any account may, or no name or reason.
        NotFound: there is no such account.
    """
    check_number("daily_cr_limit", most)
    by, reason = checks.text(by, "by"), checks.text(reason, "reason", longest=1000)
    async with pool.acquire() as connection, connection.transaction():
        row = await store.lock_account(connection, account_id, workspace_id=None)
        if row.cr_exception == most and (most is None or (row.cr_exception_by, row.cr_exception_reason) == (by, reason)):
            return False
        kept = (None, None) if most is None else (by, reason)
        await store.set_exception(connection, account_id, most, by=kept[0], reason=kept[1])
        await store.open_capped_lanes(connection, [account_id])
        details = {"was": row.cr_exception, "is": most, "by": by, "reason": reason}
        await write_audit_line(connection, actor, "exception", "account", account_id, workspace_id=row.workspace_id, details=details)
        return True


def _differences(row: store.WorkspaceLimitsRow | store.AccountLimitsRow, wanted: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {"was": getattr(row, name), "is": value} for name, value in wanted.items() if getattr(row, name) != value}
