"""The do-not-contact lists and the rows that an entry ends: leads, prospects, planned sends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.queuer.rules.people.suppression_entries import SuppressionEntry
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, load
from shared.db.statements import lock_accounts, lock_leads, lock_prospects, lock_sends
from shared.vocabulary import SuppressionKind

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One line as stored; `workspace_id` None: everywhere."""

    id: UUID
    workspace_id: UUID | None
    kind: SuppressionKind
    value: str
    reason: str
    added_by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SuppressedSend:
    """A planned send to a person that an entry names."""

    id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class CancelledSend:
    """A send that an entry has cancelled; `dispatched`: its account was leased for it."""

    id: UUID
    account_id: UUID
    prospect_id: UUID
    dispatched: bool


async def add_entries(
    connection: Connection, entries: Sequence[SuppressionEntry], *, workspace_id: UUID | None, actor: str
) -> list[Suppression]:
    """Store those that are new; returns them."""
    return await fetch_all(
        connection,
        queries.add,
        Suppression,
        workspace_id=workspace_id,
        kinds=[each.kind.value for each in entries],
        values=[each.value for each in entries],
        reasons=[each.reason for each in entries],
        actor=actor,
    )


async def find_entries(connection: Connection, entries: Sequence[SuppressionEntry], workspace_id: UUID | None) -> list[UUID]:
    """The ids under which these entries are stored."""
    kinds, values = [each.kind.value for each in entries], [each.value for each in entries]
    return await fetch_column(connection, queries.ids_of, UUID, kinds=kinds, values=values, workspace_id=workspace_id)


async def list_entries(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    everywhere: bool = False,
    kind: SuppressionKind | None = None,
    value: str | None = None,
    after: UUID | None = None,
    most: int = 200,
) -> list[Suppression]:
    """A page in order of id: of one workspace, with `everywhere` of the list for all, with neither of everything.

    `value` (with `kind`, in its stored spelling): only entries that name it.
    """
    return await fetch_all(
        connection,
        queries.page,
        Suppression,
        workspace_id=workspace_id,
        everywhere=everywhere,
        kind=None if kind is None else kind.value,
        value=value,
        after=after,
        most=most,
    )


async def remove_entry(connection: Connection, entry_id: UUID, *, workspace_id: UUID | None) -> Suppression | None:
    """Delete an entry, of that workspace if one is given; returns it, None when there is none."""
    return await fetch_one(connection, queries.remove, Suppression, id=entry_id, workspace_id=workspace_id)


async def find_leads(connection: Connection, entry_ids: Sequence[UUID], workspace_id: UUID | None) -> list[UUID]:
    """The leads that these entries name by person or address."""
    return await fetch_column(connection, queries.leads_meant, UUID, ids=list(entry_ids), workspace_id=workspace_id)


async def mark_opted_out(connection: Connection, lead_ids: Sequence[UUID]) -> None:
    """Mark the leads, which the policy reads, and end their prospects in every campaign."""
    await lock_leads(connection, lead_ids)
    await execute(connection, queries.opt_out, lead_ids=lead_ids)
    await fetch_column(connection, queries.lock_prospects_of, UUID, lead_ids=lead_ids)
    await execute(connection, queries.prospects_opt_out, lead_ids=lead_ids)


async def find_planned_sends(connection: Connection, entry_ids: Sequence[UUID], workspace_id: UUID | None) -> list[SuppressedSend]:
    """What is planned for the people that these entries name."""
    return await fetch_all(connection, queries.planned_against, SuppressedSend, ids=list(entry_ids), workspace_id=workspace_id)


async def cancel_sends(connection: Connection, sends: Sequence[SuppressedSend], *, reason: str) -> int:
    """Cancel those that no sender has begun, and end their prospects; returns how many sends were cancelled."""
    ids = [send.id for send in sends]
    await lock_accounts(connection, {send.account_id for send in sends})
    await lock_sends(connection, ids)
    cancelled = await fetch_all(connection, queries.cancel, CancelledSend, send_ids=ids, reason=reason)
    prospects = sorted({send.prospect_id for send in cancelled})
    await lock_prospects(connection, prospects)
    await execute(connection, queries.end_prospects, prospect_ids=prospects)
    await execute(connection, queries.free, account_ids=[send.account_id for send in cancelled if send.dispatched])
    return len(cancelled)
