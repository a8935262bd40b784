"""A short run of the model test; `python -m tests.model --account-days 1000000` is the long one."""

import pytest

from tests.architecture.source import ROOT, imports_from, python_files
from tests.model.accounts import days_of, make
from tests.model.run import live, run

SEED = 20260301
DAYS = 5_000


def test_nothing_leaves_against_a_rule_in_thousands_of_account_days() -> None:
    figures = run(account_days=DAYS, seed=SEED)
    assert figures.breaches.total() == 0, "\n".join(figures.lines())
    assert figures.account_days >= DAYS
    assert figures.sends.total() > DAYS  # most of it really sends
    assert {"invitations planned", "invitations sent", "messages sent", "profile_lookups sent", "emails sent"} <= figures.sends.keys()


def test_the_checker_shares_no_code_with_what_it_judges() -> None:
    (checker,) = [path for path in python_files("tests/model") if path.name == "checker.py"]
    assert imports_from(checker, "shared", "services", "embedded", "bench", "tests", "simulator.unipile") == set()
    assert (ROOT / checker).is_file()


def test_the_same_seed_makes_the_same_run_and_another_seed_another() -> None:
    first, again, other = live(1, 2), live(1, 2), live(2, 2)
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", [1, 2])
def test_every_zone_comes_within_as_many_accounts_as_there_are_zones(seed: int) -> None:
    from zoneinfo import available_timezones

    zones = available_timezones()
    assert {make(seed, number).facts.zone for number in range(len(zones))} == zones


def test_accounts_with_the_caps_of_life_come_regularly() -> None:
    assert [days_of(number) for number in (0, 1, 25)] == [30, 250, 30]
    assert make(1, 25).full
