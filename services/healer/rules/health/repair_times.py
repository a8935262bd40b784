"""How long repairs take: kept on a logarithmic scale, so that a year of them is read at the cost of a hundred numbers.

Eight steps to every doubling: a percentile read from it is at most 2^(1/8), nine percent, above the truth and never below it. Mean
and the share within the objective are exact, because sums and counts are kept beside the scale.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

STEPS_PER_DOUBLING: Final = 8
SHORTEST: Final = 0.001  # seconds; what took less counts as this
OBJECTIVE_SHARE: Final = 0.99
"""An objective is met when this share of the repairs took no longer than it says."""


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """What one step of the scale holds; `seconds` is the sum of all in it."""

    bucket: int
    repaired: int
    within: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RepairTimes:
    """Of a span of days. Times are in seconds, and None where nothing was repaired."""

    repaired: int
    within: int
    """Those that took no longer than the objective of their day."""
    mean: float | None
    p99: float | None
    met: bool | None
    """Whether OBJECTIVE_SHARE of them did; None where nothing was repaired."""


def find_bucket(took: timedelta) -> int:
    """The step that holds it; a clock that was set back makes no negative one."""
    return math.ceil(STEPS_PER_DOUBLING * math.log2(max(took.total_seconds(), SHORTEST)))


def bucket_upper_bound(bucket: int) -> float:
    """The longest that a step holds, in seconds."""
    return float(2 ** (bucket / STEPS_PER_DOUBLING))


def summarize_times(steps: Iterable[TimeBucket]) -> RepairTimes:
    """Mean, 99th percentile and the objective, over all of them."""
    ordered = sorted(steps, key=lambda step: step.bucket)
    repaired = sum(step.repaired for step in ordered)
    if repaired == 0:
        return RepairTimes(0, 0, None, None, None)
    within = sum(step.within for step in ordered)
    seconds = sum(step.seconds for step in ordered)
    return RepairTimes(
        repaired=repaired,
        within=within,
        mean=round(seconds / repaired, 3),
        p99=round(_percentile(ordered, 0.99 * repaired), 3),
        met=within >= OBJECTIVE_SHARE * repaired,
    )


def _percentile(ordered: list[TimeBucket], wanted: float) -> float:
    seen = 0
    for step in ordered:
        seen += step.repaired
        if seen >= wanted:
            return bucket_upper_bound(step.bucket)
    raise AssertionError("the steps hold fewer than was asked for")
