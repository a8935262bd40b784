"""What will happen, in order of its business moment."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Deed = Callable[[datetime], None]


class Agenda:
    """A heap of deeds. A leap of the clock runs all it leapt over, each at its own moment, none twice."""

    def __init__(self, start: datetime) -> None:
        self.now = to_millisecond(start)
        self._order = count()
        self._heap: list[tuple[datetime, int, Deed]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, moment: datetime, deed: Deed) -> None:
        """Plan a deed; one planned for the past is done at the next advance."""
        heappush(self._heap, (to_millisecond(moment), next(self._order), deed))

    def advance(self, now: datetime) -> datetime:
        """Do what is due by `now`, and return the time it is: never earlier than before, since answers of the clock may overtake."""
        now = to_millisecond(now)
        while self._heap and self._heap[0][0] <= now:
            moment, _, deed = heappop(self._heap)
            self.now = max(self.now, moment)
            deed(self.now)
        self.now = max(self.now, now)
        return self.now


def to_millisecond(moment: datetime) -> datetime:
    """The API shows no more than milliseconds, and what it shows must be what cursors and filters compare with."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
