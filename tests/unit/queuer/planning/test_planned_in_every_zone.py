"""A sample of tests/exhaustive/zones.py: every zone unlike the others, every change of its clocks, and the oddest days there have been."""

from datetime import date

import pytest

from tests.exhaustive.zones import WINDOWS, ZONES, breaches, days_between, sampled, unlike


def test_what_is_planned_lies_inside_the_window_on_the_clocks_of_every_zone() -> None:
    assert len(ZONES) > 590
    found = [wrong for place, zone in enumerate(unlike()) for wrong in breaches(zone, sampled(zone), WINDOWS[place % len(WINDOWS)])]
    assert found == []


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Pacific/Apia", date(2011, 12, 20), date(2012, 1, 10)),  # has no 30 December
        ("Pacific/Kwajalein", date(1993, 8, 15), date(1993, 8, 28)),  # has no 21 August
        ("America/St_Johns", date(2010, 10, 25), date(2010, 11, 15)),  # goes back over midnight
        ("Australia/Lord_Howe", date(2026, 1, 1), date(2026, 12, 31)),  # changes by half an hour
        ("Africa/Casablanca", date(2026, 1, 1), date(2026, 12, 31)),  # has winter time in Ramadan
        ("America/Asuncion", date(2024, 1, 1), date(2024, 12, 31)),  # skipped midnight in spring
        ("Asia/Pyongyang", date(2018, 4, 25), date(2018, 5, 15)),
        ("Africa/Monrovia", date(1971, 12, 25), date(1972, 1, 20)),  # left an offset of 44 minutes and 30 seconds
        ("Europe/Dublin", date(2028, 2, 20), date(2028, 4, 5)),  # a 29 February; winter time is the exception there
        ("Antarctica/Troll", date(2026, 3, 1), date(2026, 11, 30)),  # changes by two hours
    ],
)
def test_odd_days_are_planned_for_as_well(zone: str, first: date, last: date) -> None:
    assert [wrong for hours in WINDOWS for wrong in breaches(zone, days_between(first, last), hours)] == []
