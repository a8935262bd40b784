"""The bench's command line, and what its sizes mean."""

from datetime import timedelta

import pytest

from bench.__main__ import loads, read
from bench.pipeline import Load
from bench.seeding import OPEN, Turn


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--accounts", "0"], "--accounts is 0; give a number from 1"),
        (["--accounts", "-5"], "--accounts is -5"),
        (["--accounts", "2000000"], "from 1 to 1,000,000"),
        (["--large-accounts", "-1"], "--large-accounts is -1; give a number up to 1,000,000, or 0 to leave that run out"),
        (["--waiting", "10000001"], "--waiting is 10000001; give a number up to 10,000,000, or 0"),
        (["--rows", "0"], "--rows is 0; with 10,000 accounts give 1 to 100,000"),
        (["--accounts", "10", "--rows", "101"], "with 10 accounts give 1 to 100"),
        (["--rows", "many"], "invalid int value: 'many'"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_with_what_would(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read(arguments)
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_without_arguments_it_measures_a_tenth_and_ten_times_the_accounts_and_a_full_queue() -> None:
    assert loads(read([])) == {
        "main": Load(10_000, 20_000),
        "few_accounts": Load(1_000, 10_000),
        "large": Load(100_000, 10_000, at_once=1_000),
        "full_queue": Load(10_000, 20_000, 1_000_000),
    }


def test_runs_can_be_left_out() -> None:
    assert loads(read(["--few-accounts", "0", "--large-accounts", "0", "--waiting", "0"])) == {"main": Load(10_000, 20_000)}


def test_more_rows_than_accounts_take_turns() -> None:
    assert [turn.last - turn.first + 1 for turn in Load(accounts=100, rows=250).turns()] == [100, 100, 50]


def test_many_accounts_are_sent_for_in_the_turns_of_few_each_of_others() -> None:
    turns = Load(accounts=100, rows=50, at_once=20).turns()
    assert [(turn.number, turn.first, turn.last) for turn in turns] == [(1, 0, 19), (1, 20, 39), (1, 40, 49)]
    with pytest.raises(ValueError, match="200 sends of 100 accounts cannot be due 20 at a time"):
        Load(accounts=100, rows=200, at_once=20)


def test_without_few_accounts_many_are_sent_for_at_once() -> None:
    assert loads(read(["--few-accounts", "0", "--waiting", "0"]))["large"] == Load(100_000, 20_000)


def test_fewer_rows_than_accounts_leave_the_others_something_for_tomorrow() -> None:
    load = Load(accounts=100, rows=30)
    (later,) = load.tomorrow()
    assert [(turn.first, turn.last) for turn in load.turns()] == [(0, 29)]
    assert (later.first, later.last, later.due) == (30, 99, OPEN + timedelta(days=1))


def test_as_many_rows_as_accounts_leave_nothing_for_tomorrow() -> None:
    load = Load(accounts=100, rows=100)
    assert load.tomorrow() == []
    assert len(load.turns()) == 1


def test_what_waits_lies_with_every_account_alike() -> None:
    later = Load(accounts=100, rows=100, waiting=250).tomorrow()
    assert [turn.last - turn.first + 1 for turn in later] == [100, 100, 50]
    assert len({turn.number for turn in later}) == 3


def test_a_stream_ends_with_its_last_send() -> None:
    assert Turn(1, 0, 100, OPEN, timedelta(milliseconds=10)).ends == OPEN + timedelta(seconds=1)
