"""Work that the clock starts: each job runs again after its interval, never twice at once, and survives its own failures."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from shared.runtime.clock import StackClock
from shared.runtime.metrics import JOB_FAILURES, JOB_LAST_SUCCESS, JOB_SECONDS

log = structlog.get_logger()

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Job:
    """A coroutine function and how often it runs; it returns True when there is more to do at once."""

    name: str
    every: timedelta
    """Business plumbing: shrinks with the stack's speed (see StackClock.plumbing)."""
    do: Callable[[], Awaitable[Any]]
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Run now instead of at the next interval."""
        self.woken.set()


class Jobs:
    """The jobs of one process."""

    def __init__(self, clock: StackClock) -> None:
        self._clock = clock
        self._jobs: list[Job] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, every: timedelta, do: Callable[[], Awaitable[Any]]) -> Job:
        """Declare a job; it starts with the others."""
        job = Job(name, every, do)
        self._jobs.append(job)
        return job

    def start(self) -> None:
        """Start them all."""
        self._tasks = [asyncio.create_task(self._run(job), name=f"job {job.name}") for job in self._jobs]

    async def stop(self) -> None:
        """Cancel them; what a job holds in a transaction is rolled back, and every job can bear that."""
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        except asyncio.CancelledError:
            log.warning("jobs did not stop in time", jobs=[task.get_name() for task in self._tasks if not task.done()])
            raise

    async def _run(self, job: Job) -> None:
        pause = FIRST_PAUSE
        while True:
            started = time.monotonic()
            try:
                more = await job.do()
            except Exception as error:
                JOB_FAILURES.labels(job=job.name).inc()
                log.warning("job failed, it will run again", job=job.name, error=repr(error), exc_info=not isinstance(error, OSError))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            JOB_SECONDS.labels(job=job.name).observe(time.monotonic() - started)
            JOB_LAST_SUCCESS.labels(job=job.name).set_to_current_time()
            if more is True:
                await asyncio.sleep(0)
                continue
            with contextlib.suppress(TimeoutError):
                # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with the wake.
                async with asyncio.timeout(self._clock.plumbing(job.every)):
                    await job.woken.wait()
            job.woken.clear()
