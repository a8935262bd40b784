"""Hours on the prospect's clocks, days that end early, and what each level may take back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import Schedule, ScheduleError, read_settings, resolve_schedule


def a_schedule(
    campaign: dict[str, Any], *, workspace: dict[str, Any] | None = None, country: str = "US", prospect: str | None = None
) -> Schedule:
    return resolve_schedule(
        read_settings(campaign),
        None,
        read_settings(workspace or {}),
        account_timezone="America/New_York",
        account_country=country,
        prospect_timezone=prospect,
    )


def at(zone: str, *moment: int) -> datetime:
    year, month, day, hour, minute = (*moment, 0, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_the_account_decides_unless_somebody_says_otherwise() -> None:
    assert a_schedule({}, prospect="Asia/Tokyo") is a_schedule({}, prospect=None)
    assert a_schedule({"window_zone": "account"}, workspace={"window_zone": "both"}, prospect="Asia/Tokyo").prospects is None


def test_the_prospects_hours_are_read_on_its_clocks_by_its_countrys_calendar() -> None:
    schedule = a_schedule({"window_zone": "prospect"}, prospect="Asia/Riyadh")
    assert (schedule.zone.key, schedule.country) == ("Asia/Riyadh", "SA")
    assert schedule.window(at("Asia/Riyadh", 2026, 6, 7, 12)) is not None  # a Sunday
    assert schedule.closed_because(at("Asia/Riyadh", 2026, 6, 5, 12)) == "weekend"  # a Friday
    assert schedule.closed_because(at("Asia/Riyadh", 2026, 9, 23, 12)) == "holiday"
    assert schedule.day_shown(at("Asia/Riyadh", 2026, 9, 23, 12)) == "National Day Holiday"


def test_a_part_of_the_prospects_own_country_is_kept() -> None:
    assert a_schedule({"window_zone": "prospect", "country": "DE-BY"}, prospect="Europe/Berlin").country == "DE-BY"
    assert a_schedule({"window_zone": "prospect", "country": "DE-BY"}, prospect="Europe/Paris").country == "FR"
    assert a_schedule({"window_zone": "prospect", "country": "DE-BY"}, prospect="Etc/UTC").country == "DE-BY"


@pytest.mark.parametrize("unknown", [None, "", "Europe/Atlantis"])
@pytest.mark.parametrize("window_zone", ["prospect", "both"])
def test_where_nobody_knows_the_prospects_zone_the_accounts_hours_hold(window_zone: str, unknown: str | None) -> None:
    schedule = a_schedule({"window_zone": window_zone}, prospect=unknown)
    assert (schedule.zone.key, schedule.country, schedule.prospects) == ("America/New_York", "US", None)


def test_both_is_what_the_two_have_in_common_on_days_open_in_both() -> None:
    schedule = a_schedule({"window_zone": "both"}, prospect="Europe/Berlin")
    assert schedule.window(at("America/New_York", 2026, 6, 2, 8)) == (
        at("America/New_York", 2026, 6, 2, 7),
        at("Europe/Berlin", 2026, 6, 2, 18),
    )
    assert schedule.closed_because(at("America/New_York", 2026, 6, 2, 13)) == "hours"
    assert schedule.closed_because(at("America/New_York", 2026, 5, 1, 8)) == "holiday"  # Labour Day in Germany
    assert schedule.closed_because(at("America/New_York", 2026, 6, 19, 8)) == "holiday"  # Juneteenth in the United States
    assert schedule.day_shown(at("America/New_York", 2026, 5, 1, 8)) == "Labor Day"


def test_in_the_weeks_between_two_changes_of_the_clocks_the_common_window_moves() -> None:
    schedule = a_schedule({"window_zone": "both"}, prospect="Europe/Berlin")
    lengths = {}
    for day in (2, 12, 30):  # New York changes on the 8th of March 2026, Berlin on the 29th
        opens, closes = schedule.next_open(at("America/New_York", 2026, 3, day, 0)) or pytest.fail("never opens")
        lengths[day] = closes - opens
    assert lengths == {2: timedelta(hours=5), 12: timedelta(hours=6), 30: timedelta(hours=5)}


def test_hours_that_never_meet_have_no_opening() -> None:
    schedule = a_schedule({"window_zone": "both", "working_hours_start": 9, "working_hours_end": 17}, prospect="Asia/Tokyo")
    assert schedule.next_open(datetime(2026, 6, 1, tzinfo=UTC)) is None
    assert schedule.closed_because(at("America/New_York", 2026, 6, 2, 12)) == "hours"


@settings(deadline=None)  # the first question of a country builds its years
@given(
    prospect=st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland", "Africa/Casablanca", "America/St_Johns", "Pacific/Apia"]),
    moment=st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2028, 12, 31)),  # noqa: DTZ001 - hypothesis wants naive ones
)
def test_both_is_open_exactly_when_each_of_the_two_is(prospect: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    account, there = a_schedule({}), a_schedule({"window_zone": "prospect"}, prospect=prospect)
    both = a_schedule({"window_zone": "both"}, prospect=prospect)
    assert both.is_open(now) == (account.is_open(now) and there.is_open(now))
    assert (both.closed_because(now) is None) == both.is_open(now)
    found = both.next_open(now)
    if found is not None:
        assert found[0] >= now
        assert account.is_open(found[0])
        assert there.is_open(found[0])
        assert not both.is_open(found[1])


@pytest.mark.parametrize(
    ("half_days", "day", "closes"),
    [
        (["2026-12-24"], (2026, 12, 24), 13),
        (["2026-12-24"], (2027, 12, 23), 18),
        (["12-24"], (2027, 12, 23), 18),
        (["12-23"], (2027, 12, 23), 13),
        (["02-29"], (2028, 2, 29), 13),
        (["country"], (2026, 12, 24), 13),  # Iceland stops at one o'clock
        (["country"], (2026, 12, 22), 18),
        ([], (2026, 12, 24), 18),
    ],
)
def test_a_half_day_ends_early(half_days: list[str], day: tuple[int, int, int], closes: int) -> None:
    schedule = a_schedule({"half_days": half_days}, country="IS" if half_days == ["country"] else "US")
    window = schedule.window(at("America/New_York", *day, 8)) or pytest.fail("closed")
    assert window[1] == at("America/New_York", *day, closes)


def test_a_half_day_on_a_weekend_or_holiday_stays_closed_and_a_working_exception_opens_its_morning() -> None:
    assert a_schedule({"half_days": ["12-25", "12-26"]}).closed_because(at("America/New_York", 2026, 12, 25, 8)) == "holiday"
    assert a_schedule({"half_days": ["12-26"]}).closed_because(at("America/New_York", 2026, 12, 26, 8)) == "weekend"
    opened = a_schedule({"half_days": ["12-26"], "working_exceptions": ["2026-12-26"]})
    assert opened.window(at("America/New_York", 2026, 12, 26, 8)) == (
        at("America/New_York", 2026, 12, 26, 7),
        at("America/New_York", 2026, 12, 26, 13),
    )


def test_a_campaign_takes_back_the_workspaces_half_days_with_an_empty_list() -> None:
    workspace = {"half_days": ["12-24"], "half_day_end": "12:00"}
    eve = at("America/New_York", 2026, 12, 24, 12, 30)
    assert a_schedule({}, workspace=workspace).closed_because(eve) == "hours"
    assert a_schedule({"half_days": []}, workspace=workspace).is_open(eve)


def test_half_days_that_end_before_work_begins_are_refused_over_the_levels_too() -> None:
    with pytest.raises(ScheduleError, match=r"Half days end at 13:00, not after the start of work at 14:00"):
        a_schedule({"working_hours_start": 14}, workspace={"half_days": ["12-24"]})


def test_a_workspaces_own_days_off_and_exceptions_hold_for_every_campaign_that_does_not_differ() -> None:
    workspace = {"extra_days_off": ["2026-06-02"], "working_exceptions": ["2026-07-03"]}
    assert a_schedule({}, workspace=workspace).closed_because(at("America/New_York", 2026, 6, 2, 12)) == "holiday"
    assert a_schedule({}, workspace=workspace).is_open(at("America/New_York", 2026, 7, 3, 12))
    assert a_schedule({"working_exceptions": ["2026-06-02"]}, workspace=workspace).is_open(at("America/New_York", 2026, 6, 2, 12))
