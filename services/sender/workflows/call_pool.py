"""Act: at most one call per account, many accounts at once, every call within its deadline.

One batch is decided while another is called, and calls are started a few in one turn of the event loop: begin, finish and Kafka wait
for that loop between their statements, and stood still while 256 calls were written at once (ADR 0038).

An attempt whose call never started is released, so that a stop leaves nothing unknown; a call that started is waited for.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from services.sender.channels.registry import Deliverer
from services.sender.metrics import DURATION, INFLIGHT
from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome, not_started
from services.sender.workflows.finish import Finisher
from shared.fence.fence import UNFENCED, Gate
from shared.runtime.clock import StackClock, Stopwatch

log = structlog.get_logger()

STARTED_IN_ONE_TURN: Final = 8
"""Calls. One takes some 0.2 ms of the loop until its request is written; 4, 8 and 16 measured the same, 256 a seventh slower."""


class CallPool:
    """A bounded number of calls at once."""

    def __init__(self, channels: Deliverer, finisher: Finisher, clock: StackClock, *, calls: int, fence: Gate = UNFENCED) -> None:
        self._channels = channels
        self._finisher = finisher
        self._clock = clock
        self._fence = fence
        self._free = calls
        self._batch = max(calls // 2, 1)
        self._changed = asyncio.Condition()
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def reserve(self, wanted: int) -> int:
        """Reserve `wanted` calls, or half of all where that is fewer; waits until so many are free.

        A batch that began with the first call to become free would decide a few sends at a time, at the price of a whole batch.
        """
        granted = min(wanted, self._batch)
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= granted)
            self._free -= granted
            return granted

    def release(self, count: int) -> None:
        """Give back reserved calls that are not needed."""
        self._free += count
        if count:
            self._run(self._notify())

    def start(self, attempts: Sequence[Attempt], *, reserved: int, since: Stopwatch) -> None:
        """Start the calls; `reserved` is what was reserved for the batch, `since` runs from before the batch was decided."""
        self.release(reserved - len(attempts))
        if attempts:
            self._run(self._start_in_turns(attempts, since))

    async def drain(self) -> None:
        """Start no new call; wait for those under way, and until their answers are written."""
        self._stopping = True
        await self.wait_until_idle()
        await self._finisher.drain()

    async def wait_until_idle(self) -> None:
        """Wait until no call is under way."""
        while self._under_way:
            done, _ = await asyncio.wait(set(self._under_way))
            self._under_way -= done

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _start_in_turns(self, attempts: Sequence[Attempt], since: Stopwatch) -> None:
        for number, attempt in enumerate(attempts, 1):
            self._run(self._call_and_finish(attempt, since))
            if number % STARTED_IN_ONE_TURN == 0:
                await asyncio.sleep(0)

    async def _call_and_finish(self, attempt: Attempt, since: Stopwatch) -> None:
        try:
            self._finisher.add(await self._call(attempt, since))
        finally:
            self._free += 1
            await self._notify()

    async def _call(self, attempt: Attempt, since: Stopwatch) -> AttemptOutcome:
        def may_begin() -> bool:
            # A call that cannot begin in time must not begin at all. Measured by the time that has passed since the database decided,
            # never by the time of day: a sender whose clock was two seconds fast began nothing ever.
            return not (self._stopping or since.elapsed() >= attempt.starts_within or self._fence.shut is not None)

        if not may_begin():
            return not_started(attempt, self._clock.now())
        started = time.monotonic()
        with INFLIGHT.track_inprogress():
            outcome = await self._channels.deliver(attempt, may_begin)
        if outcome.called:
            DURATION.labels(kind=attempt.action.value, outcome=outcome.state.value).observe(time.monotonic() - started)
        return outcome

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
