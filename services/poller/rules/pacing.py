"""When an account is read next: at random moments, never on the hour, never while its schedule is closed."""

import random
from datetime import datetime, timedelta
from typing import Final

from shared.calendar.schedule import Schedule

SPREAD: Final = 0.3
ON_THE_HOUR: Final = timedelta(minutes=2)
"""So near to a full hour a read looks like a machine's."""
MORNING: Final = timedelta(minutes=90)
"""Reads that waited for the opening are spread over so much of it."""
FIRST_BACK_OFF: Final = timedelta(minutes=15)
LONGEST_BACK_OFF: Final = timedelta(hours=12)
NEVER_OPEN: Final = timedelta(days=30)
"""An account whose schedule has no opening for a year is asked about again after so long: settings change."""


def next_read(now: datetime, every: timedelta, *, chance: random.Random) -> datetime:
    """`every` from now, plus or minus 30 %."""
    return off_the_hour(now + every * chance.uniform(1 - SPREAD, 1 + SPREAD), chance=chance)


def off_the_hour(at: datetime, *, chance: random.Random) -> datetime:
    """The same moment, or some minutes later when it falls on a full hour."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    if ON_THE_HOUR <= past <= timedelta(hours=1) - ON_THE_HOUR:
        return at
    return at + 2 * ON_THE_HOUR + timedelta(minutes=chance.uniform(0, 15))


def when_open(schedule: Schedule, after: datetime, *, chance: random.Random) -> datetime | None:
    """A moment within the next opening at or after `after`; None when there is none for a year."""
    span = schedule.next_open(after)
    if span is None:
        return None
    opens, closes = span
    return opens + min(MORNING, (closes - opens) / 2) * chance.random()


def within_hours(schedule: Schedule, at: datetime, *, chance: random.Random) -> datetime:
    """The same moment while the schedule is open, else one of its next opening; a month later where it never opens.

    A read that is planned for the night would only wake everybody to be put off.
    """
    if schedule.is_open(at):
        return at
    return when_open(schedule, at, chance=chance) or at + NEVER_OPEN


def after_failure(now: datetime, failures: int, *, chance: random.Random, rest: timedelta | None = None) -> datetime:
    """Later each time; `rest` is what a limit signal asks for, and is the least then."""
    back_off = min(FIRST_BACK_OFF * 2 ** min(failures, 10), LONGEST_BACK_OFF)
    return off_the_hour(now + max(back_off, rest or timedelta()) * chance.uniform(1, 1 + SPREAD), chance=chance)
