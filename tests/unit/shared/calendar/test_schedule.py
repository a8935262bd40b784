"""When a schedule is open, checked against dates written down here and against a walk over the wall clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import HalfDays, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
RIYADH = ZoneInfo("Asia/Riyadh")


def a_schedule(zone: ZoneInfo = NEW_YORK, opens: int = 7 * 60, closes: int = 18 * 60, country: str = "US", **more: object) -> Schedule:
    return Schedule(zone=zone, opens=opens, closes=closes, country=country, **more)  # type: ignore[arg-type] # the tests' own words


def local(zone: ZoneInfo, year: int, month: int, day: int, *clock: int) -> datetime:
    hour, minute = (*clock, 0, 0)[:2]
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def test_the_first_minute_is_open_and_the_last_is_not() -> None:
    schedule = a_schedule()
    assert not schedule.is_open(local(NEW_YORK, 2026, 6, 1, 6, 59))
    assert schedule.is_open(local(NEW_YORK, 2026, 6, 1, 7))
    assert schedule.is_open(local(NEW_YORK, 2026, 6, 1, 17, 59))
    assert not schedule.is_open(local(NEW_YORK, 2026, 6, 1, 18))
    assert schedule.closed_because(local(NEW_YORK, 2026, 6, 1, 18)) == "hours"


def test_a_window_is_given_in_utc() -> None:
    window = a_schedule().window(local(NEW_YORK, 2026, 6, 1, 12))
    assert window == (datetime(2026, 6, 1, 11, tzinfo=UTC), datetime(2026, 6, 1, 22, tzinfo=UTC))
    assert window[0].tzinfo is UTC


def test_friday_evening_is_followed_by_monday_morning() -> None:
    opens, closes = a_schedule().next_open(local(NEW_YORK, 2026, 6, 5, 18)) or pytest.fail("never opens")
    assert opens == local(NEW_YORK, 2026, 6, 8, 7)
    assert closes == local(NEW_YORK, 2026, 6, 8, 18)


def test_an_open_moment_is_its_own_next_opening() -> None:
    noon = local(NEW_YORK, 2026, 6, 1, 12)
    assert a_schedule().next_open(noon) == (noon, local(NEW_YORK, 2026, 6, 1, 18))


def test_an_opening_that_is_too_short_is_passed_over() -> None:
    late = local(NEW_YORK, 2026, 6, 1, 17, 59)
    found = a_schedule().next_open(late, least=timedelta(minutes=2))
    assert found == (local(NEW_YORK, 2026, 6, 2, 7), local(NEW_YORK, 2026, 6, 2, 18))


@pytest.mark.parametrize(
    ("zone", "country", "day", "why"),
    [
        (NEW_YORK, "US", (2026, 11, 26), "holiday"),  # Thanksgiving
        (NEW_YORK, "US", (2026, 7, 3), "holiday"),  # Independence Day is a Saturday, observed on Friday
        (NEW_YORK, "US", (2027, 12, 31), "holiday"),  # New Year 2028 is a Saturday, observed in the year before
        (NEW_YORK, "US", (2026, 12, 24), None),  # no public holiday
        (BERLIN, "DE-BY", (2026, 6, 4), "holiday"),  # Fronleichnam
        (BERLIN, "DE-BE", (2026, 6, 4), None),  # not in Berlin
        (BERLIN, "DE", (2026, 10, 3), "weekend"),  # German Unity Day is a Saturday
        (BERLIN, "DE-BY", (2026, 8, 14), None),
        (RIYADH, "SA", (2026, 9, 23), "holiday"),  # National Day
        (RIYADH, "SA", (2026, 9, 24), None),  # a Thursday works
        (RIYADH, "SA", (2026, 9, 25), "weekend"),  # Friday
        (RIYADH, "SA", (2026, 9, 26), "weekend"),  # Saturday
        (RIYADH, "SA", (2026, 9, 27), None),  # Sunday works
        (ZoneInfo("Asia/Hong_Kong"), "HK", (2026, 6, 6), None),  # only Sunday rests
        (ZoneInfo("Asia/Hong_Kong"), "HK", (2026, 6, 7), "weekend"),
        (ZoneInfo("Asia/Kolkata"), "IN", (2026, 1, 26), "holiday"),  # Republic Day
        (ZoneInfo("Asia/Shanghai"), "CN", (2026, 2, 14), "weekend"),  # a make-up Saturday stays closed
    ],
)
def test_weekends_and_public_holidays_are_those_of_the_country(
    zone: ZoneInfo, country: str, day: tuple[int, int, int], why: str | None
) -> None:
    assert a_schedule(zone, country=country).closed_because(local(zone, *day, 12)) == why


def test_what_is_special_about_a_day_is_named_for_people() -> None:
    schedule = a_schedule(
        days_off=frozenset({date(2026, 12, 28)}),
        working_exceptions=frozenset({date(2026, 12, 25), date(2026, 12, 26)}),
        half_days=HalfDays(13 * 60, every_year=frozenset({(12, 24), (12, 25), (12, 27)})),
    )
    days = [(11, 26), (12, 23), (12, 24), (12, 25), (12, 26), (12, 27)]
    assert {day: schedule.day_shown(local(NEW_YORK, 2026, *day, 12)) for day in days} == {
        (11, 26): "Thanksgiving Day",
        (12, 23): None,
        (12, 24): "a half day to 13:00",
        (12, 25): "Christmas Day, open by exception, a half day to 13:00",
        (12, 26): "open by exception",
        (12, 27): None,  # a Sunday stays closed
    }
    assert schedule.day_shown(local(NEW_YORK, 2026, 12, 28, 12)) == "an extra day off"


def test_hours_in_words_say_what_differs_from_the_countrys_week() -> None:
    assert a_schedule().hours_shown() == "07:00 to 18:00, calendar US"
    assert a_schedule(skip_weekends=False).hours_shown() == "07:00 to 18:00 on every day of the week, calendar US"
    own = a_schedule(weekdays=frozenset({0, 5}), skip_holidays=False, half_days=HalfDays(12 * 60))
    assert own.hours_shown() == "07:00 to 18:00 on mon, sat, calendar US without its holidays, half days to 12:00"


def test_who_does_not_skip_weekends_and_holidays_is_open_on_both() -> None:
    schedule = a_schedule(skip_weekends=False, skip_holidays=False)
    assert schedule.is_open(local(NEW_YORK, 2026, 6, 6, 12))
    assert schedule.is_open(local(NEW_YORK, 2026, 11, 26, 12))


def test_an_own_list_of_days_replaces_the_countrys_weekend() -> None:
    schedule = a_schedule(weekdays=frozenset({5}))
    assert schedule.is_open(local(NEW_YORK, 2026, 6, 6, 12))
    assert schedule.closed_because(local(NEW_YORK, 2026, 6, 8, 12)) == "weekend"


def test_a_day_off_is_closed_and_an_exception_is_open_whatever_the_country_says() -> None:
    schedule = a_schedule(days_off=frozenset({date(2026, 6, 2)}), working_exceptions=frozenset({date(2026, 6, 6), date(2026, 11, 26)}))
    assert schedule.closed_because(local(NEW_YORK, 2026, 6, 2, 12)) == "holiday"
    assert schedule.is_open(local(NEW_YORK, 2026, 6, 6, 12))
    assert schedule.is_open(local(NEW_YORK, 2026, 11, 26, 12))


def test_the_leap_day_is_a_day() -> None:
    schedule = a_schedule()
    assert schedule.is_open(local(NEW_YORK, 2028, 2, 29, 12))
    assert schedule.next_open(local(NEW_YORK, 2028, 2, 28, 18)) == (local(NEW_YORK, 2028, 2, 29, 7), local(NEW_YORK, 2028, 2, 29, 18))


def test_hours_that_the_clocks_skip_begin_when_the_clocks_have_jumped() -> None:
    schedule = a_schedule(opens=2 * 60 + 30, closes=5 * 60, skip_weekends=False)
    # New York, 2026-03-08: 01:59:59 EST is followed by 03:00 EDT, which is 07:00 UTC.
    assert schedule.next_open(local(NEW_YORK, 2026, 3, 8, 0)) == (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 3, 8, 9, tzinfo=UTC),
    )


def test_hours_that_lie_wholly_in_the_skipped_hour_do_not_open_that_day() -> None:
    schedule = a_schedule(opens=2 * 60, closes=3 * 60, skip_weekends=False)
    found = schedule.next_open(local(NEW_YORK, 2026, 3, 8, 0))
    assert found == (local(NEW_YORK, 2026, 3, 9, 2), local(NEW_YORK, 2026, 3, 9, 3))


def test_hours_that_the_clocks_repeat_are_open_both_times_and_closed_between() -> None:
    schedule = a_schedule(opens=60 + 30, closes=5 * 60, skip_weekends=False)
    # New York, 2026-11-01: 01:59:59 EDT (05:59:59 UTC) is followed by 01:00 EST (06:00 UTC).
    assert schedule.window(datetime(2026, 11, 1, 5, 45, tzinfo=UTC)) == (
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
    )
    assert schedule.closed_because(datetime(2026, 11, 1, 6, 15, tzinfo=UTC)) == "hours"
    assert schedule.next_open(datetime(2026, 11, 1, 6, tzinfo=UTC)) == (
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 10, tzinfo=UTC),
    )


def test_a_day_that_a_zone_left_out_is_passed_over() -> None:
    apia = ZoneInfo("Pacific/Apia")  # there was no 2011-12-30: Thursday was followed by Saturday
    schedule = a_schedule(apia, country="WS", skip_weekends=False, skip_holidays=False)
    found = schedule.next_open(local(apia, 2011, 12, 29, 18))
    assert found == (local(apia, 2011, 12, 31, 7), local(apia, 2011, 12, 31, 18))


def test_clocks_that_go_back_over_midnight_do_not_hide_yesterdays_last_hour() -> None:
    st_johns = ZoneInfo("America/St_Johns")  # 2009-11-01 00:01 was followed by 2009-10-31 23:01
    schedule = a_schedule(st_johns, opens=23 * 60 + 30, closes=24 * 60, country="CA-NL", skip_weekends=False)
    after_midnight = datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC)
    assert after_midnight.astimezone(st_johns).isoformat() == "2009-11-01T00:00:30-02:30"
    found = schedule.next_open(after_midnight)
    assert found is not None
    assert found[0].astimezone(st_johns).isoformat() == "2009-10-31T23:30:00-03:30"


def test_a_minute_of_tomorrow_that_comes_before_yesterdays_repeated_hour_is_found_first() -> None:
    st_johns = ZoneInfo("America/St_Johns")
    schedule = a_schedule(st_johns, opens=0, closes=24 * 60, country="CA-NL", skip_weekends=False)
    after_midnight = datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC)
    assert schedule.next_open(after_midnight) == (after_midnight, after_midnight + timedelta(seconds=30))


def test_a_schedule_that_never_opens_says_so() -> None:
    assert a_schedule(weekdays=frozenset()).next_open(local(NEW_YORK, 2026, 6, 1)) is None
    assert a_schedule().next_open(local(NEW_YORK, 2026, 6, 1), least=timedelta(hours=12)) is None


def test_a_moment_without_a_zone_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"has no time zone; give an aware datetime"):
        a_schedule().is_open(datetime(2026, 6, 1, 12))  # noqa: DTZ001 - the mistake itself


def test_hours_that_end_before_they_begin_make_no_schedule() -> None:
    with pytest.raises(ValueError, match="opens < closes"):
        a_schedule(opens=600, closes=600)
