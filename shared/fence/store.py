"""The database's side of the fence."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.contracts.stack_heads import StackHead
from shared.db.pool import Connection
from shared.db.queries import load
from shared.fence.rules import FenceRow

queries = load(__file__)

Any_ = Connection | asyncpg.Pool
"""Each of these is one statement, so a pool may lend a connection for it."""


def row_of(values: Any) -> FenceRow:
    """A row of the view `stack_fence_now`, wherever it was selected."""
    return FenceRow(**{name: values[name] for name in FenceRow.__dataclass_fields__})


async def read_fence(connection: Any_) -> FenceRow:
    """The row now.

    Raises:
        OSError: the table is empty.
    """
    values = await queries.fence(connection)
    if values is None:
        raise OSError("The table stack_fence is empty. Restore it from a backup; it holds exactly one row.")
    return row_of(values)


async def is_head_due(connection: Any_) -> bool:
    """Whether it is time for a head."""
    return bool(await queries.due(connection))


async def ledger_is_empty(connection: Any_) -> bool:
    """Whether nothing was ever about to leave."""
    return bool(await queries.ledger_is_empty(connection))


async def ledger_moved(connection: Any_) -> bool:
    """Whether anything was about to leave since the head that the row holds."""
    return bool(await queries.ledger_moved(connection))


async def adopt_new(connection: Any_, row: FenceRow, *, kafka_cluster: str | None) -> bool:
    """Give a new stack its id; False when another process did."""
    adopted = await queries.adopt_new(
        connection, system_identifier=row.own_system_identifier, timeline=row.own_timeline, kafka_cluster=kafka_cluster
    )
    return adopted is not None


async def write_head(connection: Any_, row: FenceRow) -> StackHead | None:
    """Write the next head; None when another process wrote it, or the row is not the one that was read."""
    values = await queries.beat(connection, stack_id=row.stack_id, token=row.token)
    return StackHead(**dict(values)) if values is not None else None


async def shut_fence(pool: asyncpg.Pool, why: str) -> bool:
    """Nothing leaves any more until a person adopts the stack; False when it was shut before."""
    async with pool.acquire() as connection, connection.transaction():
        first = await queries.shut(connection, why=why) is not None
        if first:
            await queries.record_finding(connection, why=why)
    return first


async def store_foreign_webhooks(pool: asyncpg.Pool, urls: Sequence[str]) -> None:
    """Which registrations of another stack stand at the provider; a person decides what becomes of them."""
    await queries.note_foreign(pool, urls=list(urls))


def head_of(row: FenceRow) -> StackHead | None:
    """The head that the row holds; None before the first."""
    if row.stack_id is None or row.token is None or row.beat_at is None or row.business_at is None:
        return None
    return StackHead(
        stack_id=row.stack_id,
        epoch=row.epoch,
        seq=row.seq,
        token=row.token,
        previous=row.previous,
        system_identifier=row.system_identifier,
        timeline=row.timeline,
        kafka_cluster=row.kafka_cluster,
        attempt_id=row.attempt_id,
        beat_at=row.beat_at,
        business_at=row.business_at,
    )
