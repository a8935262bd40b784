"""The stack's business clock (docs/adr/0003): one row that every process reads.

Business time decides when something may leave. Leases, deadlines and back-off are technical time and never come from
here. In production both are the same; a fast stack runs its business clock faster and lets it leap over hours in which
no account may act.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from shared.db.errors import DATABASE_ERRORS

READ: Final = "SELECT clock_timestamp(), anchored_at, business_at, speed, leaps, version FROM stack_clock"
LEAP_LOCK: Final = 7_203
"""Advisory lock: every begin holds it shared, a leap of the clock takes it alone."""
CALM_REFRESH: Final = 10.0
"""Seconds between two reads of a clock that runs at real speed: only an operator changes it."""
FAST_REFRESH: Final = 0.1


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock's row: at `anchored_at` (technical) it showed `business_at`, and runs `speed` times as fast since."""

    anchored_at: datetime
    business_at: datetime
    speed: float = 1.0
    leaps: bool = False
    version: int = 0

    def at(self, technical: datetime) -> datetime:
        """Business time at a technical moment."""
        return self.business_at + (technical - self.anchored_at) * self.speed

    def technical(self, business: datetime) -> datetime:
        """The technical moment at which the business clock will show `business`, unless it leaps first."""
        return self.anchored_at + (business - self.business_at) / self.speed


class Stopwatch:
    """How much real time has passed since it was made, by this host's own clocks, also where they are wrong.

    For deadlines that the database's moment began: no other clock is used, so a host whose clock is wrong keeps them all the
    same. The longer of the monotonic and the wall clock's counts, because the monotonic clock stops while a host sleeps.
    """

    def __init__(self) -> None:
        self._monotonic = time.monotonic()
        self._wall = time.time()

    def elapsed(self) -> timedelta:
        """Real time since then."""
        return timedelta(seconds=max(time.monotonic() - self._monotonic, time.time() - self._wall))


class StackClock:
    """The clock as this process knows it, read again and again from the database.

    The database's own time is the technical time of the whole stack, so hosts whose clocks differ agree: between two
    reads only this process's monotonic clock is used. `skew` makes this process wrong by as much, for drills: what must
    hold between processes is decided at the database's own moment, and has to survive it.
    """

    def __init__(self, pool: asyncpg.Pool, *, skew: timedelta = timedelta(0)) -> None:
        self._pool = pool
        self.skew = skew
        self._clock = Clock(datetime.now(UTC), datetime.now(UTC))
        self._database_now = datetime.now(UTC)
        self._read_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the row once, then keep reading it.

        Raises:
            OSError, asyncpg.PostgresError: the first read failed.
        """
        await self.refresh()
        self._task = asyncio.create_task(self._keep_reading(), name="clock")

    async def stop(self) -> None:
        """Read no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> Clock:
        """Read the row now."""
        before = time.monotonic()
        row = await self._pool.fetchrow(READ)
        if row is None:
            raise OSError("The table stack_clock is empty. Run `tact migrate apply`; it holds exactly one row.")
        self._read_at = (before + time.monotonic()) / 2
        now, *clock = row
        self._database_now = now + self.skew
        self._clock = Clock(*clock)
        return self._clock

    @property
    def clock(self) -> Clock:
        """The row as last read."""
        return self._clock

    @property
    def speed(self) -> float:
        """Business seconds in one real second."""
        return self._clock.speed

    def technical_now(self) -> datetime:
        """The database's time, by this process's monotonic clock since the last read."""
        return self._database_now + timedelta(seconds=time.monotonic() - self._read_at)

    def now(self) -> datetime:
        """Business time."""
        return self._clock.at(self.technical_now())

    def business(self, real: timedelta) -> timedelta:
        """How much business time passes while `real` time does: what a call costs of a window."""
        return real * max(self._clock.speed, 1.0)

    def plumbing(self, interval: timedelta, *, least: timedelta) -> float:
        """Seconds between two rounds of our own plumbing: shorter in a fast stack, where a round covers more."""
        if self._clock.speed <= 1.0:
            return interval.total_seconds()
        return max(interval / self._clock.speed, min(least, interval)).total_seconds()

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(FAST_REFRESH if self._clock.speed > 1.0 or self._clock.leaps else CALM_REFRESH)
            try:
                await self.refresh()
            except DATABASE_ERRORS:
                continue  # the last row still holds; what needs the database will say so itself
