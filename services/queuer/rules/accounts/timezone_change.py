"""When an account may live by another zone's days."""

from datetime import datetime
from zoneinfo import ZoneInfo

from shared.calendar import spans, utc


def both_past_midnight(old: ZoneInfo, new: ZoneInfo, now: datetime) -> datetime:
    """The first moment after `now` at which both zones have begun another day: by then no day of caps can count twice."""
    now = utc(now)
    return max(_next_midnight(old, now), _next_midnight(new, now))


def _next_midnight(zone: ZoneInfo, now: datetime) -> datetime:
    return next(end for start, end in spans(zone, now.astimezone(zone).date()) if start <= now < end)
