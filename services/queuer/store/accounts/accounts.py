"""Accounts' rows: inserted, read, found by what an operator types, and moved from status to status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_one, load
from shared.refusals import NotFound, Refused
from shared.vocabulary import AccountStatus, AccountType, Channel

queries = load(__file__)

NAMES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """The values of an account that is to be added, all of them checked."""

    workspace_id: UUID
    provider_account_id: str
    provider_user_id: str | None
    name: str
    account_type: AccountType
    country: str
    timezone: str
    daily_cr_limit: int | None
    schedule_settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account of a workspace, through which its messages leave; the zone is that of today."""

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
class LockedAccount:
    """The status of a locked account."""

    status: AccountStatus
    status_version: int


async def insert_account(connection: Connection, wanted: NewAccount, *, warm_up_from: date | None) -> StoredAccount | None:
    """The new row; None when the provider's account is stored already.

    Raises:
        asyncpg.UniqueViolationError: another account has the same `provider_user_id`.
    """
    return await fetch_one(
        connection,
        queries.add_account,
        StoredAccount,
        workspace_id=wanted.workspace_id,
        provider_account_id=wanted.provider_account_id,
        provider_user_id=wanted.provider_user_id,
        name=wanted.name,
        account_type=wanted.account_type.value,
        country=wanted.country,
        timezone=wanted.timezone,
        daily_cr_limit=wanted.daily_cr_limit,
        schedule_settings=dict(wanted.schedule_settings),
        warm_up_from=warm_up_from,
    )


async def account_of_provider(connection: Connection, provider_account_id: str) -> StoredAccount | None:
    """The account with the provider's id."""
    return await fetch_one(connection, queries.by_provider_id, StoredAccount, provider_account_id=provider_account_id)


async def get_account(connection: Connection | asyncpg.Pool, account_id: UUID, *, workspace_id: UUID | None = None) -> StoredAccount:
    """One account, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.by_id, StoredAccount, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_account(account_id)
    return row


async def list_accounts(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    named: str | None = None,
    after: UUID | None = None,
    most: int = 200,
) -> list[StoredAccount]:
    """A page of accounts in order of id, of one workspace or of all; `named`: only those with that id, provider's id or name.

    Raises:
        Refused: `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    return await fetch_all(connection, queries.of_workspace, StoredAccount, workspace_id=workspace_id, named=named, after=after, most=most)


async def find_accounts(connection: Connection, workspace_id: UUID, words: Sequence[UUID | str]) -> list[StoredAccount]:
    """The accounts meant, in the given order, each by its id, the provider's id or its name.

    Raises:
        Refused: one is unknown in this workspace, is named twice, or a name belongs to several.
    """
    wanted = [checks.text(str(word), "name of an account") for word in words]
    rows = await fetch_all(connection, queries.named, StoredAccount, workspace_id=workspace_id, words=wanted)
    found: list[StoredAccount] = []
    for word in wanted:
        meant = [account for account in rows if word.lower() == str(account.id) or word in {account.provider_account_id, account.name}]
        if not meant:
            raise Refused(
                f"There is no account {word!r} in this workspace{await _known_names(connection, workspace_id)}.",
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


async def lock_account(connection: Connection, account_id: UUID, *, workspace_id: UUID | None = None) -> LockedAccount:
    """Lock one account, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.lock_account, LockedAccount, account_id=account_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_account(account_id)
    return row


async def change_status(
    connection: Connection, account_id: UUID, status: AccountStatus, *, reason: str | None, now: datetime, version: int
) -> None:
    """Give a locked account its next status; `version` is that of the status it has."""
    await execute(connection, queries.change_status, account_id=account_id, status=status.value, reason=reason, now=now, version=version)


async def _known_names(connection: Connection, workspace_id: UUID) -> str:
    known = [account.provider_account_id for account in await list_accounts(connection, workspace_id=workspace_id, most=NAMES_SHOWN)]
    return f"; there are {', '.join(known)}" if known else ", and it has none yet; add one first"


def unknown_account(account_id: UUID) -> NotFound:
    """The refusal for an account that does not exist, or is another workspace's."""
    return NotFound(f"There is no account {account_id}; `tact account list` shows those there are.", code="unknown_account")
