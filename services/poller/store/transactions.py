"""One unit of work in one transaction, repeated when another transaction won against it."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from shared.db.pool import Connection

T = TypeVar("T")

TRIES: Final = 4
LOST: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
"""Another transaction won. A unique violation too: an operator enrolled the lead again at this very moment."""


async def in_transaction(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run `work` and commit.

    Raises:
        asyncpg.PostgresError: it failed for another reason, or lost every time; nothing was changed.
    """
    for left in reversed(range(TRIES)):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await work(connection)
        except LOST:
            if left == 0:
                raise
    raise AssertionError("unreachable: the last try returns or raises")
