"""How long the due sends wait, by the reason that holds them: nearest-rank percentiles, so that each is a wait of one of the sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many due sends wait for one reason, and how long half, 90 % and 99 % of them have waited at most."""

    reason: str
    sends: int
    p50: timedelta
    p90: timedelta
    p99: timedelta


def waiting_by_reason(waits: Mapping[str, Sequence[timedelta]]) -> list[Waiting]:
    """The reason with most sends first; reasons without sends are left out."""
    found = [_waiting(reason, sorted(each)) for reason, each in waits.items() if each]
    return sorted(found, key=lambda each: (-each.sends, each.reason))


def _waiting(reason: str, waits: Sequence[timedelta]) -> Waiting:
    def rank(share: float) -> timedelta:
        return waits[max(ceil(share * len(waits)) - 1, 0)]

    return Waiting(reason, len(waits), rank(0.5), rank(0.9), rank(0.99))
