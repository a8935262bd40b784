"""Fold the counter deltas into the campaigns."""

from typing import Final

import asyncpg

from services.queuer.store.campaigns import counters as store

MOST: Final = 10_000
"""Deltas of one statement: few enough that a campaign's row is not locked for long."""


async def fold_counters(pool: asyncpg.Pool) -> bool:
    """Fold once; True when there may be more."""
    async with pool.acquire() as connection:
        return await store.fold(connection, most=MOST) == MOST
