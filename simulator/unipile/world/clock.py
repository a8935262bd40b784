"""The business clock: the simulator's own, or the stack's one row in PostgreSQL."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

import asyncpg

from simulator.unipile.settings import SimulatorCannotStartError

READ: Final = "SELECT clock_timestamp() AS technical, anchored_at, business_at, speed FROM stack_clock"
DRIFT: Final = 0.0005
"""Two hosts' clocks part by no more than this (the most by which NTP slews one, ntp_adjtime(2)): an older sample is trusted less."""


class SimulatedClock(Protocol):
    """Answers what time it is in the business, and how fast it runs."""

    speed: float

    async def now(self) -> datetime:
        """The business time at some moment after the call began and before it returned."""
        ...

    def at(self, moment: float) -> datetime:
        """The business time at a moment of this process's monotonic clock, which lies shortly before or after a `now`."""
        ...

    async def close(self) -> None:
        """Give back what the clock holds."""
        ...


class OwnClock:
    """Runs from a start at a steady speed, over the monotonic clock so that an adjusted machine clock does not leap it."""

    def __init__(self, start: datetime, speed: float) -> None:
        self.speed = speed
        self._start = start
        self._anchor = monotonic()

    async def now(self) -> datetime:
        """No waiting: it is a sum."""
        return self.at(monotonic())

    def at(self, moment: float) -> datetime:
        """Exact."""
        return self._start + timedelta(seconds=(moment - self._anchor) * self.speed)

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the database's clock showed between two moments of ours."""

    technical: datetime
    asked: float
    answered: float

    def wrong_by(self, moment: float) -> float:
        """Seconds by which what is worked out from this one for a later moment may be wrong."""
        return (self.answered - self.asked) / 2 + (moment - self.answered) * DRIFT

    def at(self, moment: float) -> datetime:
        """The database's time at a moment of ours."""
        return self.technical + timedelta(seconds=moment - (self.asked + self.answered) / 2)

    def agrees(self, other: "Sample") -> bool:
        """Whether both can be true: otherwise one of the clocks was set."""
        return abs((self.at(other.answered) - other.at(other.answered)).total_seconds()) <= self.wrong_by(other.answered) + other.wrong_by(
            other.answered
        )


@dataclass(frozen=True, slots=True)
class Row:
    """The clock's row: at `anchored_at` (the database's time) it showed `business_at`."""

    anchored_at: datetime
    business_at: datetime
    speed: float

    def at(self, technical: datetime) -> datetime:
        """The business time then."""
        return self.business_at + (technical - self.anchored_at) * self.speed


class DatabaseClock:
    """The stack's clock, read anew for every call because it may leap between two.

    On a busy machine a read takes a second, which is a minute of a fast clock: too coarse to judge a pause of two minutes by. So
    moments are taken from this process's own clock, and set against the database's by whichever read took the shortest.

    Calls that come while a read is under way share the next one: a shared read still begins after each of them arrived,
    and a thousand calls a second do not become a thousand queries.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.speed = 1.0
        self._pool = pool
        self._row: Row | None = None
        self._best: Sample | None = None
        self._waiting: list[asyncio.Future[datetime]] = []
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, dsn: str) -> "DatabaseClock":
        """Open two connections and read once.

        Raises:
            CannotStartError: the database is away or has no clock.
        """
        try:
            pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2, timeout=10)
            clock = cls(pool)
            await clock.now()
        except (OSError, asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise SimulatorCannotStartError(f"The clock's database cannot be reached: {error}. Check --clock-database.") from error
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError) as error:
            raise SimulatorCannotStartError("The clock's database has no business clock. Run `tact migrate apply` on it first.") from error
        return clock

    async def now(self) -> datetime:
        """Waits for one read, about 0.3 ms on the same machine."""
        answer: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        return await answer

    def at(self, moment: float) -> datetime:
        """By the row that was read last."""
        if self._row is None or self._best is None:
            raise SimulatorCannotStartError("The clock was not read yet.")
        return self._row.at(self._best.at(moment))

    async def close(self) -> None:
        """End the pool at once: nothing of it is worth waiting for."""
        self._pool.terminate()

    async def _read(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                now = await self._read_row()
            except Exception as error:  # raised in the waiting task, which is the only one to report it
                for answer in waiting:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for answer in waiting:
                if not answer.done():
                    answer.set_result(now)

    async def _read_row(self) -> datetime:
        asked = monotonic()
        row = await self._pool.fetchrow(READ)
        if row is None:
            raise SimulatorCannotStartError("The table stack_clock is empty. Run `tact migrate apply` on the clock's database.")
        sample = Sample(row["technical"], asked, monotonic())
        best = self._best
        if best is None or not best.agrees(sample) or sample.wrong_by(sample.answered) <= best.wrong_by(sample.answered):
            self._best = sample
        self._row = Row(row["anchored_at"], row["business_at"], float(row["speed"]))
        self.speed = self._row.speed
        return self._row.at(sample.technical)
