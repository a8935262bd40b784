"""Accounts: added to a workspace by hand, paused and resumed by a person. What the provider says of them is the poller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store import audit
from services.queuer.store.accounts import workspaces
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.envelope import enclose
from shared.contracts.topics import ACCOUNTS_STATUS
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy.rows import local_day
from shared.refusals import Conflict, NotFound, Refused
from shared.vocabulary import AccountStatus, AccountType, Channel

queries = load(__file__)

PAUSED_BY: Final = "paused by {}"
NAMES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Account:
    """One way out of a workspace, as stored."""

    id: UUID
    workspace_id: UUID
    channel: Channel
    provider_account_id: str
    provider_user_id: str | None
    name: str
    account_type: AccountType
    country: str
    timezone: str
    status: AccountStatus
    status_reason: str | None
    daily_cr_limit: int | None
    schedule_settings: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """`created` is false when the same account was there already."""

    account: Account
    created: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """`changed` is false when it was so already."""

    account: Account
    changed: bool


async def add(
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
    actor: str = "command line",
) -> Added:
    """Add an account that the provider knows; the same values again are the same row.

    It warms up from today on unless `warm_up` is false, for an account that has been busy for months elsewhere; that is
    asked of a new row alone, and `limits.set_account` changes it.

    Raises:
        Refused: a value cannot be used.
        Conflict: the provider's account is here already with other values, or in another workspace.
        NotFound: there is no such workspace.
    """
    checks.place(timezone, country)
    wanted: dict[str, Any] = {
        "workspace_id": workspace_id,
        "provider_account_id": checks.text(provider_account_id, "provider_account_id"),
        "provider_user_id": None if provider_user_id is None else checks.text(provider_user_id, "provider_user_id"),
        "name": checks.text(name, "name"),
        "account_type": account_type,
        "country": country,
        "timezone": timezone,
        "daily_cr_limit": checks.daily_limit(daily_cr_limit),
        "schedule_settings": checks.schedule(schedule_settings),
    }
    async with pool.acquire() as connection, connection.transaction():
        workspace = await workspaces.get(connection, workspace_id)
        checks.schedules_agree(
            None, wanted["schedule_settings"], workspace.schedule_settings, timezone=timezone, country=country, name=wanted["name"]
        )
        first_day = local_day(await connection.fetchval("SELECT business_now()"), timezone) if warm_up else None
        try:
            row = await queries.add_account(connection, **{**wanted, "account_type": account_type.value}, warm_up_from=first_day)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "accounts_provider_user_id_key":
                raise
            raise Conflict(
                "This LinkedIn member is connected already under another account id; one member is one account. Use that account.",
                code="same_member",
            ) from None
        if row is not None:
            await audit.note(connection, actor, "add", "account", row["id"], workspace_id=workspace_id)
            return Added(_account(row), created=True)
        stored = _account(await queries.by_provider_id(connection, provider_account_id=wanted["provider_account_id"]))
    _same(wanted, stored)
    return Added(stored, created=False)


async def get(connection: Connection | asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None) -> Account:
    """One account, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await queries.by_id(connection, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise _unknown(account_id)
    return _account(row)


async def list_accounts(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    named: str | None = None,
    after: UUID | None = None,
    most: int = 200,
) -> list[Account]:
    """A page of accounts in order of id, of one workspace or of all; `named`: only those with that id, provider's id or name.

    Raises:
        Refused: `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    return [_account(row) async for row in queries.of_workspace(connection, workspace_id=workspace_id, named=named, after=after, most=most)]


async def find(connection: Connection, workspace_id: UUID, words: Sequence[UUID | str]) -> list[Account]:
    """The accounts meant, in the given order, each by its id, the provider's id or its name.

    Raises:
        Refused: one is unknown in this workspace, stands twice, or a name belongs to several.
    """
    wanted = [checks.text(str(word), "name of an account") for word in words]
    rows = [_account(row) async for row in queries.named(connection, workspace_id=workspace_id, words=wanted)]
    found: list[Account] = []
    for word in wanted:
        meant = [account for account in rows if word.lower() == str(account.id) or word in {account.provider_account_id, account.name}]
        if not meant:
            raise Refused(
                f"There is no account {word!r} in this workspace{await _those_there_are(connection, workspace_id)}.",
                code="unknown_account",
                details={"account": word},
            )
        if len(meant) > 1:
            raise Refused(
                f"{len(meant)} accounts are called {word!r}; name it by its id.", code="unclear_account", details={"account": word}
            )
        if meant[0] in found:
            raise Refused(f"The account {word!r} is named twice; name each once.", code="account_twice", details={"account": word})
        found.append(meant[0])
    return found


async def pause(
    pool: asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None, actor: str = "command line", reason: str | None = None
) -> Changed:
    """Let nothing leave from this account until a person resumes it; pressing it again changes nothing.

    Raises:
        NotFound: there is none.
    """
    return await _change(pool, account_id, workspace_id, AccountStatus.PAUSED, actor=actor, reason=reason or PAUSED_BY.format(actor))


async def resume(pool: asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None, actor: str = "command line") -> Changed:
    """Let a paused account act again; pressing it again changes nothing.

    Raises:
        NotFound: there is none.
        Conflict: it is disconnected, which only a reconnection at the provider mends.
    """
    return await _change(pool, account_id, workspace_id, AccountStatus.USABLE, actor=actor, reason=None)


async def _change(
    pool: asyncpg.Pool, account_id: UUID, workspace_id: UUID | None, status: AccountStatus, *, actor: str, reason: str | None
) -> Changed:
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.lock_account(connection, account_id=account_id, workspace_id=workspace_id)
        if row is None:
            raise _unknown(account_id)
        was = AccountStatus(row["status"])
        if status is AccountStatus.USABLE and was is AccountStatus.DISCONNECTED:
            raise Conflict(
                "The account is disconnected at the provider, so resuming it here would change nothing. "
                "Reconnect it there; it comes back by itself.",
                code="disconnected",
            )
        if was is status:
            return Changed(await get(connection, account_id), changed=False)
        now: datetime = await queries.business_now(connection)
        version = row["status_version"]
        await queries.change_status(connection, account_id=account_id, status=status.value, reason=reason, now=now, version=version)
        account = await get(connection, account_id)
        verb = "pause" if status is AccountStatus.PAUSED else "resume"
        details = {"was": was.value, "reason": reason}
        await audit.note(connection, actor, verb, "account", account_id, workspace_id=account.workspace_id, details=details)
        event = AccountStatusChanged(
            account_id=account_id, workspace_id=account.workspace_id, status=status, reason=reason, version=version + 1
        )
        await put(connection, "queuer", [enclose(ACCOUNTS_STATUS, event, source="queuer", key=account_id, at=now)])
        return Changed(account, changed=True)


def _same(wanted: Mapping[str, Any], stored: Account) -> None:
    if wanted["workspace_id"] != stored.workspace_id:
        raise Conflict(
            f"The account {stored.provider_account_id!r} belongs to another workspace; one LinkedIn account serves one workspace.",
            code="other_workspace",
        )
    asked = {name: value for name, value in wanted.items() if name != "provider_user_id" or value is not None}
    if other := checks.differences(asked, {name: getattr(stored, name) for name in asked}):
        raise Conflict(
            f"The account {stored.provider_account_id!r} is here already with another {', '.join(other)}; give the same values.",
            details={"account_id": str(stored.id), "differs": other},
        )


async def _those_there_are(connection: Connection, workspace_id: UUID) -> str:
    known = [account.provider_account_id for account in await list_accounts(connection, workspace_id=workspace_id, most=NAMES_SHOWN)]
    return f"; there are {', '.join(known)}" if known else ", and it has none yet; add one first"


def _unknown(account_id: UUID) -> NotFound:
    return NotFound(f"There is no account {account_id}; `tact account list` shows those there are.", code="unknown_account")


def _account(row: Mapping[str, Any]) -> Account:
    return Account(
        **{
            **row,
            "channel": Channel(row["channel"]),
            "account_type": AccountType(row["account_type"]),
            "status": AccountStatus(row["status"]),
        }
    )
