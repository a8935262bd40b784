"""Act: at most one call per account, many accounts at once, every call within its deadline.

What it never started it releases, so that a stop leaves nothing unknown; what it started it waits for.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from services.sender.metrics import DURATION, INFLIGHT
from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome import Outcome, never_started
from services.sender.workflows.finish import Finisher
from shared.fence.fence import UNFENCED, Gate
from shared.runtime.clock import StackClock, Stopwatch

log = structlog.get_logger()


class Channel(Protocol):
    """A way out."""

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> Outcome:
        """Make the one call and say what the answer means; raises nothing but cancellation.

        `may_begin` is asked right before the first byte leaves; where it says no, nothing does.
        """


class Courier:
    """A bounded pool of calls."""

    def __init__(self, channel: Channel, finisher: Finisher, clock: StackClock, *, calls: int, fence: Gate = UNFENCED) -> None:
        self._channel = channel
        self._finisher = finisher
        self._clock = clock
        self._fence = fence
        self._free = calls
        self._changed = asyncio.Condition()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def room(self, wanted: int) -> int:
        """Reserve room for up to `wanted` calls, at least one; waits until there is some."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._free > 0)
            granted = min(wanted, self._free)
            self._free -= granted
            return granted

    def give_room(self, count: int) -> None:
        """Reserved room that is not needed."""
        self._free += count
        if count:
            task = asyncio.ensure_future(self._tell())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def take(self, attempts: Sequence[Attempt], *, room: int, since: Stopwatch) -> None:
        """Start them; `room` is what was reserved for the batch, `since` runs from before it was decided."""
        self.give_room(room - len(attempts))
        for attempt in attempts:
            task = asyncio.create_task(self._carry(attempt, since))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def drain(self) -> None:
        """No new call; wait for those under way, and for their answers to be written."""
        self._stopping = True
        await self.idle()
        await self._finisher.drain()

    async def idle(self) -> None:
        """Wait until no call is under way."""
        while self._under_way:
            done, _ = await asyncio.wait(set(self._under_way))
            self._under_way -= done

    async def _carry(self, attempt: Attempt, since: Stopwatch) -> None:
        try:
            self._finisher.take(await self._act(attempt, since))
        finally:
            self._free += 1
            await self._tell()

    async def _act(self, attempt: Attempt, since: Stopwatch) -> Outcome:
        def may_begin() -> bool:
            # What cannot begin in time any more must not begin at all. By the time that has passed since the database decided, never
            # by the time of day: a sender whose clock was two seconds fast began nothing ever.
            return not (self._stopping or since.elapsed() >= attempt.starts_within or self._fence.shut is not None)

        if not may_begin():
            return never_started(attempt, self._clock.now())
        started = time.monotonic()
        with INFLIGHT.track_inprogress():
            outcome = await self._channel.deliver(attempt, may_begin)
        if outcome.called:
            DURATION.labels(kind=attempt.action.value, outcome=outcome.state.value).observe(time.monotonic() - started)
        return outcome

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
