"""When an account is read next: at random moments, and never on the hour (shared/calendar/opening.py keeps its hours)."""

import random
from datetime import datetime, timedelta
from typing import Final

SPREAD: Final = 0.3
ON_THE_HOUR: Final = timedelta(minutes=2)
"""A read this near to a full hour looks automated."""
FIRST_BACK_OFF: Final = timedelta(minutes=15)
LONGEST_BACK_OFF: Final = timedelta(hours=12)


def next_read(now: datetime, every: timedelta, *, chance: random.Random) -> datetime:
    """`every` from now, plus or minus 30 %."""
    return off_the_hour(now + every * chance.uniform(1 - SPREAD, 1 + SPREAD), chance=chance)


def off_the_hour(at: datetime, *, chance: random.Random) -> datetime:
    """The same moment, or some minutes later when it falls on a full hour."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    if ON_THE_HOUR <= past <= timedelta(hours=1) - ON_THE_HOUR:
        return at
    return at + 2 * ON_THE_HOUR + timedelta(minutes=chance.uniform(0, 15))


def after_failure(now: datetime, failures: int, *, chance: random.Random, rest: timedelta | None = None) -> datetime:
    """Later after each failure, and not before the `rest` that a limit signal demands."""
    back_off = min(FIRST_BACK_OFF * 2 ** min(failures, 10), LONGEST_BACK_OFF)
    return off_the_hour(now + max(back_off, rest or timedelta()) * chance.uniform(1, 1 + SPREAD), chance=chance)
