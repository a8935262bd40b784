"""What becomes of a job's interval in a stack whose clock is fast."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from shared.runtime.clock import StackClock
from shared.runtime.jobs import JobPace, Jobs


class Asked:
    """A clock that writes down what it is asked for."""

    def __init__(self) -> None:
        self.least: list[timedelta] = []

    def plumbing(self, interval: timedelta, *, least: timedelta) -> float:
        self.least.append(least)
        return interval.total_seconds()


@pytest.mark.parametrize(("pace", "least_ms"), [(JobPace.REAL, []), (JobPace.BUSINESS, [100]), (JobPace.PROMPT, [20])])
async def test_only_what_keeps_business_time_shrinks_with_the_clock(pace: JobPace, least_ms: list[int]) -> None:
    clock, done = Asked(), asyncio.Event()

    async def work() -> None:
        done.set()

    jobs = Jobs(cast("StackClock", clock))
    jobs.add("a job", timedelta(hours=1), work, pace=pace)
    jobs.start()
    await done.wait()
    await asyncio.sleep(0)  # its wait has begun
    await jobs.stop()
    assert clock.least == [timedelta(milliseconds=least) for least in least_ms]
