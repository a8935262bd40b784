"""How long the due sends wait, by the reason that holds them: nearest-rank percentiles, so that each is a wait of one of the sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil


@dataclass(frozen=True, slots=True)
class Waiting:
    """Due sends that wait for one reason; half, 90 % and 99 % of them have waited no longer, in seconds of business time."""

    reason: str
    sends: int
    p50: float
    p90: float
    p99: float


def waiting_by_reason(waits: Mapping[str, Sequence[timedelta]]) -> list[Waiting]:
    """The reason with most sends first; reasons without sends are left out."""
    found = []
    for reason, each in waits.items():
        ranked = sorted(each)
        if ranked:
            ranks = [ranked[max(ceil(share * len(ranked)) - 1, 0)].total_seconds() for share in (0.5, 0.9, 0.99)]
            found.append(Waiting(reason, len(ranked), *ranks))
    return sorted(found, key=lambda waiting: (-waiting.sends, waiting.reason))
