"""The do-not-contact lists: people, addresses, companies and domains, of one workspace or everywhere.

An entry holds from its commit on: the sender asks the lists before every send. What is planned already is cancelled
right after, so that an operator sees why. Taking an entry back brings nothing back by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from shared.db.pool import Connection
from shared.db.queries import load
from shared.db.statements import lock_accounts, lock_leads, lock_prospects, lock_sends, write_audit_line
from shared.people.identifiers import NotAPerson, email_address, linkedin_identity
from shared.refusals import NotFound, Refused

queries = load(__file__)

BATCH: Final = 500
"""Sends cancelled in one transaction."""
MOST_AT_ONCE: Final = 10_000
"""Entries of one call; a longer list is given in parts."""
DEFAULT_REASON: Final = "put on the list by hand"

_LONGEST_DOMAIN: Final = 253


class Kind(StrEnum):
    """What an entry names."""

    PERSON = "person"
    EMAIL = "email"
    COMPANY = "company"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the lists as people write it."""

    kind: Kind
    value: str
    reason: str = DEFAULT_REASON
    opted_out: bool = False
    """They asked for it themselves: the leads are marked for good. Of a person or an e-mail address alone."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One line as stored; `workspace_id` None: everywhere."""

    id: UUID
    workspace_id: UUID | None
    kind: Kind
    value: str
    reason: str
    added_by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """The new entries, how many were there already, and how many planned sends were cancelled."""

    entries: tuple[Suppression, ...]
    known: int
    cancelled: int


def check(entries: Sequence[Entry]) -> list[Entry]:
    """The entries as they would be stored.

    Raises:
        Refused: one cannot be used; `details` holds its number as `entry`, the first one is 0.
    """
    wanted = []
    for number, each in enumerate(entries):
        try:
            wanted.append(_checked(each))
        except Refused as error:
            raise Refused(error.message, code=error.code, details={**(error.details or {}), "entry": number}) from None
    return wanted


async def add(pool: asyncpg.Pool, entries: Sequence[Entry], *, workspace_id: UUID | None, actor: str = "command line") -> Added:
    """Put entries on a workspace's list, or on the list of all workspaces (`workspace_id` None); what is there already stays.

    Raises:
        Refused: one cannot be used; nothing is added then.
    """
    if len(entries) > MOST_AT_ONCE:
        raise Refused(f"{len(entries):,} entries are too many at once; give up to {MOST_AT_ONCE:,} and the rest after.")
    wanted = check(entries)
    async with pool.acquire() as connection:
        async with connection.transaction():
            rows = queries.add(
                connection,
                workspace_id=workspace_id,
                kinds=[each.kind.value for each in wanted],
                values=[each.value for each in wanted],
                reasons=[each.reason for each in wanted],
                actor=actor,
            )
            made = [_suppression(row) async for row in rows]
            for each in made:
                details = {"kind": each.kind, "value": each.value, "reason": each.reason}
                await write_audit_line(connection, actor, "suppress", "suppression", each.id, workspace_id=workspace_id, details=details)
        # Those that were known are looked for again, so that pressing again finds what a crash has left.
        cancelled = 0
        for opted_out in (True, False):
            ids = await _ids(connection, [each for each in wanted if each.opted_out is opted_out], workspace_id)
            if opted_out and ids:
                await _opt_out(connection, ids, workspace_id, actor=actor)
            cancelled += await _cancel(connection, ids, workspace_id, reason="opted_out" if opted_out else "suppressed") if ids else 0
    return Added(tuple(made), len(entries) - len(made), cancelled)


async def list_entries(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    everywhere: bool = False,
    kind: Kind | None = None,
    value: str | None = None,
    after: UUID | None = None,
    most: int = 200,
) -> list[Suppression]:
    """A page in order of id: of one workspace, with `everywhere` of the list for all, with neither of everything.

    `value` (with `kind`): only entries that name this, however it is written.

    Raises:
        Refused: the value names nothing of that kind.
    """
    word = None if kind is None else kind.value
    one = normal(kind, value) if kind is not None and value is not None else None
    rows = queries.page(connection, workspace_id=workspace_id, everywhere=everywhere, kind=word, value=one, after=after, most=most)
    return [_suppression(row) async for row in rows]


async def remove(pool: asyncpg.Pool, entry_id: UUID, *, workspace_id: UUID | None = None, actor: str = "command line") -> Suppression:
    """Take an entry back, of that workspace if one is given. Cancelled sends stay cancelled until a person reopens them.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.lock_entry(connection, id=entry_id, workspace_id=workspace_id)
        if row is None:
            raise _unknown(str(entry_id))
        entry = _suppression(row)
        await queries.remove(connection, id=entry_id)
        details = {"kind": entry.kind, "value": entry.value, "reason": entry.reason}
        await write_audit_line(connection, actor, "unsuppress", "suppression", entry.id, workspace_id=entry.workspace_id, details=details)
        return entry


def normal(kind: Kind, value: str) -> str:
    """The one spelling that is stored; a company's is folded in the database.

    Raises:
        Refused: it names nothing of that kind; the sentence says what to write.
    """
    value = checks.text(value, "value", longest=2000)
    match kind:
        case Kind.PERSON:
            return _person(value)
        case Kind.EMAIL:
            address = email_address(value)
            if address is None:
                raise _no_use(kind, f"{value!r} is no e-mail address; write it like ana@example.com.")
            return address
        case Kind.DOMAIN:
            return _domain(value)
        case Kind.COMPANY:
            if not any(letter.isalnum() for letter in value):
                raise _no_use(kind, f"{value!r} is no company's name.")
            return value


def _person(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind in {"in", "id", "sn"}:  # as leads.identity has it, and as `list` shows it
        value = rest
    elif kind == "mail":
        raise _no_use(Kind.PERSON, f"{value!r} is an e-mail address; add it as kind email.")
    found = linkedin_identity(value)
    if isinstance(found, NotAPerson):
        raise _no_use(Kind.PERSON, found.reason)
    return found.identity


def _domain(value: str) -> str:
    """Without address, scheme, path, port, `@` and `www.`; sub-domains are meant with it."""
    bare = value.lower().partition("://")[2] or value.lower()
    bare = bare.rpartition("@")[2].partition("/")[0].partition(":")[0].removeprefix("www.").strip(".")
    try:
        bare = bare.encode("idna").decode("ascii") if not bare.isascii() else bare
    except UnicodeError:
        bare = ""
    parts = bare.split(".")
    fits = len(parts) > 1 and all(part and part.replace("-", "").replace("_", "").isalnum() for part in parts)
    if not fits or len(bare) > _LONGEST_DOMAIN:
        raise _no_use(Kind.DOMAIN, f"{value!r} is no domain; write it like example.com.")
    return bare


def _checked(entry: Entry) -> Entry:
    if entry.opted_out and entry.kind not in {Kind.PERSON, Kind.EMAIL}:
        raise _no_use(entry.kind, f"A {entry.kind} cannot opt out; add it without opted_out, and nobody there is contacted.")
    return Entry(entry.kind, normal(entry.kind, entry.value), checks.text(entry.reason, "reason"), entry.opted_out)


async def _ids(connection: Connection, wanted: Sequence[Entry], workspace_id: UUID | None) -> list[UUID]:
    rows = queries.ids_of(
        connection, kinds=[each.kind.value for each in wanted], values=[each.value for each in wanted], workspace_id=workspace_id
    )
    return [row["id"] async for row in rows]


async def _opt_out(connection: Connection, ids: Sequence[UUID], workspace_id: UUID | None, *, actor: str) -> None:
    """Mark the leads, which the policy reads, and end them in every campaign."""
    leads = [row["id"] for row in await _all(queries.leads_meant(connection, ids=list(ids), workspace_id=workspace_id))]
    for start in range(0, len(leads), BATCH):
        part = leads[start : start + BATCH]
        async with connection.transaction():
            await lock_leads(connection, part)
            await queries.opt_out(connection, lead_ids=part)
            await _all(queries.lock_prospects_of(connection, lead_ids=part))
            await queries.prospects_opt_out(connection, lead_ids=part)
            for lead in part:
                await write_audit_line(connection, actor, "opt_out", "lead", lead, workspace_id=workspace_id)


async def _cancel(connection: Connection, ids: Sequence[UUID], workspace_id: UUID | None, *, reason: str) -> int:
    """Accounts before sends before prospects, each in order of id, like every transaction that locks them."""
    planned = [row async for row in queries.planned_against(connection, ids=list(ids), workspace_id=workspace_id)]
    cancelled = 0
    for start in range(0, len(planned), BATCH):
        part = planned[start : start + BATCH]
        async with connection.transaction():
            await lock_accounts(connection, {row["account_id"] for row in part})
            await lock_sends(connection, [row["id"] for row in part])
            gone = await _all(queries.cancel(connection, send_ids=[row["id"] for row in part], reason=reason))
            prospects = sorted({row["prospect_id"] for row in gone})
            await lock_prospects(connection, prospects)
            await queries.end_prospects(connection, prospect_ids=prospects)
            await queries.free(connection, account_ids=[row["account_id"] for row in gone if row["dispatched"]])
        cancelled += len(gone)
    return cancelled


async def _all(rows: Any) -> list[Any]:
    return [row async for row in rows]


def _suppression(row: Any) -> Suppression:
    return Suppression(**{**row, "kind": Kind(row["kind"])})


def _no_use(kind: Kind, why: str) -> Refused:
    return Refused(why, code="not_usable", details={"field": "value", "kind": kind.value})


def _unknown(what: str) -> NotFound:
    return NotFound(f"There is no do-not-contact entry {what}; `tact suppress list` shows those there are.", code="unknown_entry")
