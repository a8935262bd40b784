"""What will happen, in order of its business moment."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Deed = Callable[[datetime], None]


class Agenda:
    """A heap of deeds. A leap of the clock runs all it leapt over, each at its own moment, none twice."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._order = count()
        self._heap: list[tuple[datetime, int, Deed]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, moment: datetime, deed: Deed) -> None:
        """Plan a deed; one planned for the past is done at the next advance."""
        heappush(self._heap, (moment, next(self._order), deed))

    def advance(self, now: datetime) -> datetime:
        """Do what is due by `now`, and return the time it is: never earlier than before, since answers of the clock may overtake."""
        while self._heap and self._heap[0][0] <= now:
            moment, _, deed = heappop(self._heap)
            self.now = max(self.now, moment)
            deed(self.now)
        self.now = max(self.now, now)
        return self.now
