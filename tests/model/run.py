"""The model test: many accounts live through many days, and an independent checker judges everything that left."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tests.model.accounts import days_of, make
from tests.model.checker import RULES, Breach, judge, met
from tests.model.drivers import AsSender, as_planner

SHOWN: Final = 20
"""Breaches kept in words; the others are counted."""


@dataclass(slots=True)
class Figures:
    """What a run came to."""

    accounts: int = 0
    account_days: int = 0
    sends: Counter[str] = field(default_factory=Counter)
    breaches: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, Breach]] = field(default_factory=list)
    zones: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    clocks_changed: int = 0
    leap_days: int = 0
    seconds: float = 0.0

    def add(self, other: "Figures") -> None:
        """Take another part of the run in."""
        self.accounts += other.accounts
        self.account_days += other.account_days
        self.sends += other.sends
        self.breaches += other.breaches
        self.examples = (self.examples + other.examples)[:SHOWN]
        self.zones |= other.zones
        self.countries |= other.countries
        self.clocks_changed += other.clocks_changed
        self.leap_days += other.leap_days

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.account_days:,} account-days of {self.accounts:,} accounts in {self.seconds:,.0f} s"
        yield f"{len(self.zones)} zones, {len(self.countries)} countries and parts of countries"
        yield f"{self.clocks_changed:,} account-days on which the clocks changed, {self.leap_days:,} on 29 February"
        yield f"{self.sends.total():,} sends: " + ", ".join(f"{count:,} {word}" for word, count in sorted(self.sends.items()))
        yield "breaches: " + ", ".join(f"{rule} {self.breaches[rule]}" for rule in RULES)
        for number, breach in self.examples:
            yield f"  account {number}: {breach.rule} at {breach.at}: {breach.what}"


def live(seed: int, number: int) -> Figures:
    """One account, driven by the planner when its number is odd and by the sender when it is even, and judged."""
    account = make(seed, number)
    facts = account.facts
    if number % 2:
        sends = as_planner(account)
        facts = replace(facts, closed=())  # a cool-down is the provider's word of today: the sender keeps it, no plan knows it
    else:
        sends = AsSender(account).run()
    found = list(judge(facts, sends))
    seen = met(account.facts.zone, account.first, account.days)
    return Figures(
        accounts=1,
        account_days=account.days,
        sends=Counter(f"{send.action}s {'planned' if number % 2 else 'sent'}" for send in sends),
        breaches=Counter(breach.rule for breach in found),
        examples=[(number, breach) for breach in found[:SHOWN]],
        zones={account.facts.zone, account.facts.hours_zone},
        countries={account.facts.country},
        clocks_changed=seen.clocks_changed,
        leap_days=seen.leap_days,
    )


def run(*, account_days: int, seed: int, processes: int = 1, progress: Callable[[int], None] | None = None) -> Figures:
    """As many accounts as it takes for so many days; the same figures for the same seed, however many processes."""
    began = time.monotonic()
    numbers: list[tuple[int, int]] = []
    days = 0
    while days < account_days:
        numbers.append((seed, len(numbers)))
        days += days_of(len(numbers) - 1)
    figures = Figures()
    for part in _parts(numbers, processes):
        figures.add(part)
        if progress is not None:
            progress(figures.account_days)
    figures.seconds = time.monotonic() - began
    return figures


def _parts(numbers: list[tuple[int, int]], processes: int) -> Iterator[Figures]:
    if processes <= 1:
        yield from (live(*each) for each in numbers)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_live, numbers, chunksize=8)


def _live(each: tuple[int, int]) -> Figures:
    return live(*each)
