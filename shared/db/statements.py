"""Statements that more than one component runs: business time, row locks, wake-ups and audit lines, each written once.

Lock order. A transaction locks rows of several tables in this order, and the rows of one table in order of id:
accounts, leads, sends, attempts, prospects, campaigns. Two transactions that keep the order never wait for each other in a
circle. What a transaction decides is read by a statement after the locks: it sees what was committed while the locks waited.
A transaction that takes no account's lock may lock leads and their prospects alone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_column, load, require_value

queries = load(__file__)


async def business_now(connection: Connection | asyncpg.Pool) -> datetime:
    """The current moment of business time."""
    return await require_value(connection, queries.business_now, datetime)


async def lock_accounts(connection: Connection, account_ids: Iterable[UUID]) -> list[UUID]:
    """Lock accounts until the transaction ends; returns those that exist."""
    return await fetch_column(connection, queries.lock_accounts, UUID, account_ids=list(account_ids))


async def try_lock_accounts(connection: Connection, account_ids: Iterable[UUID]) -> list[UUID]:
    """Lock the accounts that no other transaction holds, without waiting; returns them."""
    return await fetch_column(connection, queries.try_lock_accounts, UUID, account_ids=list(account_ids))


async def lock_leads(connection: Connection, lead_ids: Iterable[UUID]) -> list[UUID]:
    """Lock leads until the transaction ends; returns those that exist."""
    return await fetch_column(connection, queries.lock_leads, UUID, lead_ids=list(lead_ids))


async def lock_sends(connection: Connection, send_ids: Iterable[UUID]) -> list[UUID]:
    """Lock sends until the transaction ends; returns those that exist."""
    return await fetch_column(connection, queries.lock_sends, UUID, send_ids=list(send_ids))


async def lock_prospects(connection: Connection, prospect_ids: Iterable[UUID]) -> list[UUID]:
    """Lock prospects until the transaction ends; returns those that exist."""
    return await fetch_column(connection, queries.lock_prospects, UUID, prospect_ids=list(prospect_ids))


async def wake_accounts(connection: Connection, account_ids: Iterable[UUID], at: datetime | None = None) -> None:
    """Let the dispatcher consider these accounts at this moment of business time (None: now), or earlier where that was due."""
    ids = sorted(set(account_ids))
    await execute(connection, queries.wake_accounts, account_ids=ids, moments=None if at is None else [at] * len(ids))


async def wake_accounts_at(connection: Connection, moments: Mapping[UUID, datetime]) -> None:
    """Let the dispatcher consider each account no later than its moment of business time."""
    await execute(connection, queries.wake_accounts, account_ids=list(moments), moments=list(moments.values()))


async def write_audit_line(
    connection: Connection,
    actor: str,
    verb: str,
    what: str,
    object_id: object,
    *,
    workspace_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record in the audit log, in the caller's transaction, that `actor` did `verb` to the object `what` with this id."""
    await execute(
        connection,
        queries.write_audit_line,
        workspace_id=workspace_id,
        actor=actor,
        verb=verb,
        object=what,
        object_id=str(object_id),
        details=dict(details or {}),
    )
