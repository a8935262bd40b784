"""What people say of an account corrected: its name, what the member pays for, its country and its zone.

A new zone waits until both zones have begun another day, else the day of the change would have two budgets. What is planned
keeps its moments; the sender asks anew when they come.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import asyncpg

from services.queuer.rules.accounts.timezone_change import both_past_midnight
from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts import change as store
from services.queuer.store.accounts.accounts import StoredAccount, get_account
from services.queuer.store.accounts.change import ChangeableAccount
from services.queuer.store.accounts.hours import open_lanes
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.policy import note_limit
from shared.refusals import Conflict
from shared.vocabulary import AccountType


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanges:
    """The values that are to be changed; None: as it is."""

    name: str | None = None
    account_type: AccountType | None = None
    country: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The account as it is now; `timezone_next` holds from `timezone_from` on (business), None where no zone waits."""

    account: StoredAccount
    timezone_next: str | None
    timezone_from: datetime | None
    changed: bool


async def change(
    pool: asyncpg.Pool, account_id: UUID, changes: AccountChanges, *, workspace_id: UUID | None = None, actor: str
) -> AccountChange:
    """Change what `changes` names; the same again changes nothing.

    Raises:
        NotFound: there is none.
        Refused: a name, country or zone that cannot be used.
        Conflict: notes that are planned are too long for the new type.
    """
    async with pool.acquire() as connection, connection.transaction():
        was = await store.lock_account(connection, account_id, workspace_id=workspace_id)
        wanted = _apply_changes(was, changes)
        if changed := wanted != was:
            await _check_notes_fit(connection, account_id, was.account_type, wanted.account_type)
            await store.set_account(connection, account_id, wanted)
            await open_lanes(connection, [account_id])
            old, new = asdict(was), asdict(wanted)
            details = {name: {"was": old[name], "is": new[name]} for name in old if old[name] != new[name]}
            await write_audit_line(connection, actor, "change", "account", account_id, workspace_id=was.workspace_id, details=details)
        account = await get_account(connection, account_id)
        return AccountChange(account, wanted.timezone_next, wanted.timezone_from, changed)


def _apply_changes(was: ChangeableAccount, changes: AccountChanges) -> ChangeableAccount:
    checks.place(changes.timezone, changes.country)
    wanted = replace(
        was,
        name=was.name if changes.name is None else checks.text(changes.name, "name"),
        account_type=changes.account_type or was.account_type,
        country=was.country if changes.country is None else changes.country,
    )
    return wanted if changes.timezone is None else _change_timezone(wanted, changes.timezone)


def _change_timezone(was: ChangeableAccount, timezone: str) -> ChangeableAccount:
    if timezone == was.timezone:
        return replace(was, timezone_next=None, timezone_from=None)
    if timezone == was.timezone_next:
        return was
    if was.timezone not in available_timezones():  # nothing has been counted or sent by a zone that cannot be read
        return replace(was, timezone=timezone, timezone_next=None, timezone_from=None)
    start = both_past_midnight(ZoneInfo(was.timezone), ZoneInfo(timezone), was.now)
    return replace(was, timezone_next=timezone, timezone_from=start)


async def _check_notes_fit(connection: Connection, account_id: UUID, was: AccountType, is_now: AccountType) -> None:
    most = note_limit(is_now)
    if most >= note_limit(was):
        return
    count = await store.count_long_notes(connection, account_id, most)
    if count:
        raise Conflict(
            f"{count} planned invitations have notes of more than {most} characters, the most of a {is_now} account. "
            "Shorten the campaign's template first; planned words follow it.",
            code="notes_too_long",
            details={"notes": count, "most": most},
        )
