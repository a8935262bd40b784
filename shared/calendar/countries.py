"""Weekends and public holidays by country, from the `holidays` library alone: we keep no table of our own.

Only category "public" closes a day; half days, school holidays and days of single confessions or offices do not.
A weekend day that a country declares a working day to make up for a holiday (China, Hungary) stays closed:
a schedule's `working_exceptions` opens it for those who do work then.
"""

import difflib
from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=1024)
def _year(country: str, year: int) -> holidays.HolidayBase:
    """A country's year; building one takes milliseconds, and a decision has microseconds."""
    code, _, subdivision = country.partition("-")
    return holidays.country_holidays(code, subdiv=subdivision or None, years=year, expand=False, categories=(holidays.PUBLIC,))


def is_weekend(country: str, day: date) -> bool:
    """Whether the country rests on this weekday (Friday and Saturday in SA, Sunday alone in HK)."""
    return _year(country, day.year).is_weekend(day)


def public_holiday(country: str, day: date) -> str | None:
    """The name of the public holiday on this day."""
    return _year(country, day.year).get(day)


@lru_cache(maxsize=1024)
def check_country(country: str) -> str:
    """The same word when `holidays` knows it (US, DE, DE-BY), else a ValueError that names the nearest."""
    code, _, subdivision = country.partition("-")
    known = holidays.list_supported_countries(include_aliases=True)
    if code not in known:
        raise ValueError(f"Unknown country {country!r}{_did_you_mean(code, list(known))}; write it like US, DE or DE-BY.")
    try:
        holidays.country_holidays(code, subdiv=subdivision or None)
    except NotImplementedError:
        choices = known[code]
        offer = f"it knows {', '.join(choices)}" if choices else "it has none"
        raise ValueError(f"Unknown part {subdivision!r} of country {code}: {offer}.") from None
    return country


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.upper(), known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
