"""What people may write as `schedule_settings`, what they are told otherwise, and whose word counts."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import Schedule, ScheduleError, ScheduleSettings, read_settings, resolve_schedule


def resolved(
    campaign: dict[str, object] | None = None,
    account: dict[str, object] | None = None,
    workspace: dict[str, object] | None = None,
    timezone: str | None = None,
    country: str | None = None,
) -> Schedule:
    levels = [None if raw is None else read_settings(raw) for raw in (campaign, account, workspace)]
    return resolve_schedule(*levels, account_timezone=timezone, account_country=country)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"working_hours_start": 18, "working_hours_end": 7}, "end at 07:00, not after their start at 18:00"),
        ({"working_hours_start": 9, "working_hours_end": "09:00"}, "end at 09:00, not after their start"),
        ({"working_hours_start": 25}, "working_hours_start: 25 is no time of day"),
        ({"working_hours_start": "24:01"}, "'24:01' is no time of day"),
        ({"working_hours_start": "7 am"}, "'7 am' is no time of day"),
        ({"working_hours_end": True}, "True is no time of day"),
        ({"working_hours_end": "12:75"}, "'12:75' is no time of day"),
        ({"timezone": "Europe/Berln"}, r"Unknown time zone 'Europe/Berln' \(did you mean Europe/Berlin\?\)"),
        ({"timezone": "america/new york"}, r"did you mean America/New_York\?"),
        ({"timezone": 1}, "Unknown time zone 1"),
        ({"timezone": "/etc/passwd"}, "Unknown time zone '/etc/passwd'"),
        ({"country": "de"}, r"Unknown country 'de' \(did you mean DE\?\)"),
        ({"country": "ZZ"}, "Unknown country 'ZZ'.*write it like US, DE or DE-BY"),
        ({"country": "DE-XX"}, "Unknown part 'XX' of country DE: it knows BB, BE"),
        ({"country": "SA-01"}, "Unknown part '01' of country SA"),
        ({"country": 49}, "Unknown country 49"),
        ({"days": []}, "list of days is empty"),
        ({"days": "mon"}, "'mon' is no list of weekdays"),
        ({"days": ["mon", "someday"]}, "'someday' is no weekday"),
        ({"days": [7]}, "7 is no weekday"),
        ({"days": [True]}, "True is no weekday"),
        ({"extra_days_off": ["24.12.2026"]}, "'24.12.2026' is no date; write it like 2026-12-24"),
        ({"extra_days_off": "2026-12-24"}, "no list of dates"),
        ({"working_exceptions": [1]}, "1 is no date"),
        (
            {"extra_days_off": ["2026-12-24"], "working_exceptions": ["2026-12-24"]},
            "2026-12-24 stands in extra_days_off and in working_exceptions",
        ),
        ({"skip_weekends": "maybe"}, "schedule_settings.skip_weekends: "),
        ({"working_hour_start": 7}, r"Unknown key 'working_hour_start' \(did you mean working_hours_start\?\)"),
        ([], "schedule_settings: "),
    ],
)
def test_a_setting_that_cannot_be_followed_is_refused_in_a_sentence(raw: object, sentence: str) -> None:
    with pytest.raises(ScheduleError, match=sentence) as refused:
        read_settings(raw)
    assert "\n" not in str(refused.value)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ScheduleError, match=r"timezone: Unknown.*country: Unknown"):
        read_settings({"timezone": "Mars", "country": "ZZ"})


def test_times_are_hours_or_hours_and_minutes() -> None:
    schedule = resolved({"working_hours_start": "7:30", "working_hours_end": 24})
    assert (schedule.opens, schedule.closes) == (450, 1440)


def test_settings_survive_the_way_through_json() -> None:
    settings = read_settings(
        {
            "working_hours_start": 8,
            "days": ["Monday", "tue", 2],
            "extra_days_off": ["2026-12-24"],
            "country": "DE-BY",
            "timezone": "Europe/Berlin",
        }
    )
    assert settings.days == (0, 1, 2)
    assert ScheduleSettings.model_validate_json(settings.model_dump_json()) == settings
    assert hash(ScheduleSettings.model_validate_json(settings.model_dump_json())) == hash(settings)


def test_where_nobody_says_anything_it_is_seven_to_six_in_new_york() -> None:
    assert resolved() == Schedule(zone=ZoneInfo("America/New_York"), opens=7 * 60, closes=18 * 60, country="US")


def test_the_campaign_speaks_before_the_account_and_the_account_before_the_workspace() -> None:
    schedule = resolved(
        {"working_hours_start": 9},
        {"working_hours_start": 8, "working_hours_end": 17},
        {"working_hours_end": 16, "country": "DE", "skip_holidays": False},
    )
    assert (schedule.opens, schedule.closes, schedule.country, schedule.skip_holidays) == (540, 1020, "DE", False)


def test_an_accounts_own_zone_and_country_stand_between_its_settings_and_the_workspace() -> None:
    workspace: dict[str, object] = {"timezone": "Asia/Riyadh", "country": "SA"}
    assert resolved(None, None, workspace, "Europe/Berlin", "DE").zone.key == "Europe/Berlin"
    assert resolved(None, {"timezone": "Asia/Kolkata"}, workspace, "Europe/Berlin", "DE").zone.key == "Asia/Kolkata"
    assert resolved(None, None, workspace).country == "SA"


def test_hours_that_only_together_make_no_window_are_refused() -> None:
    with pytest.raises(ScheduleError, match="end at 18:00, not after their start at 20:00"):
        resolved({"working_hours_start": 20})


def test_a_campaign_that_wants_weekends_is_not_outvoted_by_the_accounts_list_of_days() -> None:
    schedule = resolved({"skip_weekends": False}, {"days": ["mon", "tue"]})
    assert (schedule.weekdays, schedule.skip_weekends) == (None, False)
    assert resolved(None, {"days": ["mon", "tue"]}, {"skip_weekends": False}).weekdays == frozenset({0, 1})


def test_a_campaign_may_open_a_day_that_the_workspace_takes_off() -> None:
    schedule = resolved({"working_exceptions": ["2026-12-24"]}, None, {"extra_days_off": ["2026-12-24", "2026-12-31"]})
    assert schedule.days_off == frozenset({date(2026, 12, 31)})
    assert schedule.working_exceptions == frozenset({date(2026, 12, 24)})


def test_an_account_whose_zone_is_unknown_is_refused_in_a_sentence() -> None:
    with pytest.raises(ScheduleError, match=r"The account itself: .*Unknown time zone 'Europe/Nowhere'"):
        resolved(timezone="Europe/Nowhere")


def test_equal_settings_give_the_same_schedule() -> None:
    assert resolved({"working_hours_start": 8}) is resolved({"working_hours_start": 8})
