"""When too much becomes a dead letter."""

from shared.kafka.dead_letters import MOST_IN_A_ROW, SMALLEST_VOLUME, DeadLetterTally


def test_a_thousand_in_a_row_are_too_many_and_one_that_goes_well_begins_anew() -> None:
    tally = DeadLetterTally()
    asked = []
    for _ in range(MOST_IN_A_ROW - 1):
        tally.count_dead()
    asked.append(tally.too_many)
    tally.count_handled()
    for _ in range(MOST_IN_A_ROW):
        tally.count_dead()
    asked.append(tally.too_many)
    assert asked == [False, True]


def test_more_than_a_hundredth_is_too_many_from_a_smallest_volume_on() -> None:
    assert not DeadLetterTally(handled=SMALLEST_VOLUME - 102, dead=101).too_many, "nobody knows yet"
    assert DeadLetterTally(handled=SMALLEST_VOLUME - 101, dead=101).too_many
    assert not DeadLetterTally(handled=SMALLEST_VOLUME - 100, dead=100).too_many, "one in a hundred is borne"


def test_a_good_week_does_not_excuse_a_bad_hour() -> None:
    tally = DeadLetterTally()
    for _ in range(1_000):
        tally.count_handled(10_000)
    seen = 0
    while not tally.too_many:
        tally.count_dead()
        tally.count_handled(9)
        seen += 10
    assert seen < 3_000
