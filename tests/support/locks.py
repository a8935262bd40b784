"""A connection that holds a lock until another one has waited for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from tests.support.facts import eventually


@asynccontextmanager
async def held_up(pool: asyncpg.Pool, lock: str, *, longer_than: timedelta) -> AsyncIterator[None]:
    """`lock` (a statement) is taken, the block runs, and it is released once a connection has waited for it `longer_than` that."""

    async def waited() -> bool:
        longest: timedelta | None = await pool.fetchval(
            """SELECT max(clock_timestamp() - query_start) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'"""
        )
        return longest is not None and longest > longer_than

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(lock)
        yield
        await eventually(waited, what=f"a connection that waits for {lock!r}")
