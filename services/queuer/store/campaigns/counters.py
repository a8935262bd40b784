"""Campaigns' counters: deltas in, sums out."""

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def fold(connection: Connection, *, most: int) -> int:
    """Fold up to `most` deltas into their campaigns; returns how many."""
    folded: int = await queries.fold(connection, most=most)
    return folded
