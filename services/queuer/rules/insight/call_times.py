"""How long a provider call may take: planner, queue and explanations subtract it from the end of each window, as the sender does."""

from dataclasses import dataclass
from datetime import timedelta

from shared.runtime.settings import CallSettings


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long the sender keeps free before a window ends: at real speed (business is real time), and in a fast stack (real)."""

    real: timedelta
    fast: timedelta

    @classmethod
    def of(cls, settings: CallSettings) -> "CallTimes":
        """The times that the sender's settings say."""
        return cls(settings.unipile_timeout, settings.sender_call_time)

    def at(self, speed: float) -> tuple[timedelta, timedelta]:
        """The call's time and the margin that a fast clock adds, as the sender computes them."""
        call = self.real if speed <= 1 else self.fast
        return call, call * max(speed, 1.0) - call
