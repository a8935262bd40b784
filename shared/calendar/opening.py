"""When an account may be read: LinkedIn sees a read like any other deed, so none is made while its schedule is closed."""

import random
from datetime import datetime, timedelta
from typing import Final

from shared.calendar.schedule import Schedule

MORNING: Final = timedelta(minutes=90)
"""Reads that waited for the opening are spread over so much of it."""
NEVER_OPEN: Final = timedelta(days=30)
"""An account whose schedule has no opening for a year is asked about again after so long: settings change."""

ON_ITS_WAY: Final = timedelta(seconds=1)
"""Technical: so long a read may take to reach the provider; one that is decided just before the closing would arrive after it."""


def when_open(schedule: Schedule, after: datetime, *, chance: random.Random) -> datetime | None:
    """A moment within the next opening at or after `after`; None when there is none for a year."""
    span = schedule.next_open(after)
    if span is None:
        return None
    opens, closes = span
    return opens + min(MORNING, (closes - opens) / 2) * chance.random()


def within_hours(schedule: Schedule, at: datetime, *, chance: random.Random) -> datetime:
    """The same moment while the schedule is open, else one of its next opening; a month later where it never opens.

    A read that is planned for the night would only wake the account to be put off.
    """
    if schedule.is_open(at):
        return at
    return when_open(schedule, at, chance=chance) or at + NEVER_OPEN
