"""Prediction finds a cause that is there, none that is not, and admits when it knows too little."""

import random
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.healer.rules.health.prediction import Cause, Day, Verdict, in_words, newcombe, predict, rates_of, risks_of, wilson

FIRST = date(2026, 3, 2)


def chances(campaign: UUID, day: int, exposed: int, corrupted: int, **values: str) -> list[Day]:
    """Sends of one campaign on one day; each has one value of every cause."""
    causes = {"source": "people.csv", "account": "Ada", "error": "none", "version": "1", **values}
    return [Day(campaign, FIRST + timedelta(days=day), Cause(cause), value, exposed, corrupted) for cause, value in causes.items()]


def months(*, bad: float, good: float, seed: int, days: int = 40) -> tuple[UUID, UUID, list[Day]]:
    """Two campaigns; what is imported from bad.csv corrupts at another rate."""
    draw = random.Random(seed)
    sick, sound = uuid4(), uuid4()
    found = []
    for day in range(days):
        for campaign, source, rate in ((sick, "bad.csv", bad), (sound, "people.csv", good)):
            corrupted = sum(draw.random() < rate for _ in range(50))
            found += chances(campaign, day, 50, corrupted, source=source)
    return sick, sound, found


@pytest.mark.parametrize(
    ("corrupted", "exposed", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 100, 0.0018, 0.0545), (50, 1000, 0.0381, 0.0653)],
)
def test_the_interval_is_wilsons(corrupted: int, exposed: int, low: float, high: float) -> None:
    assert wilson(corrupted, exposed) == pytest.approx((low, high), abs=0.0001)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.floats(0.5, 0.9999))
def test_the_interval_holds_the_rate_and_widens_with_confidence(some: int, exposed: int, confidence: float) -> None:
    corrupted = min(some, exposed)
    low, high = wilson(corrupted, exposed, confidence=confidence)
    assert 0 <= low <= corrupted / exposed + 1e-9
    assert corrupted / exposed - 1e-9 <= high <= 1
    wider = wilson(corrupted, exposed, confidence=(1 + confidence) / 2)
    assert wider[0] <= low + 1e-12
    assert wider[1] >= high - 1e-12


def test_nothing_known_is_everything_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(5, 10, 0, 0) == -1.0


@pytest.mark.parametrize(
    ("first", "other", "at_least"), [((56, 70), (48, 80), 0.0524), ((9, 10), (3, 10), 0.1705), ((10, 10), (0, 10), 0.6075)]
)
def test_the_difference_is_newcombes_as_his_paper_tabulates_it(first: tuple[int, int], other: tuple[int, int], at_least: float) -> None:
    assert newcombe(*first, *other) == pytest.approx(at_least, abs=0.0001)


def test_a_bad_source_is_found_its_campaign_named_and_the_check_passed() -> None:
    sick, _, days = months(bad=0.12, good=0.01, seed=1)
    report = predict(days)
    assert report.verdict is Verdict.USEFUL
    assert [(rate.cause, rate.value) for rate in report.rates] == [(Cause.SOURCE, "bad.csv")]
    (risk,) = report.risks
    assert risk.campaign_id == sick
    assert 0.08 < risk.rate < 0.16
    assert report.check is not None
    assert (report.check.named, report.check.named_rightly, report.check.skill > 0) == (1, 1, True)
    (reason,) = [in_words(rate, share) for rate, share in risk.why]
    assert reason.startswith("imported from bad.csv: ")
    assert reason.endswith("in 100 % of its sends")


def test_where_every_source_is_alike_hardly_anybody_is_named() -> None:
    named = sum(bool(predict(months(bad=0.03, good=0.03, seed=seed)[2]).risks) for seed in range(100))
    assert named <= 5, "one in twenty, as the confidence says"


def test_twenty_accounts_that_are_alike_are_not_told_apart_by_luck() -> None:
    draw = random.Random(7)
    campaign = uuid4()
    days = [
        each
        for day in range(30)
        for account in range(20)
        for each in chances(campaign, day, 20, sum(draw.random() < 0.05 for _ in range(20)), account=f"account {account}")
    ]
    assert predict(days).rates == []


@pytest.mark.parametrize(("days", "bad"), [(1, 0.5), (40, 0.0)])
def test_with_too_little_data_it_says_so(days: int, bad: float) -> None:
    report = predict(months(bad=bad, good=0.0, seed=1, days=days)[2])
    assert (report.verdict, report.rates, report.risks, report.check) == (Verdict.TOO_LITTLE_DATA, (), (), None)
    assert predict([]).verdict is Verdict.TOO_LITTLE_DATA


def test_a_cause_that_ended_is_no_use_and_the_check_says_so() -> None:
    sick, sound = uuid4(), uuid4()
    days = [
        each
        for day in range(40)
        for campaign, source, early, late in ((sick, "bad.csv", 8, 0), (sound, "people.csv", 0, 2))
        for each in chances(campaign, day, 50, early if day < 30 else late, source=source)
    ]
    report = predict(days)
    assert report.verdict is Verdict.NO_BETTER
    assert report.check is not None
    assert report.check.skill < 0
    assert report.check.named_rightly == 0


def test_without_anything_corrupted_lately_nothing_is_proved() -> None:
    sick, sound = uuid4(), uuid4()
    days = [
        each
        for day in range(40)
        for campaign, source, early in ((sick, "bad.csv", 8), (sound, "people.csv", 0))
        for each in chances(campaign, day, 50, early if day < 30 else 0, source=source)
    ]
    assert predict(days).verdict is Verdict.UNCHECKED


def test_one_day_alone_cannot_be_checked() -> None:
    sick, sound = uuid4(), uuid4()
    report = predict([*chances(sick, 0, 200, 60, source="bad.csv"), *chances(sound, 0, 200, 1)])
    assert (report.verdict, report.check) == (Verdict.UNCHECKED, None)
    assert [risk.campaign_id for risk in report.risks] == [sick]


def test_a_campaign_that_has_left_the_cause_behind_is_not_named_for_it() -> None:
    moved, sound = uuid4(), uuid4()
    days = [each for day in range(20) for each in chances(moved, day, 50, 10, account="Bad")]
    days += [each for day in range(20, 40) for each in chances(moved, day, 50, 0, account="Good")]
    days += [each for day in range(40) for each in chances(sound, day, 50, 0, account="Good")]
    rates = rates_of(days)
    assert [rate.value for rate in rates if rate.stands_out] == ["Bad"]
    assert [risk.why for risk in risks_of(days, rates, 0.05)] == [[], []]


def test_a_value_that_everything_has_is_compared_with_nothing() -> None:
    _, _, days = months(bad=0.1, good=0.1, seed=3)
    assert all(rate.others == -1 and not rate.stands_out for rate in rates_of(days) if rate.cause is Cause.VERSION)
