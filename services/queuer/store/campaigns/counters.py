"""Campaigns' counters: deltas in, sums out."""

from shared.db.pool import Connection
from shared.db.queries import fetch_value, load

queries = load(__file__)


async def fold(connection: Connection, *, most: int) -> int:
    """Fold up to `most` deltas into their campaigns; returns how many."""
    return await fetch_value(connection, queries.fold, int, most=most) or 0
