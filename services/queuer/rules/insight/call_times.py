"""How long a call may take: what must be left of a window for whoever says what the sender will do."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long the sender keeps free before a window ends: at real speed (business is real time), and in a fast stack (real)."""

    real: timedelta
    fast: timedelta

    def at(self, speed: float) -> tuple[timedelta, timedelta]:
        """The call's time and the margin that a fast clock adds, as the sender reckons them."""
        call = self.real if speed <= 1 else self.fast
        return call, call * max(speed, 1.0) - call
