"""Work that the clock starts: each job runs again after its interval, never twice at once, and survives its own failures."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import structlog

from shared.metrics import JOB_FAILURES, JOB_LAST_SUCCESS, JOB_SECONDS
from shared.runtime.clock import StackClock

log = structlog.get_logger()

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0


class JobPace(StrEnum):
    """What a job's interval becomes in a stack whose clock is fast (embedded ones: everywhere else all three are the same)."""

    REAL = "real"
    """It stays: what the job looks for comes from crashes and people, and those keep real time."""
    BUSINESS = "business"
    """It shrinks with the clock's speed, to a tenth of a second at least: an idle look costs the same however fast the clock is."""
    PROMPT = "prompt"
    """It shrinks to a fiftieth of a second: for the jobs on which the moment of a send depends."""


LEAST: Final = {JobPace.BUSINESS: timedelta(milliseconds=100), JobPace.PROMPT: timedelta(milliseconds=20)}


@dataclass(slots=True)
class Job:
    """A coroutine function and how often it runs; it returns True when there is more to do at once."""

    name: str
    every: timedelta
    do: Callable[[], Awaitable[Any]]
    pace: JobPace
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

    def add(self, name: str, every: timedelta, do: Callable[[], Awaitable[Any]], *, pace: JobPace = JobPace.BUSINESS) -> Job:
        """Declare a job; it starts with the others."""
        job = Job(name, every, do, pace)
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
                async with asyncio.timeout(self._pause(job)):
                    await job.woken.wait()
            job.woken.clear()

    def _pause(self, job: Job) -> float:
        """Seconds until its next round; asked anew each time, because a stack's speed may be changed while it runs."""
        least = LEAST.get(job.pace)
        return job.every.total_seconds() if least is None else self._clock.plumbing(job.every, least=least)
