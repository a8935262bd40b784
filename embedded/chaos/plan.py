"""What a run does, worked out from its seed alone: how many accounts and people, how fast the clock runs, and which fault strikes when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import combinations
from random import Random
from typing import Final

START: Final = datetime(2026, 3, 10, 11, 5, tzinfo=UTC)
"""A Tuesday, 07:05 in New York: the whole working day lies ahead."""
WORKING_S: Final = 30_000.0
"""Business seconds over which campaigns start: eight of the day's eleven hours, so that follow-ups still find an open window."""
SENDS_PER_ACCOUNT: Final = 10
ACCEPT_OF_FIVE: Final = 3
"""Of five people three accept, and get one follow-up: five prospects are eight sends."""
FULL_FROM: Final = 2_000
"""Sends from which on the whole list of faults is played; a shorter run is brief: one of each kind, and nothing that takes hours of
business time to get over."""
FASTEST: Final = 40.0
"""Sends a second that are asked of the stack at most: two cores also carry three brokers, two databases' worth of WAL and the judge."""

SERVICES: Final = ("queuer-1", "queuer-2", "sender-1", "sender-2", "poller-1", "healer-1")
BROKERS: Final = 3


class FaultKind(StrEnum):
    """What is done to whom."""

    SERVICE = "service"
    PAIR = "pair"
    BROKER = "broker"
    POSTGRES = "postgres"
    FREEZE = "freeze"
    HANG = "hang"
    REBALANCE = "rebalance"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault: `at_s` real seconds after the first campaign started, for `lasts_s`."""

    at_s: float
    kind: FaultKind
    targets: tuple[str, ...]
    lasts_s: float


@dataclass(frozen=True, slots=True)
class ChaosPlan:
    """A run. Seconds are real ones unless said otherwise."""

    seed: int
    sends: int
    accounts: int
    people: int
    campaigns: int
    lasts_s: float
    speed: float
    faults: tuple[PlannedFault, ...]

    @property
    def brief(self) -> bool:
        """Whether this is the short run, whose deadlines are short too."""
        return self.sends < FULL_FROM

    @property
    def accepting(self) -> int:
        """How many people accept, and so get a follow-up."""
        return sum(accepts(number) for number in range(self.people))

    @property
    def promised(self) -> int:
        """How many sends must leave."""
        return self.people + self.accepting


def accepts(number: int) -> bool:
    """Whether person `number` accepts the invitation."""
    return number % 5 < ACCEPT_OF_FIVE


def make_plan(*, sends: int, seed: int) -> ChaosPlan:
    """The run of so many sends with this seed; the same two give the same run."""
    brief = sends < FULL_FROM
    people = max(5, round(sends * 5 / (5 + ACCEPT_OF_FIVE)))
    accounts = max(2, sends // SENDS_PER_ACCOUNT)
    random = Random(seed)
    wanted = list(_brief(random) if brief else _full(random))
    random.shuffle(wanted)
    apart = 3.0 if brief else 8.5
    lasts = max(apart * (len(wanted) + 1), sends / FASTEST)
    step = lasts / (len(wanted) + 1)
    faults = tuple(
        PlannedFault(round(step * (place + 0.6 + 0.6 * random.random()), 2), kind, targets, round(random.uniform(*_LASTS[kind][brief]), 2))
        for place, (kind, targets) in enumerate(wanted)
    )
    return ChaosPlan(
        seed=seed,
        sends=sends,
        accounts=accounts,
        people=people,
        campaigns=min(accounts, 10 if brief else 200),
        lasts_s=lasts,
        speed=150.0 if brief else WORKING_S / lasts,
        faults=faults,
    )


_LASTS: Final[dict[FaultKind, tuple[tuple[float, float], tuple[float, float]]]] = {
    FaultKind.SERVICE: ((0.2, 3.0), (0.2, 0.8)),
    FaultKind.PAIR: ((0.2, 3.0), (0.2, 0.8)),
    FaultKind.BROKER: ((2.0, 6.0), (0.5, 1.0)),
    FaultKind.POSTGRES: ((0.2, 2.0), (0.2, 0.5)),
    FaultKind.FREEZE: ((25.0, 45.0), (7.0, 8.0)),
    FaultKind.HANG: ((5.0, 14.0), (2.0, 3.0)),
    FaultKind.REBALANCE: ((8.0, 16.0), (3.0, 5.0)),
    FaultKind.DISCONNECT: ((10.0, 20.0), (2.0, 4.0)),
}
"""How long each lasts, in a full run and in a brief one. A freeze is longer than the sender's session in Kafka (20 s) and than the
time in which a decided call must begin (10 s; a brief run's stack gives it 2 s). A hang leaves connections open and answers nothing: of a
broker for longer than its session with the others (9 s), or for less."""


def _full(random: Random) -> Iterator[tuple[FaultKind, tuple[str, ...]]]:
    for name in SERVICES:
        for _ in range(6 if name.startswith("sender") else 4):
            yield FaultKind.SERVICE, (name,)
    for pair in random.sample(list(combinations(SERVICES, 2)), 5):
        yield FaultKind.PAIR, pair
    yield FaultKind.PAIR, ("sender-1", "sender-2")
    yield FaultKind.PAIR, ("queuer-1", "queuer-2")
    for place in range(10):
        yield FaultKind.BROKER, (f"broker-{place % BROKERS + 1}",)
        yield FaultKind.POSTGRES, ("postgres",)
    for place in range(4):
        yield FaultKind.FREEZE, (f"sender-{place % 2 + 1}",)
    for name in ("broker-1", "broker-2", "postgres", "postgres", "queuer-1", "poller-1", "healer-1"):
        yield FaultKind.HANG, (name,)
    for name in ("sender-3", "queuer-3", "sender-3"):
        yield FaultKind.REBALANCE, (name,)
    for _ in range(3):
        yield FaultKind.DISCONNECT, ("accounts",)


def _brief(random: Random) -> Iterator[tuple[FaultKind, tuple[str, ...]]]:
    yield FaultKind.SERVICE, ("sender-1",)
    yield FaultKind.SERVICE, (random.choice(("queuer-1", "queuer-2")),)
    yield FaultKind.PAIR, ("poller-1", "healer-1")
    yield FaultKind.BROKER, (f"broker-{random.randint(1, BROKERS)}",)
    yield FaultKind.POSTGRES, ("postgres",)
    yield FaultKind.FREEZE, ("sender-2",)
