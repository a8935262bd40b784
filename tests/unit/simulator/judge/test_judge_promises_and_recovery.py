"""What was promised must have left, once; and how long sends stood still after a fault is read from the log alone."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from simulator.judge import Promise, RuleError, judge, percentile, recoveries
from tests.unit.simulator.judge.judge_log import Story, rule

BERLIN = rule()
BEGIN = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE = BEGIN + timedelta(minutes=1)


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def ten_a_second(spans: Iterable[tuple[float, float]]) -> list[datetime]:
    """Sends that flow evenly in each of these spans of seconds."""
    return [at(start + n / 10) for start, end in spans for n in range(round((end - start) * 10))]


def seconds(sent: list[datetime], *faults: float) -> list[float]:
    """How long each fault stopped them within the first minute."""
    return [one.seconds for one in recoveries(sent, [(f"fault at {fault}", at(fault)) for fault in faults], since=BEGIN, until=MINUTE)]


def test_a_promise_nobody_kept_is_lost_and_one_that_was_kept_is_not() -> None:
    story = Story().call("invitation").call("message", after_s=200)
    promised = [Promise("invitation", "ACoana"), Promise("message", "ACoana"), Promise("invitation", "ACoben")]
    verdict = judge(story.lines, accounts=[BERLIN], promised=promised)
    assert (verdict.violations["lost"], verdict.violations["unasked"], verdict.ok) == (1, 0, False)


def test_what_waits_for_a_person_is_not_lost() -> None:
    waiting = [Promise("invitation", "ACoben")]
    assert judge(Story().call("invitation").lines, promised=[Promise("invitation", "ACoana"), *waiting], waiting=waiting).ok


def test_a_send_that_nobody_asked_for_is_found() -> None:
    assert judge(Story().call("invitation").lines, promised=[]).violations["unasked"] == 1
    assert judge(Story().call("invitation").lines).ok, "where nothing was promised nothing is said"


def test_another_spelling_of_the_same_id_keeps_the_promise() -> None:
    assert judge(Story().call("invitation").lines, promised=[Promise("invitation", "ADoana")]).ok


def test_a_refused_call_keeps_no_promise() -> None:
    story = Story().refused("invitation", "invalid_recipient")
    assert judge(story.lines, promised=[Promise("invitation", "ACoana")]).violations["lost"] == 1


@pytest.mark.parametrize("wrong", [("email", "ACoana"), ("withdrawal", "ACoana"), ("invitation", "")])
def test_a_promise_that_names_nothing_is_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(RuleError):
        Promise(*wrong)


def test_a_fault_that_stops_nothing_is_recovered_from_at_once() -> None:
    assert seconds(ten_a_second([(0, 60)]), 20, 30) == [0, 0]


def test_a_pause_counts_from_the_fault_to_the_first_send_after_it() -> None:
    assert seconds(ten_a_second([(0, 20), (32, 60)]), 20) == [12]


def test_a_pause_that_begins_a_while_after_the_fault_is_the_faults_all_the_same() -> None:
    assert seconds(ten_a_second([(0, 25), (32, 60)]), 20) == [12]


def test_a_pause_that_begins_when_all_has_settled_counts_as_long_as_it_is_and_hides_no_longer_one() -> None:
    assert seconds(ten_a_second([(0, 40), (48, 60)]), 5) == [pytest.approx(8, abs=2)]
    assert seconds(ten_a_second([(0, 5), (17, 50), (55, 60)]), 5) == [12]


def test_two_faults_in_one_pause_each_have_their_own_time() -> None:
    assert seconds(ten_a_second([(0, 20), (32, 60)]), 20, 26) == [12, 6]


def test_a_pause_belongs_to_the_last_fault_before_it() -> None:
    assert seconds(ten_a_second([(0, 40), (48, 60)]), 10, 40) == [0, 8]


def test_a_single_straggler_in_a_pause_does_not_end_it() -> None:
    assert seconds(sorted([*ten_a_second([(0, 20), (34, 60)]), at(26)]), 20) == [14]


def test_sends_that_never_flow_again_leave_the_whole_rest_as_the_pause() -> None:
    [pause] = seconds(ten_a_second([(0, 30)]), 30)
    assert pause == pytest.approx(30, abs=3)


def test_without_any_send_nothing_can_be_said() -> None:
    assert seconds([], 10) == []


def test_the_ninety_ninth_percentile_is_a_value_that_occurred() -> None:
    assert percentile([], 99) == 0
    assert percentile([3.0], 99) == 3
    assert percentile([float(n) for n in range(1, 101)], 99) == 99
    assert percentile([float(n) for n in range(1, 11)], 99) == 10
    assert [percentile([3.0, 1.0, 2.0, 4.0], share) for share in (25, 26, 50, 100)] == [1, 2, 2, 4], "a value that occurred"
