"""Local wall-clock hours as exact UTC spans, whatever a zone's clocks do that day.

Zones skip hours, repeat hours, and once skipped a whole day (Pacific/Apia, 2011-12-30). A day is therefore cut where
the zone's offset changes; within each piece local time is plain arithmetic, and no case needs a rule of its own.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, reset_tzpath

Span = tuple[datetime, datetime]
"""From the first moment (inside) to the last (outside), both in UTC."""

MINUTES_A_DAY: Final = 24 * 60

# Python reads the machine's own zone files before the package tzdata, however old they are: on one such machine Morocco kept
# a summer time that it had given up. What is installed with us decides, on every machine alike.
reset_tzpath(())
ZoneInfo.clear_cache()

_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_FARTHEST_OFFSET: Final = timedelta(hours=16)  # the tz database's widest is -15:56 (Manila before 1845)


def utc(at: datetime) -> datetime:
    """The same moment in UTC, or a ValueError when it has no zone: Python would silently take the machine's own."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; give an aware datetime, for example {at.isoformat()}+00:00.")
    return at.astimezone(UTC)


@lru_cache(maxsize=32_768)
def spans(zone: ZoneInfo, day: date, opens: int = 0, closes: int = MINUTES_A_DAY) -> tuple[Span, ...]:
    """When the zone's clocks show `day` between two times of day (minutes after midnight), in order.

    Usually one span. None when the clocks jump over all of it, two when they go back from inside to before `opens`.
    """
    midnight = datetime.combine(day, time.min, UTC)
    found: list[Span] = []
    for start, end, offset in _steady_pieces(zone, day):
        first = max(start, midnight + timedelta(minutes=opens) - offset)
        last = min(end, midnight + timedelta(minutes=closes) - offset)
        if first >= last:
            continue
        if found and found[-1][1] == first:
            first = found.pop()[0]
        found.append((first, last))
    return tuple(found)


@lru_cache(maxsize=32_768)
def _steady_pieces(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The time around a local day, cut where the zone's offset from UTC changes."""
    start = datetime.combine(day, time.min, UTC) - _FARTHEST_OFFSET
    end = start + timedelta(days=1) + 2 * _FARTHEST_OFFSET
    pieces = []
    at = start
    while at < end:
        then = at + _HOUR
        if _offset(zone, at) != _offset(zone, then):
            change = _change(zone, at, then)
            pieces.append((start, change, _offset(zone, start)))
            start = change
        at = then
    pieces.append((start, end, _offset(zone, start)))
    return tuple(pieces)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new offset, which the tz database gives in whole seconds."""
    old = _offset(zone, before)
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).replace(tzinfo=UTC) - at
