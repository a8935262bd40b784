"""Spacing, hours and caps: each broken in one small log and kept in its twin."""

from datetime import date
from typing import Any

import pytest

from simulator.judge import RuleError, Tolerance, judge
from tests.unit.simulator.judge.judge_log import Story, days, hours, rule

BERLIN = rule()


def found(story: Story, kind: str, **rules: Any) -> int:
    return judge(story.lines, accounts=[rule(**rules)]).violations[kind]


def test_two_actions_are_apart_from_the_answer_of_the_one_to_the_arrival_of_the_next() -> None:
    def pair(after_s: float) -> Story:
        return Story().call("invitation", took_s=10).call("invitation", "ben", after_s=after_s)

    assert found(pair(129), "spacing") == 1
    assert found(pair(130), "spacing") == 0


@pytest.mark.parametrize("action", ["profile_lookup", "read", "withdrawal", "other"])
def test_look_ups_reads_and_withdrawals_are_spaced_like_writes(action: str) -> None:
    assert found(Story().call("message").call(action, after_s=60), "spacing") == 1


def test_asking_for_the_accounts_or_the_webhooks_is_no_action_of_the_member() -> None:
    story = Story().call("message").call("read", None, after_s=1, route="GET /accounts/{id}")
    story.call("other", None, after_s=2, route="POST /webhooks", account_id=None)
    assert judge(story.lines, accounts=[BERLIN]).ok


def test_two_accounts_need_no_space_between_them() -> None:
    story = Story().call("message").call("message", "ben", after_s=1, account_id="acc-bonn")
    assert judge(story.lines, accounts=[BERLIN, rule("acc-bonn")]).ok


def test_another_spacing_can_be_asked_for() -> None:
    story = Story().call("message").call("message", "ben", after_s=60)
    assert judge(story.lines, accounts=[BERLIN], spacing_s=60).ok


def test_rounding_of_a_fast_clock_is_forgiven_and_shown_but_no_more_than_that() -> None:
    def pair(after_s: float) -> Story:
        return Story(speed=2000).call("message").call("message", "ben", after_s=after_s).call("read", None, after_s=hours(1))

    close = judge(pair(111).lines, accounts=[BERLIN])  # 5 real ms are 10 s at this speed
    assert close.ok
    assert close.tolerated == {"spacing": 1}
    assert any("clock speed of 2000 is 10 s" in words for words in close.tolerances)
    assert found(pair(109), "spacing") == 1


def test_a_given_clock_speed_replaces_the_measured_one() -> None:
    story = Story(speed=2000).call("message").call("message", "ben", after_s=111)
    assert judge(story.lines, accounts=[BERLIN]).violations["spacing"] == 1  # too short a log to measure anything
    assert judge(story.lines, accounts=[BERLIN], tolerance=Tolerance(clock_speed=2000)).ok


def test_a_leap_of_the_clock_does_not_make_the_judge_lenient() -> None:
    story = Story()
    for n in range(5):
        story.call("read", None, after_s=n * 200)
    leapt: dict[str, Any] = {"real_at": "2026-01-01T00:13:21+00:00"}  # one real second after the last, and a night later
    story.call("message", after_s=days(1), **leapt)
    verdict = judge(story.lines, accounts=[BERLIN])
    assert any("clock speed of 1 " in words for words in verdict.tolerances)


def test_two_calls_of_one_account_at_once_overlap() -> None:
    story = Story().call("message", after_s=10, took_s=5).call("message", "ben", took_s=20)  # the longer one is written last
    verdict = judge(story.lines, accounts=[BERLIN])
    assert verdict.violations["overlapping"] == 1
    assert verdict.violations["spacing"] == 0
    assert "line 2" in verdict.examples["overlapping"][0]
    assert "line 1" in verdict.examples["overlapping"][0]


def test_calls_one_after_the_other_do_not_overlap() -> None:
    story = Story().call("message", took_s=20).call("message", "ben", after_s=140, took_s=20)
    assert judge(story.lines, accounts=[BERLIN]).ok


def test_a_call_whose_answer_nobody_took_is_held_against_its_neighbours_though_written_later() -> None:
    def cut(after_s: float) -> Story:
        story = Story().call("message").call("message", "ben", after_s=400)
        return story.call("message", "cem", after_s=after_s, status=None, answered_at=None, fault="held")

    assert found(cut(200), "spacing") == 0
    assert found(cut(330), "spacing") == 1
    assert found(cut(60), "spacing") == 1


def test_hours_are_the_accounts_own_and_end_before_their_last() -> None:
    def at(after_h: float, action: str = "message") -> Story:
        return Story().call(action, after_s=hours(after_h))

    assert found(at(-3), "outside_hours") == 0  # 07:00 in Berlin
    assert found(at(-3.01), "outside_hours") == 1
    assert found(at(7.99), "outside_hours") == 0
    assert found(at(8), "outside_hours") == 1
    assert found(at(-1, "profile_lookup"), "outside_hours", timezone="America/New_York") == 1
    assert found(at(8), "outside_hours", hours=(7, 19)) == 0


def test_reading_is_allowed_at_any_hour() -> None:
    assert judge(Story().call("read", None, after_s=hours(12)).lines, accounts=[BERLIN]).ok


def test_hours_follow_the_clock_on_the_wall_when_it_is_put_back() -> None:
    story = Story().call("message", after_s=-days(30) - hours(3) - 1)  # 25 October, 06:59:59 in Berlin, the clock put back at 3
    assert found(story, "outside_hours", skip_weekends=False) == 1
    story = Story().call("message", after_s=-days(30) - hours(3))
    assert found(story, "outside_hours", skip_weekends=False) == 0


def test_the_weekend_is_that_of_the_country() -> None:
    friday, saturday = Story().call("message", after_s=days(3)), Story().call("message", after_s=days(4))
    assert (found(friday, "weekend"), found(saturday, "weekend")) == (0, 1)
    assert (found(friday, "weekend", country="SA", timezone="Asia/Riyadh"), found(saturday, "weekend", skip_weekends=False)) == (1, 0)
    sunday = Story().call("message", after_s=days(5))
    assert (found(sunday, "weekend"), found(sunday, "weekend", country="SA", timezone="Asia/Riyadh")) == (1, 0)


def test_a_public_holiday_is_that_of_the_country_and_its_part() -> None:
    thanksgiving = Story().call("message", after_s=days(2) + hours(7))
    assert found(thanksgiving, "holiday", country="US", timezone="America/New_York") == 1
    assert found(thanksgiving, "holiday", country="US", timezone="America/New_York", skip_holidays=False) == 0
    assert found(thanksgiving, "holiday") == 0
    assert "Thanksgiving" in judge(thanksgiving.lines, accounts=[rule(country="US")]).examples["holiday"][0]


def test_an_account_may_have_days_off_and_working_days_of_its_own() -> None:
    assert found(Story().call("message"), "holiday", days_off=frozenset({date(2026, 11, 24)})) == 1
    assert found(Story().call("message", after_s=days(4)), "weekend", working_days=frozenset({date(2026, 11, 28)})) == 0


def test_a_daily_cap_counts_what_took_effect_in_the_accounts_own_day() -> None:
    story = Story().call("invitation").refused("invitation", "invalid_recipient", after_s=200).call("invitation", "cem", after_s=400)
    assert found(story, "over_daily_cap", caps={"invitation": 2}) == 0
    assert found(story, "over_daily_cap", caps={"invitation": 1}) == 1
    next_day = Story().call("invitation").call("invitation", "ben", after_s=days(1))
    assert found(next_day, "over_daily_cap", caps={"invitation": 1}) == 0


def test_look_ups_have_a_cap_too_and_those_refused_do_not_count() -> None:
    story = Story().call("profile_lookup").call("profile_lookup", "ben", after_s=200, status=404, error="resource_not_found")
    assert found(story, "over_daily_cap", caps={"profile_lookup": 1}) == 0
    assert found(story.call("profile_lookup", "cem", after_s=400), "over_daily_cap", caps={"profile_lookup": 1}) == 1


def test_the_weekly_cap_holds_in_any_168_hours() -> None:
    def week(apart_h: float) -> Story:
        return Story().call("invitation").call("invitation", "ben", after_s=hours(24)).call("invitation", "cem", after_s=hours(apart_h))

    assert found(week(168), "over_weekly_cap", weekly_invitations=2) == 0
    assert found(week(167.9), "over_weekly_cap", weekly_invitations=2) == 1
    assert found(week(167.9), "over_weekly_cap", weekly_invitations=3) == 0


def test_a_week_short_by_the_way_from_intent_to_arrival_is_forgiven() -> None:
    story = Story().call("invitation").call("invitation", "ben", after_s=hours(168) - 0.4)
    verdict = judge(story.lines, accounts=[rule(weekly_invitations=1)])
    assert verdict.ok
    assert verdict.tolerated == {"over_weekly_cap": 1}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"timezone": "Europe/Berln"}, "unknown timezone 'Europe/Berln'"),
        ({"timezone": "Europe"}, "unknown timezone 'Europe'"),
        ({"country": "Atlantis"}, "unknown country 'Atlantis'"),
        ({"country": "DE-XX"}, "unknown country 'DE-XX'"),
        ({"hours": (18, 7)}, "hours 18 to 7 never open"),
        ({"caps": {"email": 5}}, "there is no cap for 'email'"),
        ({"caps": {"message": -1}}, "a cap of -1 for message"),
    ],
)
def test_an_impossible_rule_is_refused_with_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError, match=sentence):
        rule(**wrong)


def test_two_rules_for_one_account_are_refused() -> None:
    with pytest.raises(RuleError, match="one rule"):
        judge([], accounts=[rule(), rule()])


def test_withdrawals_have_hours_and_a_cap_of_their_own() -> None:
    story = Story().call("withdrawal", effect=True).call("withdrawal", "ben", after_s=200, effect=True)
    assert found(story, "over_daily_cap", caps={"withdrawal": 2}) == 0
    assert found(story, "over_daily_cap", caps={"withdrawal": 1}) == 1
    assert found(Story().call("withdrawal", after_s=hours(12)), "outside_hours") == 1


def test_a_withdrawal_that_comes_a_moment_after_the_acceptance_is_not_careless() -> None:
    assert found(Story().refused("withdrawal", "invalid_parameters", 400), "refused_by_provider") == 0
    assert found(Story().refused("invitation", "invalid_parameters", 400), "refused_by_provider") == 1
