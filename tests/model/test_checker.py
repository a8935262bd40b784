"""The checker sees what it is there for: a good log passes, and each way of spoiling it is called by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.model.accounts import make
from tests.model.checker import RELOCK, SECOND, WEEK, Facts, Sent, judge, met
from tests.model.drivers import AsSender, as_planner, micros

HOUR = 3600 * SECOND
NOON = micros(datetime(2026, 6, 2, 16, tzinfo=UTC))  # a Tuesday in New York


def facts(**changed: Any) -> Facts:
    """Seven to six in New York, three invitations a day and five a week."""
    return replace(
        Facts(
            zone="America/New_York",
            hours_zone="America/New_York",
            country="US",
            opens=420,
            closes=1080,
            skip_weekends=True,
            skip_holidays=True,
            weekdays=None,
            days_off=("2026-06-10",),
            working=("2026-06-13",),
            caps={"invitation": 3, "message": 3},
            week=5,
            spacing_s=120,
            call_s=30,
            account_type="free",
        ),
        **changed,
    )


def sent(at: int, action: str = "invitation", *, begun: int | None = None, due: int | None = None, withdrawn: int | None = None) -> Sent:
    """One action, begun when it was decided and due since an hour."""
    return Sent(at, action, at if begun is None else begun, at - HOUR if due is None else due, withdrawn)


def at(year: int, month: int, day: int, hour: int, *clock: int) -> int:
    """A moment of UTC; minutes and seconds where they matter."""
    minute, second = (*clock, 0, 0)[:2]
    return micros(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def broken(*sends: Sent, **changed: Any) -> set[str]:
    """The rules that these sends break."""
    return {breach.rule for breach in judge(facts(**changed), sends)}


def test_a_day_within_the_rules_passes() -> None:
    assert broken(sent(NOON), sent(NOON + 120 * SECOND), sent(NOON + HOUR), sent(NOON + 2 * HOUR, "message")) == set()


@pytest.mark.parametrize(
    ("rule", "sends", "changed"),
    [
        ("window", [sent(at(2026, 6, 2, 10, 59, 59))], {}),  # a second before seven
        ("window", [sent(at(2026, 6, 2, 21, 59, 31))], {}),  # the call would end after six
        ("window", [sent(at(2026, 3, 7, 11)), sent(at(2026, 3, 6, 11, 30))], {}),  # before the clocks change, seven is twelve UTC
        ("window", [sent(at(2026, 6, 2, 21, 59, 29), begun=at(2026, 6, 2, 21, 59, 40))], {}),  # decided in time, begun too late
        ("weekend", [sent(at(2026, 6, 6, 16))], {}),
        ("weekend", [sent(at(2026, 6, 2, 16))], {"weekdays": (0, 2)}),
        ("weekend", [sent(at(2026, 6, 5, 9))], {"country": "SA", "hours_zone": "Asia/Riyadh"}),
        ("holiday", [sent(at(2026, 7, 3, 16))], {}),  # the Fourth of July observed
        ("holiday", [sent(at(2026, 6, 10, 16))], {}),  # a day off of their own
        ("holiday", [sent(at(2026, 6, 4, 9))], {"country": "DE-BY", "hours_zone": "Europe/Berlin"}),
        ("day_end", [sent(at(2026, 6, 2, 14, 59, 50))], {"zone": "Asia/Tokyo"}),
        ("daily_cap", [sent(NOON + number * HOUR // 2) for number in range(4)], {}),
        ("daily_cap", [sent(NOON + number * 130 * SECOND) for number in range(21)], {"caps": {"invitation": 999}, "week": 100}),
        ("daily_cap", [sent(NOON), sent(NOON + HOUR)], {"warm_up_from": "2026-06-02"}),  # a fifth of three is one
        ("weekly_cap", [sent(NOON + day * 24 * HOUR + number * HOUR) for day in (0, 1) for number in range(3)], {}),
        (
            "weekly_cap",
            [sent(NOON + number * HOUR // 2) for number in range(5)] + [sent(NOON + WEEK - SECOND)],
            {"caps": {"invitation": 9}},
        ),
        ("spacing", [sent(NOON), sent(NOON + 120 * SECOND - 1, "message")], {}),
        ("spacing", [sent(NOON, begun=NOON + 2 * SECOND), sent(NOON + 121 * SECOND)], {}),
        ("due", [sent(NOON, due=NOON + 1)], {}),
        ("relock", [sent(NOON, withdrawn=NOON - RELOCK + 1)], {}),
        ("cool_down", [sent(NOON)], {"closed": (("invitation", NOON - HOUR, NOON + 1),)}),
    ],
)
def test_every_rule_that_is_broken_is_named(rule: str, sends: list[Sent], changed: dict[str, Any]) -> None:
    assert rule in broken(*sends, **changed)


@pytest.mark.parametrize(
    "sends",
    [
        [sent(at(2026, 6, 2, 11))],
        [sent(at(2026, 6, 2, 21, 59, 30))],
        [sent(at(2026, 6, 13, 16))],  # a Saturday they work on
        [sent(NOON + number * HOUR // 2) for number in range(3)] + [sent(NOON + WEEK + number * HOUR) for number in range(3)],
        [sent(NOON, withdrawn=NOON - RELOCK)],
        [sent(at(2028, 2, 29, 16))],
    ],
)
def test_what_is_just_allowed_passes(sends: list[Sent]) -> None:
    assert broken(*sends) == set()


SPOILS: list[tuple[str, Callable[[list[Sent]], list[Sent]]]] = [
    ("spacing", lambda sends: [*sends, sends[5]._replace(at=sends[5].begun + SECOND, begun=sends[5].begun + SECOND)]),
    ("daily_cap", lambda sends: [*sends, *(sends[5]._replace(at=sends[5].at + number) for number in range(120))]),
    ("due", lambda sends: [sends[0]._replace(not_before=sends[0].at + SECOND), *sends[1:]]),
    ("window", lambda sends: [send._replace(at=send.at + 7 * HOUR, begun=send.begun + 7 * HOUR) for send in sends]),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILS, ids=[rule for rule, _ in SPOILS])
@pytest.mark.parametrize("driver", ["sender", "planner"])
def test_a_good_log_that_is_spoiled_is_caught(rule: str, spoil: Callable[[list[Sent]], list[Sent]], driver: str) -> None:
    number = next(number for number in range(1, 200) if make(7, number).facts.closes - make(7, number).facts.opens < 700)
    account = make(7, number)
    sends = AsSender(account).run() if driver == "sender" else as_planner(account)
    rules = replace(account.facts, closed=())
    assert len(sends) > 10
    assert {breach.rule for breach in judge(rules, sorted(sends))} == set()
    assert rule in {breach.rule for breach in judge(rules, spoil(sorted(sends)))}


def test_what_a_run_met_is_counted() -> None:
    first = datetime(2028, 1, 1, tzinfo=UTC).date()
    seen = met("Europe/Berlin", first, 366)
    assert (seen.clocks_changed, seen.leap_days) == (2, 1)
    assert met("Asia/Kolkata", first + timedelta(days=366), 365).leap_days == 0
