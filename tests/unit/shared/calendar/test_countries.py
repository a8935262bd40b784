"""Weekends and holidays against dates of governments' lists, compared with a second source, and a year of every country."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest

from shared.calendar import Schedule
from shared.calendar.countries import country_of_zone, is_weekend, public_holiday
from tests.unit.shared.calendar.official_days import OFFICIAL, WEEKENDS, Official

EVERY_COUNTRY = sorted(holidays.list_supported_countries(include_aliases=False))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
A_MONDAY = date(2026, 6, 1)


def noon_of(country: str) -> Schedule:
    return Schedule(zone=ZoneInfo("UTC"), opens=11 * 60, closes=13 * 60, country=country)


def closed(country: str, day: date) -> str | None:
    return noon_of(country).closed_because(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def test_more_than_thirty_countries_are_compared() -> None:
    assert len({official.country.partition("-")[0] for official in OFFICIAL}) >= 40


@pytest.mark.parametrize("official", OFFICIAL, ids=lambda official: official.country)
def test_what_a_government_announces_is_closed_and_its_working_days_are_open(official: Official) -> None:
    said = {day: closed(official.country, date.fromisoformat(day)) for day in official.off.split()}
    assert said == dict.fromkeys(official.off.split(), "holiday")
    said = {day: closed(official.country, date.fromisoformat(day)) for day in official.on.split()}
    assert said == dict.fromkeys(official.on.split())


@pytest.mark.parametrize(("country", "rests"), [(country, rests) for rests, named in WEEKENDS.items() for country in named.split()])
def test_the_weekdays_that_rest_are_the_countrys(country: str, rests: str) -> None:
    week = [A_MONDAY + timedelta(days=number) for number in range(7)]
    assert " ".join(name for name, day in zip(WEEKDAYS, week, strict=True) if is_weekend(country, day)) == rests


@pytest.mark.parametrize("country", EVERY_COUNTRY)
def test_every_country_the_library_knows_gives_a_year_of_openings(country: str) -> None:
    schedule = noon_of(country)
    at, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    days: set[date] = set()
    while (span := schedule.next_open(at)) is not None and span[0] < end:
        days.add(span[0].date())
        assert span[0].hour == 11
        assert span[1] - span[0] == timedelta(hours=2)
        at = span[1]
    expected = {day for number in range(365) if not resting(country, day := date(2026, 1, 1) + timedelta(days=number))}
    assert days == expected
    assert 195 <= len(days) <= 320


def resting(country: str, day: date) -> bool:
    return is_weekend(country, day) or public_holiday(country, day) is not None


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/Busingen", "DE"),
        ("Europe/Copenhagen", "DK"),
        ("Atlantic/Canary", "ES"),
        ("Asia/Calcutta", "IN"),
        ("US/Pacific", "US"),
        ("America/Puerto_Rico", "PR"),
        ("Pacific/Apia", "WS"),
        ("UTC", None),
        ("Etc/GMT+5", None),
        ("Nowhere/Else", None),
    ],
)
def test_the_country_of_a_zone_is_the_tz_databases_own(zone: str, country: str | None) -> None:
    assert country_of_zone(zone) == country
