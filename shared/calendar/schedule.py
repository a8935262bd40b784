"""When a schedule is open: hours on working days, in a zone, by a country's weekend and holidays.

Pure and fast: the sender asks thousands of times a second, so what a day is is worked out once per (schedule, date).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.calendar.countries import is_weekend, public_holiday
from shared.calendar.zones import MINUTES_A_DAY, Span, spans, utc

Closed = Literal["hours", "weekend", "holiday"]

HORIZON_DAYS: Final = 400
"""How far ahead an opening is looked for: a little over a year, so that whatever comes round yearly is found."""

_ONE_DAY: Final = timedelta(days=1)
_NO_TIME: Final = timedelta()


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours that hold for one campaign on one account, every question already settled.

    `opens` and `closes` are minutes after local midnight (closes 1440: midnight at the day's end). `weekdays`
    (0 is Monday) replaces the country's weekend when it is given.
    """

    zone: ZoneInfo
    opens: int
    closes: int
    country: str
    skip_weekends: bool = True
    skip_holidays: bool = True
    weekdays: frozenset[int] | None = None
    days_off: frozenset[date] = frozenset()
    working_exceptions: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= MINUTES_A_DAY:
            raise ValueError(f"Hours must satisfy 0 <= opens < closes <= 1440 minutes, not {self.opens} to {self.closes}.")

    def is_open(self, at: datetime) -> bool:
        """Whether something may leave at this moment."""
        return self.window(at) is not None

    def closed_because(self, at: datetime) -> Closed | None:
        """Why nothing may leave at this moment, or None when the schedule is open."""
        at = utc(at)
        day = _day(self, at.astimezone(self.zone).date())
        if day.closed is not None:
            return day.closed
        return None if any(opens <= at < closes for opens, closes in day.spans) else "hours"

    def window(self, at: datetime) -> Span | None:
        """The open span around this moment, None when it is closed. It never reaches past local midnight."""
        at = utc(at)
        for span in _day(self, at.astimezone(self.zone).date()).spans:
            if span[0] <= at < span[1]:
                return span
        return None

    def next_open(self, after: datetime, *, least: timedelta = _NO_TIME) -> Span | None:
        """The first open moment at or after `after` and when it closes again; with `least`, one that stays open that long.

        None when there is no such moment in the next 400 days. Starts a day early and looks at the found day's
        neighbour, because clocks that go back over midnight show yesterday after today (America/St_Johns until 2011).
        """
        after = utc(after)
        day = after.astimezone(self.zone).date() - _ONE_DAY
        for _ in range(HORIZON_DAYS + 2):
            following = day + _ONE_DAY
            if found := self._openings(day, after, least):
                return min(found + self._openings(following, after, least))
            day = following
        return None

    def holiday(self, at: datetime) -> str | None:
        """The public holiday's name on this moment's local day, for people to read."""
        return public_holiday(self.country, utc(at).astimezone(self.zone).date())

    def _openings(self, day: date, after: datetime, least: timedelta) -> list[Span]:
        return [
            (max(opens, after), closes) for opens, closes in _day(self, day).spans if closes > after and closes - max(opens, after) >= least
        ]


@dataclass(frozen=True, slots=True)
class _Day:
    closed: Closed | None
    spans: tuple[Span, ...]


@lru_cache(maxsize=32_768)
def _day(schedule: Schedule, day: date) -> _Day:
    closed = _closed(schedule, day)
    return _Day(closed, () if closed else spans(schedule.zone, day, schedule.opens, schedule.closes))


def _closed(schedule: Schedule, day: date) -> Closed | None:
    """Explicit dates decide before everything a country or a weekday says."""
    if day in schedule.days_off:
        return "holiday"
    if day in schedule.working_exceptions:
        return None
    if schedule.weekdays is not None:
        resting = day.weekday() not in schedule.weekdays
    else:
        resting = schedule.skip_weekends and is_weekend(schedule.country, day)
    if resting:
        return "weekend"
    return "holiday" if schedule.skip_holidays and public_holiday(schedule.country, day) is not None else None
