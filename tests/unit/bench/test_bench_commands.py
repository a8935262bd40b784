"""The bench's command line, and what its sizes mean."""

from datetime import timedelta

import pytest

from bench.__main__ import read
from bench.pipeline import Load
from bench.seeding import OPEN, Turn


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--accounts", "0"], "--accounts is 0; give a number from 1"),
        (["--accounts", "-5"], "--accounts is -5"),
        (["--accounts", "2000000"], "from 1 to 1,000,000"),
        (["--large-accounts", "-1"], "or 0 for no second run"),
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


def test_without_arguments_it_measures_ten_and_a_hundred_thousand_accounts() -> None:
    chosen = read([])
    assert (chosen.accounts, chosen.rows, chosen.large_accounts, chosen.json, chosen.profile) == (10_000, 20_000, 100_000, False, None)


def test_more_rows_than_accounts_take_turns() -> None:
    assert [turn.last - turn.first + 1 for turn in Load(accounts=100, rows=250).turns()] == [100, 100, 50]


def test_fewer_rows_than_accounts_leave_the_others_something_for_tomorrow() -> None:
    load = Load(accounts=100, rows=30)
    later = load.tomorrow()
    assert later is not None
    assert [(turn.first, turn.last) for turn in load.turns()] == [(0, 29)]
    assert (later.first, later.last, later.due) == (30, 99, OPEN + timedelta(days=1))


def test_as_many_rows_as_accounts_leave_nothing_for_tomorrow() -> None:
    load = Load(accounts=100, rows=100)
    assert load.tomorrow() is None
    assert len(load.turns()) == 1


def test_a_stream_ends_with_its_last_send() -> None:
    assert Turn(1, 0, 100, OPEN, timedelta(milliseconds=10)).ends == OPEN + timedelta(seconds=1)
