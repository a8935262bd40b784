"""Which campaigns are likely to corrupt next, and why. Pure: counts by day and cause in, a report out.

A chance is a send that ended, or something found corrupted. Every chance has one value of each cause: where the person was imported
from, the account, the error the provider answered with, the version that sent it. The rate of a value is compared with the rate of
everything else by Wilson's interval, which holds for few chances and for rates near nought where the usual one does not (E. B. Wilson,
"Probable inference, the law of succession, and statistical inference", JASA 22, 1927, pp. 209-212), and the difference of the two by
Newcombe's, which is made of both intervals, for the others' rate is not known exactly either (R. G. Newcombe, "Interval estimation for
the difference between independent proportions", Statistics in Medicine 17, 1998, pp. 873-890, method 10). So many values are compared at
once that some would stand out by luck: the confidence is divided among them (Bonferroni).

A prediction that does not beat the base rate on unseen days says so and raises no alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from statistics import NormalDist
from typing import Final
from uuid import UUID

CONFIDENCE: Final = 0.95
FEWEST_CHANCES: Final = 200
FEWEST_CORRUPTED: Final = 10
FEWEST_OF_A_VALUE: Final = 20
"""Chances of one value; of fewer no rate is told."""
FEWEST_HELD_BACK: Final = 5
"""Corrupted ones among the days held back; with fewer nothing is proved."""
HELD_BACK: Final = 0.2
"""Share of the chances, the newest, that the check is made on."""
RECENT: Final = timedelta(days=14)
"""A campaign's own mix of causes is that of its last days."""
PRIOR: Final = 20.0
"""Chances at the base rate that every value is given on top, so that one of three is not a third."""


class Cause(StrEnum):
    """What a chance has in common with others."""

    SOURCE = "source"
    ACCOUNT = "account"
    ERROR = "error"
    VERSION = "version"


class Verdict(StrEnum):
    """What the report may be used for."""

    TOO_LITTLE_DATA = "too_little_data"
    UNCHECKED = "unchecked"  # too little happened in the days held back
    NO_BETTER = "no_better_than_the_base_rate"
    USEFUL = "useful"


@dataclass(frozen=True, slots=True)
class Day:
    """Chances of one campaign on one day with one value of one cause."""

    campaign_id: UUID
    day: date
    cause: Cause
    value: str
    exposed: int
    corrupted: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A value's rate with its interval, beside the rate of everything else."""

    cause: Cause
    value: str
    exposed: int
    corrupted: int
    rate: float
    low: float
    high: float
    others: float
    """The rate of all chances with another value of this cause; -1 where there are too few to compare with."""
    above: float
    """How far above the others it is at least; 0 or less: perhaps not at all."""

    @property
    def stands_out(self) -> bool:
        """Surely above the others, and there are others."""
        return self.exposed >= FEWEST_OF_A_VALUE and self.others >= 0 and self.above > 0


@dataclass(frozen=True, slots=True)
class Risk:
    """One campaign's expected rate, and the values that stand out in it with the share of its chances that have them."""

    campaign_id: UUID
    rate: float
    why: Sequence[tuple[Rate, float]]


@dataclass(frozen=True, slots=True)
class Check:
    """How the prediction made from the older days fared on the newer ones. Errors are mean squares per chance."""

    chances: int
    corrupted: int
    error: float
    base_error: float
    named: int
    """Campaigns with a reason to expect more than the base rate."""
    named_rightly: int
    """Of those, the ones that then had more."""

    @property
    def skill(self) -> float:
        """1: never wrong; 0: no better than predicting the base rate for every campaign; below: worse."""
        return 1 - self.error / self.base_error if self.base_error > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Of one workspace."""

    verdict: Verdict
    chances: int
    corrupted: int
    base: float
    rates: Sequence[Rate]
    """Values that stand out, worst first."""
    risks: Sequence[Risk]
    """Campaigns with a reason, most likely first."""
    check: Check | None


def wilson(corrupted: int, exposed: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval in which the true rate lies with that confidence; all of 0 to 1 when nothing is known."""
    if exposed <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = corrupted / exposed
    middle = (rate + z * z / (2 * exposed)) / (1 + z * z / exposed)
    half = z / (1 + z * z / exposed) * sqrt(rate * (1 - rate) / exposed + z * z / (4 * exposed * exposed))
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(corrupted: int, exposed: int, others_corrupted: int, others: int, *, confidence: float = CONFIDENCE) -> float:
    """How far the first rate is above the other one at least, with that confidence; -1 when nothing is known of one of them."""
    if exposed <= 0 or others <= 0:
        return -1.0
    rate, other = corrupted / exposed, others_corrupted / others
    low, _ = wilson(corrupted, exposed, confidence=confidence)
    _, high = wilson(others_corrupted, others, confidence=confidence)
    return rate - other - sqrt((rate - low) ** 2 + (high - other) ** 2)


def predict(days: Sequence[Day]) -> Report:
    """The whole report."""
    chances, corrupted = _totals(days)
    base = corrupted / chances if chances else 0.0
    if chances < FEWEST_CHANCES or corrupted < FEWEST_CORRUPTED:
        return Report(Verdict.TOO_LITTLE_DATA, chances, corrupted, base, (), (), None)
    rates = rates_of(days)
    check = checked(days)
    out = [rate for rate in rates if rate.stands_out]
    return Report(
        verdict=_verdict(check),
        chances=chances,
        corrupted=corrupted,
        base=base,
        rates=sorted(out, key=lambda rate: (-rate.low, rate.cause, rate.value)),
        risks=[risk for risk in risks_of(days, rates, base) if risk.why],
        check=check,
    )


def rates_of(days: Iterable[Day]) -> list[Rate]:
    """The rate of every value of every cause."""
    sums: dict[tuple[Cause, str], list[int]] = {}
    totals: dict[Cause, list[int]] = {}
    for day in days:
        for of in (sums.setdefault((day.cause, day.value), [0, 0]), totals.setdefault(day.cause, [0, 0])):
            of[0] += day.exposed
            of[1] += day.corrupted
    compared = sum(exposed >= FEWEST_OF_A_VALUE for exposed, _ in sums.values())
    confidence = 1 - (1 - CONFIDENCE) / max(1, compared)
    found = []
    for (cause, value), (exposed, corrupted) in sums.items():
        if exposed <= 0:
            continue
        rest, rest_corrupted = totals[cause][0] - exposed, totals[cause][1] - corrupted
        others = rest_corrupted / rest if rest >= FEWEST_OF_A_VALUE else -1.0
        low, high = wilson(corrupted, exposed, confidence=confidence)
        above = newcombe(corrupted, exposed, rest_corrupted, rest, confidence=confidence)
        found.append(Rate(cause, value, exposed, corrupted, corrupted / exposed, low, high, others, above))
    return found


def risks_of(days: Sequence[Day], rates: Iterable[Rate], base: float) -> list[Risk]:
    """Each campaign's expected rate, by the mix of its last days: of its causes the one that expects most, among those in which
    something stands out; the base rate where nothing does. Most likely first."""
    known = {(rate.cause, rate.value): rate for rate in rates}
    newest: dict[UUID, date] = {}
    for day in days:
        newest[day.campaign_id] = max(day.day, newest.get(day.campaign_id, day.day))
    mix: dict[UUID, dict[Cause, dict[str, int]]] = {}
    for day in days:
        if day.day > newest[day.campaign_id] - RECENT:
            of = mix.setdefault(day.campaign_id, {}).setdefault(day.cause, {})
            of[day.value] = of.get(day.value, 0) + day.exposed
    found = []
    for campaign_id, causes in mix.items():
        expected, why = base, []
        for cause, values in causes.items():
            whole = sum(values.values())
            out = [(known[cause, value], many / whole) for value, many in values.items() if many and known[cause, value].stands_out]
            if out:
                why += out
                expected = max(expected, sum(_shrunk(known[cause, value], base) * many / whole for value, many in values.items() if many))
        why.sort(key=lambda reason: -reason[1] * (reason[0].rate - base))
        found.append(Risk(campaign_id, expected, why))
    return sorted(found, key=lambda risk: (-risk.rate, str(risk.campaign_id)))


def checked(days: Sequence[Day]) -> Check | None:
    """Predict the newest fifth of the chances from the days before; None where there are no two parts."""
    border = _border(days)
    before = [day for day in days if day.day < border]
    after = [day for day in days if day.day >= border]
    chances_before, corrupted_before = _totals(before)
    if not chances_before or not after:
        return None
    base = corrupted_before / chances_before
    predicted = {risk.campaign_id: risk for risk in risks_of(before, rates_of(before), base)}
    seen: dict[UUID, list[int]] = {}
    for day in after:
        if day.cause is Cause.ACCOUNT:
            of = seen.setdefault(day.campaign_id, [0, 0])
            of[0] += day.exposed
            of[1] += day.corrupted
    chances = sum(exposed for exposed, _ in seen.values())
    if not chances:
        return None
    error = base_error = 0.0
    named = rightly = 0
    for campaign_id, (exposed, corrupted) in seen.items():
        risk = predicted.get(campaign_id)
        error += _squares(exposed, corrupted, risk.rate if risk else base)
        base_error += _squares(exposed, corrupted, base)
        if risk and risk.why and exposed:
            named += 1
            rightly += corrupted / exposed > base
    return Check(chances, sum(corrupted for _, corrupted in seen.values()), error / chances, base_error / chances, named, rightly)


def in_words(rate: Rate, share: float, names: Mapping[tuple[Cause, str], str] | None = None) -> str:
    """A reason as people read it."""
    value = (names or {}).get((rate.cause, rate.value), rate.value)
    return (
        f"{_WORDS[rate.cause]} {value}: {rate.corrupted} of {rate.exposed} corrupted "
        f"({100 * rate.low:.1f} to {100 * rate.high:.1f} %, others {100 * rate.others:.1f} %), in {100 * share:.0f} % of its sends"
    )


_WORDS: Final[Mapping[Cause, str]] = {
    Cause.SOURCE: "imported from",
    Cause.ACCOUNT: "account",
    Cause.ERROR: "error",
    Cause.VERSION: "version",
}


def _verdict(check: Check | None) -> Verdict:
    if check is None or check.corrupted < FEWEST_HELD_BACK:
        return Verdict.UNCHECKED
    return Verdict.USEFUL if check.skill > 0 else Verdict.NO_BETTER


def _totals(days: Iterable[Day]) -> tuple[int, int]:
    """Chances and corrupted ones, each counted once: every chance has one account."""
    of = [day for day in days if day.cause is Cause.ACCOUNT]
    return sum(day.exposed for day in of), sum(day.corrupted for day in of)


def _border(days: Sequence[Day]) -> date:
    """The first day of those held back."""
    by_day: dict[date, int] = {}
    for day in days:
        if day.cause is Cause.ACCOUNT:
            by_day[day.day] = by_day.get(day.day, 0) + day.exposed
    wanted = HELD_BACK * sum(by_day.values())
    held = 0
    for day_of in sorted(by_day, reverse=True):
        held += by_day[day_of]
        if held >= wanted:
            return day_of
    return date.max


def _shrunk(rate: Rate, base: float) -> float:
    return (rate.corrupted + PRIOR * base) / (rate.exposed + PRIOR)


def _squares(exposed: int, corrupted: int, predicted: float) -> float:
    return corrupted * (1 - predicted) ** 2 + (exposed - corrupted) * predicted**2
