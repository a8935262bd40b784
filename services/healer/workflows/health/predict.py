"""Report, once an hour, which campaigns of each workspace are likely to corrupt, and keep the report."""

from datetime import timedelta
from typing import Final

import asyncpg

from services.healer.store.health import measurements, risks

PREDICT_EVERY: Final = timedelta(hours=1)
VERSIONS_KEPT: Final = timedelta(days=400)


class Predict:
    """The job."""

    def __init__(self, pool: asyncpg.Pool, *, above: float) -> None:
        """`above`: the expected rate, in percent, from which people are alerted."""
        self._pool = pool
        self._above = above / 100

    async def round(self) -> None:
        """Make every workspace's report, if an hour has passed since any healer did."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await measurements.acquire_measuring_lock(connection):
                return
            state = await measurements.fetch_state(connection)
            if state.predicted_at is not None and state.now - state.predicted_at < PREDICT_EVERY:
                return
            await risks.store_reports(connection, above=self._above)
            await risks.delete_expired(connection, versions_kept=VERSIONS_KEPT)
