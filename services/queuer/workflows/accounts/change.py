"""What people say of an account corrected: its name, what the member pays for, its country and its zone.

A new zone waits until both zones have begun another day, else the day of the change would have two budgets. What is planned
keeps its moments; the sender asks anew when they come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import asyncpg

from services.queuer.rules.accounts.timezone_change import both_past_midnight
from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts.accounts import StoredAccount, get_account
from services.queuer.store.accounts.change import queries
from services.queuer.workflows.accounts import hours
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.policy import note_limit
from shared.refusals import Conflict, NotFound
from shared.vocabulary import AccountType

_KEPT: Final = ("name", "account_type", "country", "timezone", "timezone_next", "timezone_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be another one; None: as it is."""

    name: str | None = None
    account_type: AccountType | None = None
    country: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The account as it is now; `timezone_next` holds from `timezone_from` on (business), None where no zone waits."""

    account: StoredAccount
    timezone_next: str | None
    timezone_from: datetime | None
    changed: bool


async def change(
    pool: asyncpg.Pool, account_id: UUID, changes: Changes, *, workspace_id: UUID | None = None, actor: str = "command line"
) -> Moved:
    """Change what `changes` names; the same again changes nothing.

    Raises:
        NotFound: there is none.
        Refused: a name, country or zone that cannot be used.
        Conflict: notes that are planned are too long for the new type.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.lock_account(connection, account_id=account_id, workspace_id=workspace_id)
        if row is None:
            raise NotFound(f"There is no account {account_id}; `tact account list` shows those there are.", code="unknown_account")
        was = {name: row[name] for name in _KEPT}
        wanted = _wanted(was, changes, row["now"])
        if changed := wanted != was:
            await _notes_fit(connection, account_id, AccountType(was["account_type"]), AccountType(wanted["account_type"]))
            await queries.set_account(connection, account_id=account_id, **wanted)
            await hours.ask_again(connection, [account_id])
            told = {name: {"was": _plain(was[name]), "is": _plain(wanted[name])} for name in _KEPT if was[name] != wanted[name]}
            await write_audit_line(connection, actor, "change", "account", account_id, workspace_id=row["workspace_id"], details=told)
        account = await get_account(connection, account_id)
        return Moved(account, wanted["timezone_next"], wanted["timezone_from"], changed)


def _wanted(was: Mapping[str, Any], changes: Changes, now: datetime) -> dict[str, Any]:
    checks.place(changes.timezone, changes.country)
    wanted = dict(was)
    if changes.name is not None:
        wanted["name"] = checks.text(changes.name, "name")
    if changes.account_type is not None:
        wanted["account_type"] = changes.account_type.value
    if changes.country is not None:
        wanted["country"] = changes.country
    if changes.timezone is not None:
        wanted |= _moved(was, changes.timezone, now)
    return wanted


def _moved(was: Mapping[str, Any], timezone: str, now: datetime) -> dict[str, Any]:
    here = was["timezone"]
    if timezone == here:
        return {"timezone_next": None, "timezone_from": None}
    if timezone == was["timezone_next"]:
        return {}
    if here not in available_timezones():  # nothing has been counted or sent by a zone that cannot be read
        return {"timezone": timezone, "timezone_next": None, "timezone_from": None}
    return {"timezone_next": timezone, "timezone_from": both_past_midnight(ZoneInfo(here), ZoneInfo(timezone), now)}


async def _notes_fit(connection: Connection, account_id: UUID, was: AccountType, is_now: AccountType) -> None:
    most = note_limit(is_now)
    if most >= note_limit(was):
        return
    count = await queries.too_long(connection, account_id=account_id, most=most)
    if count:
        raise Conflict(
            f"{count} planned invitations have notes of more than {most} characters, the most of a {is_now} account. "
            "Shorten the campaign's template first; planned words follow it.",
            code="notes_too_long",
            details={"notes": count, "most": most},
        )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
