"""Weekends and public holidays by country, from the `holidays` library alone: we keep no table of our own.

Only category "public" closes a day; school holidays and days of single confessions or offices do not. Category
"half_day" shortens one where a schedule asks for it.
A weekend day that a country declares a working day to make up for a holiday (China, Hungary) stays closed:
a schedule's `working_exceptions` opens it for those who do work then.
"""

import difflib
from datetime import date
from functools import cache, lru_cache
from importlib import resources

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
def _half_days(country: str, year: int) -> frozenset[date]:
    code, _, subdivision = country.partition("-")
    if holidays.HALF_DAY not in getattr(holidays, code).supported_categories:
        return frozenset()
    found = holidays.country_holidays(code, subdiv=subdivision or None, years=year, expand=False, categories=(holidays.HALF_DAY,))
    return frozenset(found)


def half_day(country: str, day: date) -> bool:
    """Whether the library lists this day as one on which the country stops at noon; it does for few countries."""
    return day in _half_days(country, day.year)


def country_of_zone(zone: str) -> str | None:
    """The country (US, DE) whose clocks a zone of the tz database shows, where `holidays` knows it; None for UTC and the like.

    From the database's own zone.tab, and its links for old names (US/Pacific).
    """
    tab, links = _zone_tab()
    code = tab.get(zone) or tab.get(links.get(zone, ""))
    return code if code in holidays.list_supported_countries(include_aliases=True) else None


@cache
def _zone_tab() -> tuple[dict[str, str], dict[str, str]]:
    folder = resources.files("tzdata") / "zoneinfo"
    rows = [line.split("\t") for line in (folder / "zone.tab").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    lines = [line.split() for line in (folder / "tzdata.zi").read_text(encoding="utf-8").splitlines() if line.startswith("L ")]
    return {row[2]: row[0] for row in rows}, {alias: target for _, target, alias in lines}


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
