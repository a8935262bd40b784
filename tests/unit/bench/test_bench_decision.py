"""The decision's time is measured over what a sender meets."""

from bench.decision import cases, measure, outcomes


def test_half_of_the_cases_may_leave_and_the_others_wait() -> None:
    leaving = outcomes()
    assert len(leaving) == len(cases()) / 2
    assert {"spacing", "not due", "daily cap", "weekly cap", "cool-down", "weekend"}.isdisjoint(leaving)


def test_the_slowest_case_is_named_and_no_quicker_than_the_mean() -> None:
    measured = measure(rounds=1, decisions=20)
    assert 0 < measured.mean_us <= measured.slowest_us
    assert measured.slowest in cases()
