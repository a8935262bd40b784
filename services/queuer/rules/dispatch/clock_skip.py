"""How far the business clock of a fast stack may skip hours in which no account may act."""

from datetime import datetime, timedelta
from typing import Final

LAND_BEFORE: Final = timedelta(minutes=15)
"""The clock runs normally up to the moment itself, so that every service has read the time before it."""
WORTH_IT: Final = timedelta(minutes=30)


def landing(now: datetime, moment: datetime | None) -> datetime | None:
    """Where to land before the next moment of anything, or None when that is near or unknown. Business time."""
    if moment is None or moment - now <= WORTH_IT:
        return None
    return moment - LAND_BEFORE
