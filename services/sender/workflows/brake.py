"""When key or address of the provider are wrong no call can succeed: everything waits, and nobody is used up on it."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from services.sender.metrics import BRAKES
from shared.runtime.clock import StackClock

log = structlog.get_logger()

REST: Final = timedelta(seconds=30)
"""Real time; then one send after the other finds out again."""


class Brake:
    """One per process."""

    def __init__(self, clock: StackClock) -> None:
        self._clock = clock
        self._until: datetime | None = None

    def pull(self, why: str) -> None:
        """Nothing leaves for a while."""
        BRAKES.inc()
        self._until = self._clock.now() + self._clock.business(REST)
        log.critical("nothing can leave: the provider refuses our key or does not know the address", why=why)

    def until(self, now: datetime) -> datetime | None:
        """Until when (business time); None when sends may leave."""
        return self._until if self._until is not None and self._until > now else None
