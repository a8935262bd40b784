"""Put entries on the do-not-contact lists and take them back: people, addresses, companies and domains, of one workspace or everywhere.

An entry holds from its commit on: the sender reads the lists before every send. What is planned already is cancelled
right after, so that an operator sees why. Taking an entry back reopens nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.people.suppression_entries import SuppressionEntry, check_entries
from services.queuer.store.people import suppressions as store
from services.queuer.store.people.suppressions import Suppression
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import NotFound

BATCH: Final = 500
"""Sends cancelled in one transaction."""


@dataclass(frozen=True, slots=True)
class SuppressionsAdded:
    """The new entries, how many were there already, and how many planned sends were cancelled."""

    entries: tuple[Suppression, ...]
    known: int
    cancelled: int


async def suppress(pool: asyncpg.Pool, entries: Sequence[SuppressionEntry], *, workspace_id: UUID | None, actor: str) -> SuppressionsAdded:
    """Put entries on a workspace's list, or on the list of all workspaces (`workspace_id` None); what is there already stays.

    Raises:
        Refused: one cannot be used; nothing is added then.
    """
    checked = check_entries(entries)
    async with pool.acquire() as connection:
        async with connection.transaction():
            added = await store.add_entries(connection, checked, workspace_id=workspace_id, actor=actor)
            for each in added:
                await _write_audit_line(connection, actor, "suppress", each, workspace_id)
        # Entries that were known already are read again, so that repeating the call completes what a crash left undone.
        cancelled = 0
        for opted_out in (True, False):
            ids = await store.find_entries(connection, [each for each in checked if each.opted_out is opted_out], workspace_id)
            if opted_out and ids:
                await _opt_out(connection, ids, workspace_id, actor=actor)
            cancelled += await _cancel(connection, ids, workspace_id, reason="opted_out" if opted_out else "suppressed") if ids else 0
    return SuppressionsAdded(tuple(added), len(entries) - len(added), cancelled)


async def unsuppress(pool: asyncpg.Pool, entry_id: UUID, *, workspace_id: UUID | None, actor: str) -> Suppression:
    """Take an entry back, of that workspace if one is given. Cancelled sends stay cancelled until an operator reopens them.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        entry = await store.remove_entry(connection, entry_id, workspace_id=workspace_id)
        if entry is None:
            message = f"There is no do-not-contact entry {entry_id}; `tact suppress list` shows those there are."
            raise NotFound(message, code="unknown_entry")
        await _write_audit_line(connection, actor, "unsuppress", entry, entry.workspace_id)
        return entry


async def _write_audit_line(connection: Connection, actor: str, verb: str, entry: Suppression, workspace_id: UUID | None) -> None:
    details = {"kind": entry.kind, "value": entry.value, "reason": entry.reason}
    await write_audit_line(connection, actor, verb, "suppression", entry.id, workspace_id=workspace_id, details=details)


async def _opt_out(connection: Connection, entry_ids: Sequence[UUID], workspace_id: UUID | None, *, actor: str) -> None:
    leads = await store.find_leads(connection, entry_ids, workspace_id)
    for start in range(0, len(leads), BATCH):
        part = leads[start : start + BATCH]
        async with connection.transaction():
            await store.mark_opted_out(connection, part)
            for lead in part:
                await write_audit_line(connection, actor, "opt_out", "lead", lead, workspace_id=workspace_id)


async def _cancel(connection: Connection, entry_ids: Sequence[UUID], workspace_id: UUID | None, *, reason: str) -> int:
    planned = await store.find_planned_sends(connection, entry_ids, workspace_id)
    cancelled = 0
    for start in range(0, len(planned), BATCH):
        async with connection.transaction():
            cancelled += await store.cancel_sends(connection, planned[start : start + BATCH], reason=reason)
    return cancelled
