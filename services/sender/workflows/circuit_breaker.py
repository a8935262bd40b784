"""The circuit breaker: with a wrong key or address every call fails, so the sender stops calling and uses up no attempt."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from services.sender.metrics import CIRCUIT_OPENED
from shared.runtime.clock import StackClock

log = structlog.get_logger()

OPEN_FOR: Final = timedelta(seconds=30)
"""Real time; then the next send finds out whether calls succeed again."""


class CircuitBreaker:
    """One per process."""

    def __init__(self, clock: StackClock) -> None:
        self._clock = clock
        self._until: datetime | None = None

    def open(self, why: str) -> None:
        """No send leaves for `OPEN_FOR`."""
        CIRCUIT_OPENED.inc()
        self._until = self._clock.now() + self._clock.business(OPEN_FOR)
        log.critical("no send can leave: the provider refuses the key or does not know the address", why=why)

    def open_until(self, now: datetime) -> datetime | None:
        """Until when no send leaves (business time); None while sends may leave."""
        return self._until if self._until is not None and self._until > now else None
