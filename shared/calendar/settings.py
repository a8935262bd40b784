"""`schedule_settings` as people write them: on a campaign, an account or a workspace.

Every field may be absent: it then falls to the next level (shared/calendar/resolve.py), so a campaign that only
opens earlier keeps its account's holidays.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from shared.calendar.countries import check_country
from shared.calendar.zones import MINUTES_A_DAY

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})")
_EVERY_YEAR: Final = re.compile(r"\d{2}-\d{2}")
_A_LEAP_YEAR: Final = 2024
_LAST_HOUR: Final = 24


COUNTRYS_OWN: Final = "country"
"""Among `half_days`: those which the `holidays` library lists for the country."""


class WindowZone(StrEnum):
    """Whose clocks and calendar the hours follow."""

    ACCOUNT = "account"
    PROSPECT = "prospect"
    BOTH = "both"


class ScheduleError(ValueError):
    """Schedule settings that cannot be followed; the message says what to write instead."""


def minutes(time_of_day: str) -> int:
    """Minutes after midnight of an "HH:MM" that has passed validation; "24:00" is the day's end."""
    hour, minute = time_of_day.split(":")
    return int(hour) * 60 + int(minute)


def _time_of_day(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_HOUR:
        return f"{value:02}:00"
    if isinstance(value, str) and (match := _TIME.fullmatch(value.strip())):
        hour, minute = int(match[1]), int(match[2])
        if minute < 60 and hour * 60 + minute <= MINUTES_A_DAY:  # noqa: PLR2004 - minutes of an hour
            return f"{hour:02}:{minute:02}"
    raise ValueError(f'{value!r} is no time of day; write whole hours (7) or "HH:MM" ("07:30"), 24 for midnight at the end.')


def _zone(value: object) -> object:
    if value is None or (isinstance(value, str) and value in available_timezones()):
        return value
    near = _near(str(value), available_timezones())
    raise ValueError(f"Unknown time zone {value!r}{near}; write it like Europe/Berlin.")


def _country(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"Unknown country {value!r}; write it like US, DE or DE-BY.")  # noqa: TRY004 - pydantic reads ValueError
    return check_country(value)


def _days(value: object) -> object:
    if value is None:
        return None
    found = sorted({_weekday(each) for each in _several(value, 'weekdays; write for example ["mon", "tue"]')})
    if not found:
        raise ValueError("The list of days is empty, so nothing could ever leave; name at least one, or leave the key out.")
    return tuple(found)


def _weekday(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_WEEKDAYS):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        for names in (_WEEKDAYS, _WEEKDAY_NAMES):
            if word in names:
                return names.index(word)
    raise ValueError(f"{value!r} is no weekday; write mon, tue, wed, thu, fri, sat, sun, or 0 (Monday) to 6 (Sunday).")


def _dates(value: object) -> object:
    if value is None:
        return None
    return tuple(sorted({_date(each) for each in _several(value, 'dates; write for example ["2026-12-24"]')}))


def _half_days(value: object) -> object:
    if value is None:
        return None
    what = 'half days; write for example ["12-24", "2026-12-31", "country"]'
    return tuple(sorted({_half_day(each) for each in _several(value, what)}))


def _half_day(value: object) -> str:
    if value == COUNTRYS_OWN:
        return COUNTRYS_OWN
    written = value.isoformat() if type(value) is date else value
    if isinstance(written, str):
        try:
            date.fromisoformat(f"{_A_LEAP_YEAR}-{written}" if _EVERY_YEAR.fullmatch(written) else written)
        except ValueError:
            pass
        else:
            return written
    raise ValueError(f'{value!r} is no half day; write a date (2026-12-24), a day of every year (12-24), or "{COUNTRYS_OWN}" for its own.')


def _several(value: object, what: str) -> Iterable[object]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ValueError(f"{value!r} is no list of {what}.")  # noqa: TRY004 - pydantic reads ValueError
    return value


def _date(value: object) -> date:
    if type(value) is date:
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{value!r} is no date; write it like 2026-12-24.")


def _window_zone(value: object) -> object:
    if value is None or value in tuple(WindowZone):
        return None if value is None else str(value)
    near = _near(str(value), WindowZone)
    raise ValueError(f"Unknown window_zone {value!r}{near}; write account, prospect or both.")


Dates = Annotated[tuple[date, ...] | None, BeforeValidator(_dates)]
TimeOfDay = Annotated[str | None, BeforeValidator(_time_of_day)]


class ScheduleSettings(BaseModel):
    """One level's wishes about when its messages may leave; what is absent is said elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: Annotated[str | None, BeforeValidator(_zone)] = Field(
        None, description="Whose clocks the hours below are read on: Europe/Berlin."
    )
    working_hours_start: TimeOfDay = Field(None, description='First moment of the day, 7 or "07:30"; 7 where it is not set.')
    working_hours_end: TimeOfDay = Field(None, description="First moment after the day's hours, 24 for midnight; 18 where it is not set.")
    skip_weekends: bool | None = Field(None, description="Rest on the country's weekend; yes where it is not set.")
    skip_holidays: bool | None = Field(None, description="Rest on the country's full public holidays; yes where it is not set.")
    country: Annotated[str | None, BeforeValidator(_country)] = Field(None, description="Whose weekend and holidays: US, DE, DE-BY, SA.")
    days: Annotated[tuple[int, ...] | None, BeforeValidator(_days)] = Field(
        None, description="Working weekdays (mon..sun or 0..6), in place of the country's weekend."
    )
    extra_days_off: Dates = Field(None, description="Dates on which nothing leaves.")
    working_exceptions: Dates = Field(None, description="Dates that are open though they are a weekend or holiday.")
    half_days: Annotated[tuple[str, ...] | None, BeforeValidator(_half_days)] = Field(
        None, description='Working days that end early: dates, days of every year ("12-24"), or "country" for those of its calendar.'
    )
    half_day_end: TimeOfDay = Field(None, description="When a half day ends; 13 where it is not set.")
    window_zone: Annotated[Literal["account", "prospect", "both"] | None, BeforeValidator(_window_zone)] = Field(
        None, description="Whose clocks and calendar count: the account's where it is not set, the prospect's, or both at once."
    )

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping):
            for key in raw:
                if key not in cls.model_fields:
                    raise ValueError(f"Unknown key {key!r}{_near(str(key), cls.model_fields)}; remove it or correct its spelling.")
        return raw

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.working_hours_start is not None and self.working_hours_end is not None:
            check_hours(self.working_hours_start, self.working_hours_end)
        if self.working_hours_start is not None and self.half_day_end is not None:
            check_half_day(self.working_hours_start, self.half_day_end)
        if both := set(self.extra_days_off or ()) & set(self.working_exceptions or ()):
            raise ValueError(f"{min(both)} stands in extra_days_off and in working_exceptions; take it out of one of them.")
        return self


def check_hours(start: str, end: str) -> None:
    """Refuse a day that ends before it begins (ScheduleError)."""
    if minutes(start) >= minutes(end):
        raise ScheduleError(f"Working hours end at {end}, not after their start at {start}; a window lies within one day, 24 is its end.")


def check_half_day(start: str, end: str) -> None:
    """Refuse half days on which nothing could leave (ScheduleError)."""
    if minutes(start) >= minutes(end):
        raise ScheduleError(
            f"Half days end at {end}, not after the start of work at {start}; set a later half_day_end, "
            "or take the days off in extra_days_off."
        )


def read_settings(raw: object) -> ScheduleSettings:
    """Settings from a stored or posted JSON object; a ScheduleError names each problem in a sentence of its own."""
    try:
        return ScheduleSettings.model_validate(raw)
    except ValidationError as error:
        raise ScheduleError(" ".join(_sentence(each["loc"], each["msg"]) for each in error.errors())) from None


def _sentence(loc: tuple[int | str, ...], message: str) -> str:
    where = ".".join(("schedule_settings", *(str(part) for part in loc)))
    sentence = message.removeprefix("Value error, ")
    return f"{where}: {sentence}" if sentence.endswith(".") else f"{where}: {sentence}."


def _near(word: str, known: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower().replace(" ", "_"), by_lower, n=1)
    return f" (did you mean {by_lower[near[0]]}?)" if near else ""
