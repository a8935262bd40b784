"""Which hours hold: the campaign's word before the account's, the account's before the workspace's, then ours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from shared.calendar.countries import country_of_zone
from shared.calendar.schedule import HalfDays, Schedule
from shared.calendar.settings import (
    COUNTRYS_OWN,
    ScheduleError,
    ScheduleSettings,
    WindowZone,
    check_half_day,
    check_hours,
    minutes,
    read_settings,
)

DEFAULT_TIMEZONE: Final = "America/New_York"
DEFAULT_COUNTRY: Final = "US"
DEFAULT_START: Final = "07:00"
DEFAULT_END: Final = "18:00"
DEFAULT_HALF_DAY_END: Final = "13:00"

_NOTHING_SAID: Final = ScheduleSettings()
_Said = TypeVar("_Said")


def resolve_schedule(
    campaign: ScheduleSettings | None,
    account_settings: ScheduleSettings | None,
    workspace: ScheduleSettings | None,
    *,
    account_timezone: str | None,
    account_country: str | None,
    prospect_timezone: str | None = None,
) -> Schedule:
    """The one schedule for a campaign's sends from an account, each key taken from the most particular level that says it.

    An account's own zone and country stand between its settings and the workspace's. Of `days` and `skip_weekends`
    only the most particular level that says either counts (`days` first), else an account's "mon to fri" would
    outvote a campaign that wants weekends. Dates are settled one by one: a campaign may open a day the workspace
    takes off. Where `window_zone` asks for it, the same hours are read on the prospect's clocks, by the weekend and
    holidays of the country these clocks belong to; where the prospect's zone is unknown, or the tz database does not
    know it any more, the account's hold. Equal input gives the same object, which keeps the day cache small.
    Raises ScheduleError.
    """
    base, window_zone = _resolve(campaign, account_settings, workspace, account_timezone, account_country)
    return base if window_zone is WindowZone.ACCOUNT else _for_prospect(base, window_zone, prospect_timezone or None)


@lru_cache(maxsize=4096)
def _resolve(
    campaign: ScheduleSettings | None,
    account_settings: ScheduleSettings | None,
    workspace: ScheduleSettings | None,
    account_timezone: str | None,
    account_country: str | None,
) -> tuple[Schedule, WindowZone]:
    levels = tuple(level or _NOTHING_SAID for level in (campaign, account_settings, workspace))
    own = _checked(account_timezone, account_country)
    start = _first(levels, lambda level: level.working_hours_start) or DEFAULT_START
    end = _first(levels, lambda level: level.working_hours_end) or DEFAULT_END
    check_hours(start, end)
    skip_holidays = _first(levels, lambda level: level.skip_holidays)
    weekdays, skip_weekends = _weekdays(levels)
    off, on = _dates(levels)
    with_own = (*levels[:2], own, *levels[2:])
    schedule = Schedule(
        zone=ZoneInfo(_first(with_own, lambda level: level.timezone) or DEFAULT_TIMEZONE),
        opens=minutes(start),
        closes=minutes(end),
        country=_first(with_own, lambda level: level.country) or DEFAULT_COUNTRY,
        skip_weekends=skip_weekends,
        skip_holidays=True if skip_holidays is None else skip_holidays,
        weekdays=weekdays,
        days_off=off,
        working_exceptions=on,
        half_days=_half_days(levels, start),
    )
    return schedule, WindowZone(_first(levels, lambda level: level.window_zone) or WindowZone.ACCOUNT)


@lru_cache(maxsize=32_768)
def _for_prospect(base: Schedule, window_zone: WindowZone, timezone: str | None) -> Schedule:
    """Of the account's country only a part (DE-BY) says more than the prospect's clocks; it stays for its own country."""
    theirs = base
    if timezone is not None and timezone in available_timezones():
        country = country_of_zone(timezone)
        if country is None or country == base.country.partition("-")[0]:
            country = base.country
        theirs = replace(base, zone=ZoneInfo(timezone), country=country)
    if window_zone is WindowZone.PROSPECT:
        return replace(theirs, follows_prospect=True)
    return base if theirs == base else replace(base, prospects=replace(theirs, follows_prospect=True))


def _checked(timezone: str | None, country: str | None) -> ScheduleSettings:
    try:
        return read_settings({"timezone": timezone, "country": country})
    except ScheduleError as error:
        raise ScheduleError(f"The account itself: {error}") from None


def _first(levels: tuple[ScheduleSettings, ...], say: Callable[[ScheduleSettings], _Said | None]) -> _Said | None:
    return next((said for level in levels if (said := say(level)) is not None), None)


def _weekdays(levels: tuple[ScheduleSettings, ...]) -> tuple[frozenset[int] | None, bool]:
    for level in levels:
        if level.days is not None:
            return frozenset(level.days), True
        if level.skip_weekends is not None:
            return None, level.skip_weekends
    return None, True


def _dates(levels: tuple[ScheduleSettings, ...]) -> tuple[frozenset[date], frozenset[date]]:
    off: set[date] = set()
    on: set[date] = set()
    for level in reversed(levels):
        off = (off - set(level.working_exceptions or ())) | set(level.extra_days_off or ())
        on = (on - set(level.extra_days_off or ())) | set(level.working_exceptions or ())
    return frozenset(off), frozenset(on)


def _half_days(levels: tuple[ScheduleSettings, ...], start: str) -> HalfDays | None:
    said = _first(levels, lambda level: level.half_days)
    if not said:  # an empty list takes back what a wider level says
        return None
    end = _first(levels, lambda level: level.half_day_end) or DEFAULT_HALF_DAY_END
    check_half_day(start, end)
    named = [each for each in said if each != COUNTRYS_OWN]
    return HalfDays(
        closes=minutes(end),
        dates=frozenset(date.fromisoformat(each) for each in named if len(each) > len("MM-DD")),
        every_year=frozenset((int(each[:2]), int(each[3:])) for each in named if len(each) == len("MM-DD")),
        of_country=COUNTRYS_OWN in said,
    )
