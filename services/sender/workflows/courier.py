"""Act: at most one call per account, many accounts at once, every call within its deadline.

One batch is decided while another is called, and calls are started a few in one turn of the loop: begin, finish and Kafka wait for that
loop between their statements, and stood still while 256 calls were written at once (ADR 0038).

What it never started it releases, so that a stop leaves nothing unknown; what it started it waits for.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import structlog

from services.sender.metrics import DURATION, INFLIGHT
from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome import Outcome, never_started
from services.sender.workflows.finish import Finisher
from shared.fence.fence import UNFENCED, Gate
from shared.runtime.clock import StackClock, Stopwatch

log = structlog.get_logger()

STARTED_IN_ONE_TURN: Final = 8
"""Calls. One takes some 0.2 ms of the loop until its request is written; 4, 8 and 16 measured the same, 256 a seventh slower."""


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
        self._batch = max(calls // 2, 1)
        self._changed = asyncio.Condition()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def room(self, wanted: int) -> int:
        """Reserve room for `wanted` calls, or for half of all where that is fewer; waits until there is so much.

        Whoever took the first place that comes free would decide a few sends at a time, for the price of as many.
        """
        granted = min(wanted, self._batch)
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= granted)
            self._free -= granted
            return granted

    def give_room(self, count: int) -> None:
        """Reserved room that is not needed."""
        self._free += count
        if count:
            self._keep(self._tell())

    def take(self, attempts: Sequence[Attempt], *, room: int, since: Stopwatch) -> None:
        """Start them; `room` is what was reserved for the batch, `since` runs from before it was decided."""
        self.give_room(room - len(attempts))
        if attempts:
            self._keep(self._start(attempts, since))

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

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _start(self, attempts: Sequence[Attempt], since: Stopwatch) -> None:
        for number, attempt in enumerate(attempts, 1):
            self._keep(self._carry(attempt, since))
            if number % STARTED_IN_ONE_TURN == 0:
                await asyncio.sleep(0)

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
