"""The database's side of the fence."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts.stack_heads import StackHead
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_one, fetch_value, load
from shared.fence.rules import FenceRow

queries = load(__file__)

Any_ = Connection | asyncpg.Pool
"""Each of these is one statement, so a pool may lend a connection for it."""


@dataclass(frozen=True, slots=True)
class WrittenHead:
    """The head that the row holds after it was written."""

    stack_id: UUID
    epoch: int
    seq: int
    token: UUID
    previous: UUID | None
    system_identifier: int | None
    timeline: int | None
    kafka_cluster: str | None
    attempt_id: int
    beat_at: datetime
    business_at: datetime


def row_of(values: Any) -> FenceRow:
    """A row of the view `stack_fence_now`, wherever it was selected."""
    return FenceRow(**{name: values[name] for name in FenceRow.__dataclass_fields__})


async def read_fence(connection: Any_) -> FenceRow:
    """The row now.

    Raises:
        OSError: the table is empty.
    """
    row = await fetch_one(connection, queries.fence, FenceRow)
    if row is None:
        raise OSError("The table stack_fence is empty. Restore it from a backup; it holds exactly one row.")
    return row


async def is_head_due(connection: Any_) -> bool:
    """Whether it is time for a head."""
    return bool(await fetch_value(connection, queries.due, bool))


async def ledger_is_empty(connection: Any_) -> bool:
    """Whether nothing was ever about to leave."""
    return bool(await fetch_value(connection, queries.ledger_is_empty, bool))


async def ledger_moved(connection: Any_) -> bool:
    """Whether anything was about to leave since the head that the row holds."""
    return bool(await fetch_value(connection, queries.ledger_moved, bool))


async def adopt_new(connection: Any_, row: FenceRow, *, kafka_cluster: str | None) -> bool:
    """Give a new stack its id; False when another process did."""
    adopted = await fetch_value(
        connection,
        queries.adopt_new,
        UUID,
        system_identifier=row.own_system_identifier,
        timeline=row.own_timeline,
        kafka_cluster=kafka_cluster,
    )
    return adopted is not None


async def write_head(connection: Any_, row: FenceRow) -> StackHead | None:
    """Write the next head; None when another process wrote it, or the row is not the one that was read."""
    head = await fetch_one(connection, queries.write_head, WrittenHead, stack_id=row.stack_id, token=row.token)
    return None if head is None else StackHead(**asdict(head))


async def shut_fence(pool: asyncpg.Pool, why: str) -> bool:
    """Nothing leaves any more until a person adopts the stack; False when it was shut before."""
    async with pool.acquire() as connection, connection.transaction():
        first = await fetch_value(connection, queries.shut, bool, why=why) is not None
        if first:
            await execute(connection, queries.record_finding, why=why)
    return first


async def store_foreign_webhooks(pool: asyncpg.Pool, urls: Sequence[str]) -> None:
    """Which registrations of another stack stand at the provider; a person decides what becomes of them."""
    await execute(pool, queries.note_foreign, urls=list(urls))


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
