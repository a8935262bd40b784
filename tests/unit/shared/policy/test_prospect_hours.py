"""Hours that follow the prospect: they delay one send and never its neighbours, and say so when they can never be met."""

from datetime import timedelta

from shared.calendar import Schedule, read_settings, resolve_schedule
from shared.policy import Case, Condition, Hold, Outcome, Reason, Scope, SendNow, Wait, decide, next_slot
from tests.unit.shared.policy.cases import CALL, NOON, a_case, decided, new_york

TOKYO_OPENS = new_york(2, 18)  # 07:00 of Wednesday in Tokyo
BERLIN_CLOSES = new_york(2, 12)


def hours(window_zone: str, prospect: str | None, **more: object) -> Schedule:
    campaign = read_settings({"window_zone": window_zone, **more})
    return resolve_schedule(campaign, None, None, account_timezone="America/New_York", account_country="US", prospect_timezone=prospect)


def line(case: Case, name: str) -> tuple[str, str, Outcome]:
    found = next(each for each in decide(case, now=NOON, call_time=CALL).trace if each.name == name)
    return found.value, found.limit, found.verdict


def test_the_night_of_one_prospect_does_not_close_the_lane_for_the_others() -> None:
    assert decided(a_case(schedule=hours("prospect", "Asia/Tokyo"))) == Wait(TOKYO_OPENS, Reason.HOURS, Scope.SEND)
    assert isinstance(decided(a_case(schedule=hours("prospect", None))), SendNow)


def test_a_prospect_without_a_zone_waits_for_the_accounts_hours_alone_too() -> None:
    evening = new_york(2, 19)
    assert decided(a_case(schedule=hours("prospect", None)), evening) == Wait(new_york(3, 7), Reason.HOURS, Scope.SEND)


def test_both_means_that_the_accounts_hours_still_close_its_lane() -> None:
    evening = new_york(2, 19)  # an hour into Tokyo's day, which the account's has left
    both = hours("both", "Europe/Berlin")
    assert decided(a_case(schedule=both), evening) == Wait(new_york(3, 7), Reason.HOURS, Scope.LANE)


def test_both_means_that_the_prospects_evening_delays_the_one_send() -> None:
    both = hours("both", "Europe/Berlin")
    assert isinstance(decided(a_case(schedule=both), new_york(2, 11)), SendNow)
    assert decided(a_case(schedule=both), BERLIN_CLOSES) == Wait(new_york(3, 7), Reason.HOURS, Scope.SEND)


def test_hours_that_never_meet_hold_the_one_send_and_say_so() -> None:
    case = a_case(schedule=hours("both", "Asia/Tokyo", working_hours_start=9, working_hours_end=17))
    assert decided(case) == Hold(Condition.OPENING, Reason.HOURS, Scope.SEND)
    value, limit, verdict = line(case, "prospect_hours")
    assert value == "Wed 2026-06-03 01:00 Asia/Tokyo; no moment of the next 400 days is open, so the hours must be changed"
    assert limit == (
        "09:00 to 17:00, calendar US (America/New_York), and 09:00 to 17:00, calendar JP, on the prospect's clocks (Asia/Tokyo)"
    )
    assert verdict is Outcome.HOLD
    assert line(case, "calendar")[2] is Outcome.PASS


def test_the_planner_finds_the_first_moment_that_suits_both() -> None:
    case = a_case(schedule=hours("both", "Asia/Kolkata", working_hours_end=20), scheduled_for=NOON)
    assert next_slot(case, after=NOON, call_time=CALL) == new_york(3, 7)  # 16:30 in India


def test_without_the_prospects_hours_their_line_says_so() -> None:
    assert line(a_case(), "prospect_hours") == ("not asked for", "none", Outcome.PASS)


def test_a_call_must_end_inside_the_prospects_hours_as_well() -> None:
    both = hours("both", "Europe/Berlin")
    last = BERLIN_CLOSES - CALL
    assert decided(a_case(schedule=both), last) == SendNow(last)
    assert decided(a_case(schedule=both), last + timedelta(seconds=1)) == Wait(new_york(3, 7), Reason.HOURS, Scope.SEND)
