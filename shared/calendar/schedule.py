"""When a schedule is open: hours on working days, in a zone, by a country's weekend and holidays.

Pure and fast: the sender asks thousands of times a second, so what a day is is worked out once per (schedule, date).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.calendar.countries import half_day, is_weekend, public_holiday
from shared.calendar.zones import MINUTES_A_DAY, Span, spans, utc

Closed = Literal["hours", "weekend", "holiday"]

HORIZON_DAYS: Final = 400
"""How far ahead an opening is looked for: a little over a year, so that whatever comes round yearly is found."""

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SOON: Final = 4  # days, from yesterday, that are looked at for the very moment asked about
_ONE_DAY: Final = timedelta(days=1)
_NO_TIME: Final = timedelta()


@dataclass(frozen=True, slots=True)
class HalfDays:
    """Working days that end early: dates, (month, day) of every year, and the country's own where it has a list."""

    closes: int  # minutes after local midnight
    dates: frozenset[date] = frozenset()
    every_year: frozenset[tuple[int, int]] = frozenset()
    of_country: bool = False

    def has(self, day: date, country: str) -> bool:
        """Whether this day is one."""
        return day in self.dates or (day.month, day.day) in self.every_year or (self.of_country and half_day(country, day))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hours that hold for one campaign on one account, and perhaps for one prospect, every question already settled.

    `opens` and `closes` are minutes after local midnight (closes 1440: midnight at the day's end). `weekdays`
    (0 is Monday) replaces the country's weekend when it is given. `prospects` is a second schedule that must be open
    as well, that of the prospect's own place; with `follows_prospect` this one is the prospect's itself.
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
    half_days: HalfDays | None = None
    follows_prospect: bool = False
    prospects: "Schedule | None" = None

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= MINUTES_A_DAY:
            raise ValueError(f"Hours must satisfy 0 <= opens < closes <= 1440 minutes, not {self.opens} to {self.closes}.")
        if self.half_days is not None and self.half_days.closes <= self.opens:
            raise ValueError(f"A half day must close after {self.opens} minutes, when it opens, not after {self.half_days.closes}.")

    @property
    def without_prospect(self) -> "Schedule | None":
        """The part of the schedule that holds for every prospect; None where the prospect's place alone decides."""
        if self.follows_prospect:
            return None
        return self if self.prospects is None else _alone(self)

    def is_open(self, at: datetime) -> bool:
        """Whether something may leave at this moment."""
        return self.window(at) is not None

    def closed_because(self, at: datetime) -> Closed | None:
        """Why nothing may leave at this moment, or None when the schedule is open."""
        at = utc(at)
        day = _day(self, at.astimezone(self.zone).date())
        if day.closed is not None:
            return day.closed
        if any(opens <= at < closes for opens, closes in day.spans):
            return None
        if self.prospects is not None and _alone(self).is_open(at):
            return self.prospects.closed_because(at)
        return "hours"

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
        Past the next few days the answer no longer depends on the hour of `after` and is kept, or two schedules that
        never meet would cost 400 days at every question.
        """
        after = utc(after)
        day = after.astimezone(self.zone).date() - _ONE_DAY
        for _ in range(_SOON):
            if found := self._openings(day, after, least):
                return min(found + self._openings(day + _ONE_DAY, after, least))
            day += _ONE_DAY
        first = _first_open_day(self, day, least)
        if first is None:
            return None
        return min(self._openings(first, after, least) + self._openings(first + _ONE_DAY, after, least))

    def day_shown(self, at: datetime) -> str | None:
        """What is special about this moment's local day, for people to read; the prospect's where both count."""
        day = utc(at).astimezone(self.zone).date()
        name, closed = public_holiday(self.country, day), _closed(self, day)
        own = [name] if name is not None else []
        if day in self.days_off:
            own.append("an extra day off")
        elif day in self.working_exceptions:
            own.append("open by exception")
        if self.half_days is not None and closed is None and self.half_days.has(day, self.country):
            own.append(f"a half day to {_clock(min(self.closes, self.half_days.closes))}")
        return ", ".join(own) or (None if self.prospects is None else self.prospects.day_shown(at))

    def hours_shown(self) -> str:
        """The hours in words: `07:00 to 18:00, calendar US`, and what differs from that country's usual week."""
        own = f"{_clock(self.opens)} to {_clock(self.closes)}"
        if self.weekdays is not None:
            own += f" on {', '.join(_WEEKDAYS[day] for day in sorted(self.weekdays))}"
        elif not self.skip_weekends:
            own += " on every day of the week"
        own += f", calendar {self.country}" + ("" if self.skip_holidays else " without its holidays")
        if self.half_days is not None:
            own += f", half days to {_clock(self.half_days.closes)}"
        if self.follows_prospect:
            return f"{own}, on the prospect's clocks ({self.zone.key})"
        return own if self.prospects is None else f"{own} ({self.zone.key}), and {self.prospects.hours_shown()}"

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
    if closed := _closed(schedule, day):
        return _Day(closed, ())
    half = schedule.half_days
    closes = min(schedule.closes, half.closes) if half is not None and half.has(day, schedule.country) else schedule.closes
    own = spans(schedule.zone, day, schedule.opens, closes)
    return _Day(None, own if schedule.prospects is None else _meeting(own, schedule.prospects))


def _meeting(own: tuple[Span, ...], other: Schedule) -> tuple[Span, ...]:
    """The parts of these spans during which the other schedule is open as well."""
    found = []
    for opens, closes in own:
        day, last = opens.astimezone(other.zone).date() - _ONE_DAY, closes.astimezone(other.zone).date() + _ONE_DAY
        while day <= last:
            found += [(max(opens, start), min(closes, end)) for start, end in _day(other, day).spans if start < closes and end > opens]
            day += _ONE_DAY
    return tuple(sorted(found))


@lru_cache(maxsize=8192)
def _first_open_day(schedule: Schedule, day: date, least: timedelta) -> date | None:
    """The first day from this one on with an opening of at least that length, within the horizon."""
    for number in range(HORIZON_DAYS + 2 - _SOON):
        then = day + number * _ONE_DAY
        if any(closes - opens >= least for opens, closes in _day(schedule, then).spans):
            return then
    return None


@lru_cache(maxsize=4096)
def _alone(schedule: Schedule) -> Schedule:
    return replace(schedule, prospects=None)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


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
