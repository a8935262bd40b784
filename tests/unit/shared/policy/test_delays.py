"""What delays a send: until when, why, and whom it concerns."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import Schedule
from shared.policy import Condition, Hold, Outcome, Reason, Scope, SendNow, Stop, Wait, WeekUse, decide, next_slot
from shared.vocabulary import Action, ProspectStatus
from tests.unit.shared.policy.cases import CALL, NOON, SEVEN_TO_SIX, TUESDAY, a_case, a_message, a_withdrawal, decided, new_york

WEDNESDAY_7 = new_york(3, 7)
ROUND_THE_CLOCK = Schedule(zone=ZoneInfo("UTC"), opens=0, closes=1440, country="US", skip_weekends=False, skip_holidays=False)


def test_a_decision_is_valid_until_the_window_ends_less_the_time_of_a_call() -> None:
    assert decided(a_case()) == SendNow(new_york(2, 18) - CALL)


def test_a_fast_clock_takes_its_margin_from_the_window_as_well() -> None:
    verdict = decide(a_case(), now=NOON, call_time=CALL, margin=timedelta(minutes=5))
    assert verdict.decision == SendNow(new_york(2, 18) - CALL - timedelta(minutes=5))


def test_a_decision_is_not_valid_beyond_the_accounts_own_midnight() -> None:
    berlin = a_case(zone=ZoneInfo("Europe/Berlin"))  # its midnight is 18:00 in New York
    assert decided(berlin) == SendNow(new_york(2, 18) - CALL)
    kolkata = a_case(zone=ZoneInfo("Asia/Kolkata"))  # its midnight is 14:30 in New York
    assert decided(kolkata) == SendNow(new_york(2, 14, 30) - CALL)


def test_the_last_seconds_before_the_accounts_midnight_are_left_alone() -> None:
    kolkata = a_case(zone=ZoneInfo("Asia/Kolkata"))
    assert decided(kolkata, new_york(2, 14, 29, 30)) == SendNow(new_york(2, 14, 29, 30))
    assert decided(kolkata, new_york(2, 14, 29, 45)) == Wait(new_york(2, 14, 30), Reason.DAY_END, Scope.ACCOUNT)


def test_a_window_with_exactly_the_time_of_a_call_left_is_open_and_with_less_is_not() -> None:
    last = new_york(2, 18) - CALL
    assert decided(a_case(), last) == SendNow(last)
    assert decided(a_case(), last + timedelta(microseconds=1)) == Wait(WEDNESDAY_7, Reason.HOURS, Scope.LANE)


@pytest.mark.parametrize(
    ("now", "until", "reason"),
    [
        (new_york(2, 6), new_york(2, 7), Reason.HOURS),
        (new_york(2, 19), WEDNESDAY_7, Reason.HOURS),
        (new_york(6, 11), new_york(8, 7), Reason.WEEKEND),
        (new_york(19, 11), new_york(22, 7), Reason.HOLIDAY),  # Juneteenth is a Friday
    ],
)
def test_outside_the_calendar_the_lane_waits_for_the_next_opening(now: datetime, until: datetime, reason: Reason) -> None:
    assert decided(a_case(scheduled_for=NOON - timedelta(days=2)), now) == Wait(until, reason, Scope.LANE)


def test_a_send_that_is_not_due_waits_alone() -> None:
    assert decided(a_case(scheduled_for=new_york(2, 15))) == Wait(new_york(2, 15), Reason.NOT_DUE, Scope.SEND)


def test_a_send_due_on_sunday_waits_for_monday_and_closes_no_lane() -> None:
    assert decided(a_case(scheduled_for=new_york(7, 12))) == Wait(new_york(8, 7), Reason.NOT_DUE, Scope.SEND)


def test_a_send_due_while_the_lane_is_closed_anyway_waits_with_the_lane() -> None:
    decision = decided(a_case(scheduled_for=new_york(7, 12)), new_york(6, 11))
    assert decision == Wait(new_york(8, 7), Reason.WEEKEND, Scope.LANE)


def test_out_of_office_holds_one_prospect_until_its_end() -> None:
    assert decided(a_message(hold_until=new_york(10, 12))) == Wait(new_york(10, 12), Reason.OUT_OF_OFFICE, Scope.SEND)


def test_spacing_makes_the_whole_account_wait() -> None:
    free = NOON + timedelta(seconds=90)
    assert decided(a_case(next_free_at=free)) == Wait(free, Reason.SPACING, Scope.ACCOUNT)
    assert isinstance(decided(a_case(next_free_at=free), free), SendNow)


def test_spacing_that_ends_after_closing_leads_to_the_next_opening_of_the_lane() -> None:
    decision = decided(a_case(next_free_at=new_york(2, 18, 1)), new_york(2, 17, 59))
    assert decision == Wait(WEDNESDAY_7, Reason.SPACING, Scope.LANE)


def test_a_full_day_waits_for_the_first_open_moment_of_the_next() -> None:
    assert decided(a_case(used={TUESDAY: 20})) == Wait(WEDNESDAY_7, Reason.DAILY_CAP, Scope.LANE)
    assert isinstance(decided(a_case(used={TUESDAY: 19})), SendNow)


def test_a_cap_that_was_lowered_below_todays_use_waits_as_well() -> None:
    assert decided(a_case(used={TUESDAY: 30})) == Wait(WEDNESDAY_7, Reason.DAILY_CAP, Scope.LANE)


def test_days_that_are_planned_full_are_passed_over() -> None:
    used = {TUESDAY: 20, date(2026, 6, 3): 20, date(2026, 6, 4): 21, date(2026, 6, 5): 20}
    assert decided(a_case(used=used)) == Wait(new_york(8, 7), Reason.DAILY_CAP, Scope.LANE)


def test_round_the_clock_a_full_day_makes_the_action_wait_for_the_accounts_midnight() -> None:
    case = a_case(used={TUESDAY: 20}, schedule=ROUND_THE_CLOCK)
    assert decided(case) == Wait(new_york(3, 0), Reason.DAILY_CAP, Scope.ACTION)


def test_the_cap_counts_the_accounts_own_day_and_not_the_campaigns() -> None:
    sydney = ZoneInfo("Australia/Sydney")  # Tuesday noon in New York is already Wednesday there
    assert isinstance(decided(a_case(zone=sydney, used={TUESDAY: 20})), SendNow)
    full = decided(a_case(zone=sydney, used={date(2026, 6, 3): 20}))
    assert full == Wait(datetime(2026, 6, 3, 14, tzinfo=UTC), Reason.DAILY_CAP, Scope.ACTION)  # Sydney's midnight, 10:00 in New York


def test_a_full_week_makes_invitations_wait_until_it_frees() -> None:
    week = WeekUse(count=100, cap=100, frees_at=new_york(4, 10))
    assert decided(a_case(week=week)) == Wait(new_york(4, 10), Reason.WEEKLY_CAP, Scope.ACTION)
    assert isinstance(decided(a_case(week=week), new_york(4, 10)), SendNow)
    assert isinstance(decided(a_case(week=WeekUse(count=99, cap=100))), SendNow)


def test_a_week_that_frees_at_night_is_still_the_reason_for_waiting_until_morning() -> None:
    week = WeekUse(count=100, cap=100, frees_at=new_york(4, 3))
    assert decided(a_case(week=week)) == Wait(new_york(4, 7), Reason.WEEKLY_CAP, Scope.LANE)


def test_a_full_week_of_invitations_delays_no_message() -> None:
    assert isinstance(decided(a_message(week=WeekUse(count=100, cap=100, frees_at=new_york(4, 10)))), SendNow)


def test_a_cool_down_rests_one_action_in_every_campaign() -> None:
    case = a_case(cool_down_until=new_york(2, 15), cool_down_reason="limit_exceeded")
    assert decided(case) == Wait(new_york(2, 15), Reason.COOL_DOWN, Scope.ACTION)


def test_a_withdrawn_person_is_not_invited_again_before_the_lock_ends() -> None:
    assert decided(a_case(relock_until=new_york(23, 12))) == Wait(new_york(23, 12), Reason.RELOCK, Scope.SEND)
    assert isinstance(decided(a_message(relock_until=new_york(23, 12))), SendNow)


def test_an_invitation_is_taken_back_when_it_has_waited_as_long_as_the_campaign_says_today() -> None:
    assert isinstance(decided(a_withdrawal()), SendNow)
    assert decided(a_withdrawal(withdraw_at=new_york(4, 12))) == Wait(new_york(4, 12), Reason.STILL_WAITING, Scope.SEND)


def test_a_withdrawal_keeps_the_hours_the_spacing_and_a_cap_of_its_own() -> None:
    assert decided(a_withdrawal(), new_york(6, 12)) == Wait(new_york(8, 7), Reason.WEEKEND, Scope.LANE)
    rested = NOON + timedelta(minutes=2)
    assert decided(a_withdrawal(next_free_at=rested)) == Wait(rested, Reason.SPACING, Scope.ACCOUNT)
    assert decided(a_withdrawal(daily_cap=40, used={TUESDAY: 40})) == Wait(WEDNESDAY_7, Reason.DAILY_CAP, Scope.LANE)
    assert isinstance(decided(a_withdrawal(week=WeekUse(count=100, cap=100, frees_at=new_york(4, 10)))), SendNow)


def test_of_several_delays_the_latest_names_the_reason() -> None:
    case = a_case(next_free_at=NOON + timedelta(minutes=2), cool_down_until=new_york(2, 15), scheduled_for=new_york(2, 14))
    assert decided(case) == Wait(new_york(2, 15), Reason.COOL_DOWN, Scope.ACTION)


def test_a_cap_of_nothing_is_held_until_somebody_changes_it() -> None:
    assert decided(a_case(daily_cap=0)) == Hold(Condition.OPENING, Reason.DAILY_CAP, Scope.ACTION)
    assert decided(a_case(week=WeekUse(count=0, cap=0))) == Hold(Condition.OPENING, Reason.WEEKLY_CAP, Scope.ACTION)


def test_a_calendar_that_never_opens_is_held_until_somebody_changes_it() -> None:
    never = Schedule(zone=SEVEN_TO_SIX.zone, opens=420, closes=1080, country="US", weekdays=frozenset())
    assert decided(a_case(schedule=never)) == Hold(Condition.OPENING, Reason.WEEKEND, Scope.LANE)


def test_hours_shorter_than_a_call_are_never_open() -> None:
    brief = Schedule(zone=SEVEN_TO_SIX.zone, opens=720, closes=721, country="US")
    verdict = decide(a_case(schedule=brief), now=NOON, call_time=CALL, margin=timedelta(minutes=1))
    assert verdict.decision == Hold(Condition.OPENING, Reason.HOURS, Scope.LANE)


def test_the_planner_gets_the_moment_itself_or_the_first_allowed_after_it() -> None:
    assert next_slot(a_case(), after=NOON, call_time=CALL) == NOON
    assert next_slot(a_case(), after=new_york(2, 20), call_time=CALL) == WEDNESDAY_7
    assert next_slot(a_case(suppressed_by="person"), after=NOON, call_time=CALL) == Stop(Reason.SUPPRESSED)
    held = next_slot(a_case(daily_cap=0), after=NOON, call_time=CALL)
    assert held == Hold(Condition.OPENING, Reason.DAILY_CAP, Scope.ACTION)


def test_the_trace_shows_every_rule_with_what_it_saw() -> None:
    verdict = decide(a_case(used={TUESDAY: 20}, lead_last_reply_at=NOON), now=NOON, call_time=CALL)
    lines = {line.name: line for line in verdict.trace}
    assert list(lines) == [
        *("campaign_over", "suppressed", "opted_out", "status", "reply", "first_contact", "withdrawal", "reachable"),
        *("other_sequence", "settings", "campaign_running", "account_usable", "connection"),
        *("due", "out_of_office", "replies_unread", "relock", "withdraw_after", "calendar", "prospect_hours", "spacing", "day_end"),
        *("daily_cap", "warm_up", "weekly_cap", "cool_down"),
    ]
    assert lines["reply"].verdict is Outcome.STOP
    cap = lines["daily_cap"]
    assert (cap.value, cap.limit, cap.verdict, cap.until) == ("20 on 2026-06-02", "20", Outcome.WAIT, new_york(3, 0))
    assert lines["calendar"].value == "Tue 2026-06-02 12:00 America/New_York"
    assert lines["calendar"].limit == "07:00 to 18:00, calendar US"


def test_the_trace_names_the_holiday() -> None:
    verdict = decide(a_case(), now=new_york(19, 11), call_time=CALL)
    calendar = next(line for line in verdict.trace if line.name == "calendar")
    assert calendar.value.endswith("Juneteenth National Independence Day")
    assert calendar.until == new_york(22, 7)


def test_the_trace_of_a_rule_that_never_lets_pass_says_hold() -> None:
    line = next(line for line in decide(a_case(daily_cap=0), now=NOON, call_time=CALL).trace if line.name == "daily_cap")
    assert (line.verdict, line.until) == (Outcome.HOLD, None)


def test_moments_without_a_zone_are_refused() -> None:
    naive = datetime(2026, 6, 2, 12)  # noqa: DTZ001 - the mistake itself
    with pytest.raises(ValueError, match="has no time zone"):
        a_case(next_free_at=naive)
    with pytest.raises(ValueError, match="has no time zone"):
        WeekUse(count=1, cap=1, frees_at=naive)
    with pytest.raises(ValueError, match="has no time zone"):
        decided(a_case(), naive)


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        decide(a_case(), now=NOON, call_time=-CALL)


def test_a_look_up_is_held_back_by_the_same_calendar_and_caps() -> None:
    case = a_case(action=Action.PROFILE_LOOKUP, daily_cap=100, used={TUESDAY: 100})
    assert decided(case) == Wait(WEDNESDAY_7, Reason.DAILY_CAP, Scope.LANE)


def test_a_follow_up_waits_for_the_read_that_may_show_an_answer() -> None:
    stale = a_message(replies_read_at=NOON - timedelta(hours=7), replies_next_read_at=NOON - timedelta(minutes=5))
    decision = decided(stale)
    assert isinstance(decision, Wait)
    assert (decision.until, decision.reason) == (NOON + timedelta(minutes=5), Reason.REPLIES_UNREAD)


@pytest.mark.parametrize(
    "facts",
    [
        {"replies_read_at": NOON - timedelta(hours=5), "replies_next_read_at": NOON + timedelta(hours=1)},
        {"replies_read_at": NOON - timedelta(hours=9), "replies_next_read_at": NOON - timedelta(hours=1)},
        {"replies_read_at": None, "replies_next_read_at": NOON + timedelta(hours=1)},
        {"prospect_status": ProspectStatus.APPROVED, "replies_read_at": NOON - timedelta(hours=9), "replies_next_read_at": NOON},
    ],
    ids=["read lately", "the reader is gone", "never read", "first words"],
)
def test_nothing_waits_for_a_read_that_is_fresh_or_will_not_come(facts: dict[str, Any]) -> None:
    assert not (isinstance(decision := decided(a_message(**facts, connected=True)), Wait) and decision.reason is Reason.REPLIES_UNREAD)


def test_a_new_account_waits_for_its_next_day_when_the_day_of_its_warm_up_is_used_up() -> None:
    case = a_case(warm_up_from=TUESDAY, daily_cap=20, used={TUESDAY: 4})
    assert decided(case) == Wait(WEDNESDAY_7, Reason.WARM_UP, Scope.LANE)
    line = next(line for line in decide(case, now=NOON, call_time=CALL).trace if line.name == "warm_up")
    assert (line.value, line.limit) == ("4 on 2026-06-02 of 4 (20 % of 20)", "since 2026-06-02")
    assert (line.verdict, line.until) == (Outcome.WAIT, new_york(3, 0))
    assert isinstance(decided(a_case(warm_up_from=TUESDAY, daily_cap=20, used={TUESDAY: 3})), SendNow)


def test_a_planner_meets_a_larger_share_of_the_cap_on_each_day_it_plans_ahead() -> None:
    wednesday = date(2026, 6, 3)
    case = a_case(warm_up_from=TUESDAY, daily_cap=20, used={TUESDAY: 4, wednesday: 4})
    assert next_slot(case, after=NOON, call_time=CALL) == WEDNESDAY_7  # 26 % of 20 are 5
    case = a_case(warm_up_from=TUESDAY, daily_cap=20, used={TUESDAY: 4, wednesday: 5})
    assert next_slot(case, after=NOON, call_time=CALL) == new_york(4, 7)


def test_an_account_that_has_warmed_up_is_stopped_by_its_cap_alone() -> None:
    case = a_case(warm_up_from=TUESDAY - timedelta(days=14), used={TUESDAY: 20})
    lines = {line.name: line.verdict for line in decide(case, now=NOON, call_time=CALL).trace}
    assert (lines["daily_cap"], lines["warm_up"]) == (Outcome.WAIT, Outcome.PASS)
