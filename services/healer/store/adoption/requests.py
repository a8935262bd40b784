"""Requests for an adoption: what an operator sees before, asks for, and sees of its progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.healer.store.adoption.adoptions import AdoptionProgress, Connection, fetch_open_adoption, fetch_progress
from shared.contracts.stack_heads import StackHead
from shared.db.queries import execute, fetch_all, fetch_value, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class UnreadableAccount:
    """An account that the last adoption could not read, with the reason."""

    name: str
    why: str | None


@dataclass(frozen=True, slots=True)
class AdoptionOutlook:
    """Business time, when the ledger's last attempt was decided, how many accounts would be read, how many sends are due."""

    now: datetime
    ledger_ends: datetime | None
    accounts: int
    overdue: int


async def request_adoption(
    pool: asyncpg.Pool,
    *,
    requested_by: str,
    differences: Sequence[str],
    lost_from: datetime,
    lost_until: datetime,
    head: StackHead | None,
    webhooks: str | None,
) -> int:
    """Ask for an adoption, or find the one that is under way; returns its id."""
    async with pool.acquire() as connection, connection.transaction():
        if (already := await fetch_open_adoption(connection)) is not None:
            return already.id
        adoption_id = await fetch_value(
            connection,
            queries.request_adoption,
            int,
            requested_by=requested_by,
            differences=list(differences),
            lost_from=lost_from,
            lost_until=lost_until,
            head=head.model_dump(mode="json") if head else None,
            webhooks=webhooks,
        )
        if adoption_id is None:
            raise LookupError("the adoption was not recorded")
        await execute(connection, queries.introduce_accounts, adoption_id=adoption_id)
    return adoption_id


async def retry_unreadable(pool: asyncpg.Pool) -> int:
    """Read the accounts again that the last adoption could not read; returns its id."""
    async with pool.acquire() as connection, connection.transaction():
        adoption_id = await fetch_value(connection, queries.reopen_adoption, int)
        if adoption_id is None:
            raise LookupError("there was no adoption")
        await execute(connection, queries.retry_accounts, adoption_id=adoption_id)
    return adoption_id


async def list_unreadable(connection: Connection) -> list[str]:
    """The accounts that the last adoption could not read, each with its reason."""
    return [f"{row.name}: {row.why}" for row in await fetch_all(connection, queries.unreadable, UnreadableAccount)]


async def fetch_outlook(connection: Connection) -> AdoptionOutlook:
    """What an adoption would read, now."""
    return (await fetch_all(connection, queries.outlook, AdoptionOutlook))[0]


async def fetch_state_and_progress(connection: Connection, adoption_id: int) -> tuple[str | None, AdoptionProgress]:
    """Its state, and how far it has come."""
    state = await fetch_value(connection, queries.adoption_state, str, adoption_id=adoption_id)
    return state, await fetch_progress(connection, adoption_id)
