"""The scale of repair times: never below the truth, at most nine percent above it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.healer.rules.health.repair_times import TimeBucket, bucket_upper_bound, find_bucket, summarize_times


@given(st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=300), st.floats(min_value=0.01, max_value=1e5))
def test_the_percentile_is_at_most_nine_percent_above_the_true_one_and_the_share_is_exact(took: list[float], objective: float) -> None:
    spans = [timedelta(seconds=seconds) for seconds in took]
    times = summarize_times(
        TimeBucket(find_bucket(span), 1, int(span.total_seconds() <= objective), span.total_seconds()) for span in spans
    )
    ordered = sorted(span.total_seconds() for span in spans)
    true = max(ordered[max(0, -(-99 * len(ordered) // 100) - 1)], 0.001)
    assert times.p99 is not None
    assert true - 0.001 <= times.p99 <= true * 2 ** (1 / 8) * 1.0001 + 0.001
    assert times.within == sum(seconds <= objective for seconds in ordered)
    assert times.met == (times.within >= 0.99 * len(ordered))


def test_a_step_holds_its_own_top() -> None:
    assert [find_bucket(timedelta(seconds=bucket_upper_bound(bucket))) for bucket in (8, 16, 80)] == [8, 16, 80]


@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_what_took_no_time_or_less_is_the_shortest_there_is(seconds: float) -> None:
    assert bucket_upper_bound(find_bucket(timedelta(seconds=seconds))) == pytest.approx(0.001, rel=0.1)


def test_nothing_repaired_meets_and_misses_nothing() -> None:
    times = summarize_times([])
    assert (times.repaired, times.mean, times.p99, times.met) == (0, None, None, None)
