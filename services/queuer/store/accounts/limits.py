"""What an account may do, set by people: numbers of a workspace or an account, a tier, a warm-up, a written exception.

A number that is not set comes from the tier; the policy (shared/policy/limits.py) holds whatever is set within what the
account's type bears. What is planned already keeps its moments; the sender asks the new caps from the next send on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from shared.contracts.campaign_fields import MOST_WITHDRAW_AFTER_DAYS
from shared.db.pool import Connection
from shared.db.queries import fetch_one, load
from shared.db.statements import wake_accounts, write_audit_line
from shared.policy import (
    MOST_BY_EXCEPTION,
    MOST_EMAILS_A_DAY,
    MOST_MESSAGES_A_DAY,
    MOST_WEEKLY_INVITATIONS,
    PROFILE_LOOKUPS_A_DAY,
    most_invitations,
    warm_up_percent,
)
from shared.policy.limits import LimitFacts
from shared.policy.rows import local_day
from shared.refusals import NotFound, Refused
from shared.vocabulary import AccountType, Action

queries = load(__file__)

MOST: Final[Mapping[str, int]] = {
    "daily_cr_limit": MOST_BY_EXCEPTION,
    "weekly_cr_limit": MOST_WEEKLY_INVITATIONS,
    "daily_message_limit": MOST_MESSAGES_A_DAY,
    "daily_lookup_limit": PROFILE_LOOKUPS_A_DAY,
    "daily_email_limit": MOST_EMAILS_A_DAY,
}
"""The numbers that may be set, and the most of each; the database's checks say the same."""

OF_WORKSPACE: Final[Mapping[str, int]] = {**MOST, "withdraw_after_days": MOST_WITHDRAW_AFTER_DAYS}
"""A workspace may also say after how many days its new connector campaigns take invitations back, unless they say it themselves."""

FARTHEST: Final = timedelta(days=30)
"""How far ahead a warm-up may begin; further is a mistyped year."""


class Keep(StrEnum):
    """Leave it as it is; None gives a number back to the default."""

    AS_IT_IS = "keep"


KEEP: Final = Keep.AS_IT_IS
Number = int | None | Keep


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for an account now: `caps` of a whole day, `today` what its warm-up leaves of them, `most` what may be set."""

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


async def in_force(connection: Connection | asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None) -> Limits:
    """The limits of one account as they are now.

    Raises:
        NotFound: there is none, or it is not in that workspace.
    """
    row = await fetch_one(connection, queries.in_force, _LimitsInForce, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise _unknown(account_id)
    today = local_day(row.now, row.timezone)
    return Limits(
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


async def set_workspace(
    pool: asyncpg.Pool, workspace_id: UUID, numbers: Mapping[str, Number], *, tier: str | None = None, actor: str = "command line"
) -> bool:
    """Set a workspace's numbers (those of OF_WORKSPACE; None gives one back to the default) and its tier; False when nothing changed.

    Raises:
        Refused: a number out of its bounds, or an unknown tier.
        NotFound: there is no such workspace.
    """
    wanted: dict[str, Any] = {name: _number(name, value, OF_WORKSPACE) for name, value in numbers.items() if value is not KEEP}
    if tier is not None:
        wanted["tier"] = checks.tier(tier)
    async with pool.acquire() as connection, connection.transaction():
        accounts = [row["id"] async for row in queries.lock_accounts_of(connection, workspace_id=workspace_id)]
        row = await queries.lock_workspace(connection, workspace_id=workspace_id)
        if row is None:
            raise NotFound(f"There is no workspace {workspace_id}; `tact workspace list` shows those there are.", code="unknown_workspace")
        old = {name: row[name] for name in (*OF_WORKSPACE, "tier")}
        changed = {name: {"was": old[name], "is": value} for name, value in wanted.items() if old[name] != value}
        if not changed:
            return False
        await queries.set_workspace(connection, workspace_id=workspace_id, **(old | wanted))
        await _ask_again(connection, accounts)
        await write_audit_line(connection, actor, "limits", "workspace", workspace_id, workspace_id=workspace_id, details=changed)
        return True


async def set_account(
    pool: asyncpg.Pool,
    account_id: UUID,
    numbers: Mapping[str, Number],
    *,
    warm_up_from: date | Keep | None = KEEP,
    workspace_id: UUID | None = None,
    actor: str = "command line",
) -> bool:
    """Set an account's own numbers, which speak before its workspace's, and the first day of its warm-up (None: no warm-up).

    Raises:
        Refused: a number above what its type bears without a written exception, or a day too far ahead.
        NotFound: there is no such account.
    """
    wanted: dict[str, Any] = {name: _number(name, value) for name, value in numbers.items() if value is not KEEP}
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.lock_account(connection, account_id=account_id, workspace_id=workspace_id)
        if row is None:
            raise _unknown(account_id)
        if warm_up_from is not KEEP:
            wanted["warm_up_from"] = _first_day(warm_up_from, local_day(row["now"], row["timezone"]))
        _within_the_type(wanted.get("daily_cr_limit"), AccountType(row["account_type"]), row["cr_exception"])
        old = {name: row[name] for name in (*MOST, "warm_up_from")}
        changed = {name: {"was": _plain(old[name]), "is": _plain(value)} for name, value in wanted.items() if old[name] != value}
        if not changed:
            return False
        await queries.set_account(connection, account_id=account_id, **(old | wanted))
        await _ask_again(connection, [account_id])
        await write_audit_line(connection, actor, "limits", "account", account_id, workspace_id=row["workspace_id"], details=changed)
        return True


async def except_account(
    pool: asyncpg.Pool, account_id: UUID, most: int | None, *, by: str, reason: str, actor: str = "command line"
) -> bool:
    """Write down that an account may be set to more invitations a day than its type, or take that back (`most` None).

    `by` is the person who answers for it. False when it was so already.

    Raises:
        Refused: more than any account may, or no name or reason.
        NotFound: there is no such account.
    """
    if most is not None:
        _number("daily_cr_limit", most)
    by, reason = checks.text(by, "by"), checks.text(reason, "reason", longest=1000)
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.lock_account(connection, account_id=account_id, workspace_id=None)
        if row is None:
            raise _unknown(account_id)
        if row["cr_exception"] == most and (most is None or (row["cr_exception_by"], row["cr_exception_reason"]) == (by, reason)):
            return False
        kept = (None, None) if most is None else (by, reason)
        await queries.set_exception(connection, account_id=account_id, most=most, by=kept[0], reason=kept[1])
        await _ask_again(connection, [account_id])
        details = {"was": row["cr_exception"], "is": most, "by": by, "reason": reason}
        await write_audit_line(connection, actor, "exception", "account", account_id, workspace_id=row["workspace_id"], details=details)
        return True


async def _ask_again(connection: Connection, account_ids: list[UUID]) -> None:
    await queries.open_lanes(connection, account_ids=account_ids)
    await wake_accounts(connection, account_ids)


def _number(name: str, value: int | None, known: Mapping[str, int] = MOST) -> int | None:
    most = known.get(name)
    if most is None:
        raise Refused(f"There is no limit {name!r}; there are {', '.join(known)}.", details={"field": name})
    if value is not None and not 1 <= value <= most:
        otherwise = "pause the account to let nothing leave" if name in MOST else "give it back to take nothing back"
        raise Refused(f"{name} is {value}; write 1 to {most}, or {otherwise}.", details={"field": name})
    return value


def _within_the_type(wanted: int | None, account_type: AccountType, exception: int | None) -> None:
    most = most_invitations(account_type, exception)
    if wanted is not None and wanted > most:
        raise Refused(
            f"daily_cr_limit is {wanted}, and {most} invitations a day are the most for a {account_type} account. "
            f"More, up to {MOST_BY_EXCEPTION}, takes a written exception: `tact account exception`.",
            code="needs_exception",
            details={"field": "daily_cr_limit", "most": most},
        )


def _first_day(day: date | None, today: date) -> date | None:
    if day is not None and day > today + FARTHEST:
        raise Refused(f"A warm-up from {day} is more than {FARTHEST.days} days ahead; check the year.", details={"field": "warm_up_from"})
    return day


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _unknown(account_id: UUID) -> NotFound:
    return NotFound(f"There is no account {account_id}; `tact account list` shows those there are.", code="unknown_account")
