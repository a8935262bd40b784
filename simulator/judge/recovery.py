"""How long sends stood still after each fault, from the moments at which the provider saw them take effect."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

SHARE: Final = 0.25
"""Sends flow while a window holds a quarter of the run's mean rate: half would be crossed by chance, a single one proves nothing."""
ENOUGH: Final = 20
"""A window is so long that the mean rate puts as many sends into it, and a second at least."""
SETTLED_S: Final = 20.0
"""Once sends have flowed for so long, what a fault set off is over; the last of it is that a group drops a dead member after 20 s."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """One fault and how long after it sends flowed again, in real seconds; 0: they never stopped.

    A pause that begins when they have flowed for SETTLED_S counts with its own length, where that is longer: its cause is not known.
    """

    what: str
    at: datetime
    seconds: float


def recoveries(sent: Sequence[datetime], faults: Sequence[tuple[str, datetime]], *, since: datetime, until: datetime) -> list[Recovery]:
    """For each (name, moment) of a fault, when sends flowed again; all moments are real time, `sent` and `faults` in order.

    A pause is the last fault's before it began, and lasts until sends flow again even where the next fault falls into it. Faults
    within the last window before `until` say nothing, because there is nothing left to flow.
    """
    moments = [(moment - since).total_seconds() for moment in sent]
    lasted = (until - since).total_seconds()
    inside = bisect_left(moments, lasted)
    if not inside or lasted <= 0:
        return []
    flow = Flow(moments, window=max(1.0, ENOUGH * lasted / inside), rate=inside / lasted, lasted=lasted)
    struck = [(what, at, (at - since).total_seconds()) for what, at in faults]
    struck = [one for one in struck if 0 <= one[2] < flow.last]
    following = [one[2] for one in struck[1:]] + [lasted]
    return [
        Recovery(what, at, flow.stood_still(after=second, before=next_one))
        for (what, at, second), next_one in zip(struck, following, strict=False)
    ]


@dataclass(frozen=True, slots=True)
class Flow:
    """Sends by their second since the beginning, and what counts as flowing."""

    moments: Sequence[float]
    window: float
    rate: float
    lasted: float

    @property
    def last(self) -> float:
        """When the last whole window begins."""
        return self.lasted - self.window

    def stood_still(self, *, after: float, before: float) -> float:
        """From `after` until sends flow again, where they stopped before the second `before`; 0 where they did not."""
        began = flowing = at = after
        longest = 0.0
        while at <= self.last:
            if not self._flows(at):
                if at - flowing > SETTLED_S:
                    began = at
                flowing = self._next(at)  # at the first send after which a window is full again
                longest = max(longest, flowing - began)
            if flowing <= at and at + self.window >= before:
                break  # what stops from here on, the next fault has stopped
            at += self.window / 10
        return round(longest, 2)

    def _flows(self, at: float) -> bool:
        return bisect_left(self.moments, at + self.window) - bisect_left(self.moments, at) >= SHARE * self.rate * self.window

    def _next(self, at: float) -> float:
        """The first send from `at` on; where only stragglers left in a window, the next looks put this off further."""
        place = bisect_left(self.moments, at)
        return min(self.moments[place] if place < len(self.moments) else self.lasted, self.lasted)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` percent of them do not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 100) - 1))] if ordered else 0.0
