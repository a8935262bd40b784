"""A clock that is read slowly is told by the quickest of its reads, until they contradict each other."""

from datetime import UTC, datetime, timedelta

from simulator.unipile.world.clock import Row, Sample

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def a_sample(*, asked: float, answered: float, shown: float) -> Sample:
    """The database showed noon and `shown` seconds, somewhere between two moments of ours."""
    return Sample(NOON + timedelta(seconds=shown), asked, answered)


def test_a_slow_read_may_be_wrong_by_half_its_time_and_ages_slower_than_that() -> None:
    quick, slow = a_sample(asked=10.0, answered=10.002, shown=10.001), a_sample(asked=20.0, answered=22.0, shown=20.1)
    assert quick.wrong_by(22.0) < 0.01 < slow.wrong_by(22.0)
    assert quick.at(21.0) == NOON + timedelta(seconds=21)
    assert abs(slow.at(21.0) - (NOON + timedelta(seconds=20.1))) < timedelta(milliseconds=1), "0.9 s behind, within its second"
    assert quick.agrees(slow)


def test_a_clock_that_was_set_contradicts_what_it_showed() -> None:
    before, after = a_sample(asked=10.0, answered=10.002, shown=10.001), a_sample(asked=11.0, answered=11.002, shown=14.001)
    assert not before.agrees(after)


def test_an_old_read_is_trusted_less_until_a_new_one_is_the_better_one() -> None:
    old, new = a_sample(asked=0.0, answered=0.002, shown=0.001), a_sample(asked=100.0, answered=100.04, shown=100.02)
    assert old.wrong_by(1.0) < new.wrong_by(100.04) < old.wrong_by(100.04)


def test_business_time_runs_from_the_rows_anchor_at_its_speed() -> None:
    row = Row(anchored_at=NOON, business_at=NOON - timedelta(days=1), speed=60.0)
    assert row.at(NOON + timedelta(seconds=2)) == NOON - timedelta(days=1) + timedelta(minutes=2)
