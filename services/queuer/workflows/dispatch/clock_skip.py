"""Let the business clock of a fast stack leap over empty hours (docs/adr/0003); a production clock never does."""

import time
from datetime import datetime, timedelta

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.rules.dispatch.clock_skip import landing
from services.queuer.store.dispatch import clock_skip as store
from shared.db.pool import Connection
from shared.runtime.clock import StackClock

log = structlog.get_logger()


class ClockSkipper:
    """Skips only when no account is leased, no event waits to be published and no prospect to be planned, and that for a while."""

    def __init__(self, pool: asyncpg.Pool, clock: StackClock, *, quiet: timedelta) -> None:
        self._pool = pool
        self._clock = clock
        self._quiet = quiet
        self._quiet_since: tuple[datetime, float] | None = None

    async def leap(self) -> bool:
        """Leap once if it is time to; True when the clock moved.

        The quiet is real time: an answer may be on its way through Kafka, and no row shows it.
        """
        if not self._clock.clock.leaps:
            return False
        async with self._pool.acquire() as connection:
            if not await self._time_to(connection):
                return False
            async with connection.transaction():
                leapt = await store.try_lock_clock(connection) and await self._leap(connection)
        if leapt:
            metrics.CLOCK_LEAPS.inc()
            await self._clock.refresh()
        return leapt

    async def _time_to(self, connection: Connection) -> bool:
        """A check without the lock, which would make every sender's begin wait."""
        to, moment, _ = await self._landing(connection)
        if to is None or moment is None:
            self._quiet_since = None
            return False
        if self._quiet_since is None or self._quiet_since[0] != moment:
            self._quiet_since = (moment, time.monotonic())
        return time.monotonic() - self._quiet_since[1] >= self._quiet.total_seconds()

    async def _leap(self, connection: Connection) -> bool:
        """Check again now that no sender can begin anything, and leap."""
        to, _, version = await self._landing(connection)
        self._quiet_since = None
        if to is None:
            return False
        log.info("the clock leaps", to=to)
        return await store.move_clock(connection, to=to, version=version)

    async def _landing(self, connection: Connection) -> tuple[datetime | None, datetime | None, int]:
        moment = None if await store.reason_to_stay(connection) else await store.next_moment(connection)
        clock = await store.read_clock(connection)
        return landing(clock.now, moment), moment, clock.version
