"""Fold the counter deltas into the campaigns."""

from typing import Final

import asyncpg

from services.queuer.store.campaigns import counters as store

MOST: Final = 10_000
"""A statement's worth: short enough that a campaign's row is not held while somebody waits."""


async def fold_counters(pool: asyncpg.Pool) -> bool:
    """Fold once; True when there may be more."""
    async with pool.acquire() as connection:
        return await store.fold(connection, most=MOST) == MOST
