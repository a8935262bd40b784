"""Jobs end when they are told to, whatever else comes at the same moment."""

import asyncio
from datetime import timedelta
from typing import cast

from shared.runtime.clock import StackClock
from shared.runtime.jobs import Jobs


class RealTime:
    """All that jobs ask of a clock."""

    def plumbing(self, interval: timedelta, *, least: timedelta) -> float:
        return max(interval, least).total_seconds()


async def test_a_job_that_is_woken_in_the_moment_it_is_stopped_stops() -> None:
    rounds = 0
    waiting = asyncio.Event()

    async def work() -> None:
        nonlocal rounds
        rounds += 1
        waiting.set()

    jobs = Jobs(cast("StackClock", RealTime()))
    job = jobs.add("a job", timedelta(hours=1), work)
    jobs.start()
    await waiting.wait()
    await asyncio.sleep(0)  # its wait has begun
    job.wake()
    async with asyncio.timeout(5):
        await jobs.stop()
    assert rounds == 1
