"""Judges a list of sends by the rules of `simulator/judge/rules.py`, which share no code with what is judged.

Moments are whole microseconds since 1970 (UTC), hours are minutes after local midnight. A test keeps
the product out of the imports.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from simulator.judge import rules

SECOND: Final = 1_000_000
WEEK: Final = rules.WEEK // timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
RELOCK: Final = rules.REINVITE_AFTER // timedelta(microseconds=1)


class Sent(NamedTuple):
    """One action. `at` is the decision, `begun` the beginning of the call; `withdrawn` when the person's invitation was."""

    at: int
    action: str
    begun: int
    not_before: int
    withdrawn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is allowed to one account: `caps` by action and day, `week` invitations in 168 hours, seconds of spacing and of a call.

    `zone` is the account's own, whose days count the caps; `hours_zone` is the one the hours are read on. `closed` are
    cool-downs: action, from, until.
    """

    zone: str
    hours_zone: str
    country: str
    opens: int
    closes: int
    skip_weekends: bool
    skip_holidays: bool
    weekdays: tuple[int, ...] | None
    days_off: tuple[str, ...]
    working: tuple[str, ...]
    caps: Mapping[str, int]
    week: int
    spacing_s: int
    call_s: int
    account_type: str
    warm_up_from: str | None = None
    closed: tuple[tuple[str, int, int], ...] = ()


class Breach(NamedTuple):
    """Which rule was broken, when, and how."""

    rule: str
    at: int
    what: str


RULES: Final = (
    "window",
    "weekend",
    "holiday",
    "day_end",
    "daily_cap",
    "weekly_cap",
    "spacing",
    "due",
    "relock",
    "cool_down",
)


def judge(facts: Facts, sends: Sequence[Sent]) -> Iterator[Breach]:
    """Every breach among one account's sends, which may come in any order."""
    ordered = sorted(sends)
    for send in ordered:
        yield from _alone(facts, send)
    yield from _days(facts, ordered)
    yield from _week(facts, ordered)
    yield from _spacing(facts, ordered)


def _alone(facts: Facts, send: Sent) -> Iterator[Breach]:
    zone, own = rules.zone(facts.hours_zone), rules.zone(facts.zone)
    last = send.begun + facts.call_s * SECOND - 1
    begins, ends = _local(send.at, zone), _local(last, zone)
    for local in (begins, ends):
        if not facts.opens <= local.hour * 60 + local.minute < facts.closes:
            yield Breach("window", send.at, f"{local.isoformat()} is outside of {facts.opens} to {facts.closes}")
    resting = _resting(facts, begins.date())
    if resting:
        yield Breach(resting, send.at, f"{begins.isoformat()} in {facts.country}")
    if _local(send.at, own).date() != _local(last, own).date():
        yield Breach("day_end", send.at, f"the call runs over midnight in {facts.zone}")
    if send.at < send.not_before:
        yield Breach("due", send.at, f"{(send.not_before - send.at) / SECOND} s before it was due")
    if send.action == "invitation" and send.withdrawn is not None and send.at < send.withdrawn + RELOCK:
        yield Breach("relock", send.at, "invited again within 21 days of a withdrawal")
    for action, since, until in facts.closed:
        if send.action == action and since <= send.at < until:
            yield Breach("cool_down", send.at, f"{action} rests")


def _days(facts: Facts, sends: Sequence[Sent]) -> Iterator[Breach]:
    own = rules.zone(facts.zone)
    used = Counter((_local(send.at, own).date().isoformat(), send.action) for send in sends)
    for (day, action), count in used.items():
        cap = rules.warmed_up_cap(facts.caps[action], facts.warm_up_from, date.fromisoformat(day))
        if action == "invitation":
            cap = min(cap, rules.MOST_INVITATIONS[facts.account_type])
        if count > cap:
            yield Breach("daily_cap", _midnight(date.fromisoformat(day), own), f"{count} of {cap} {action} on {day}")


def _week(facts: Facts, sends: Sequence[Sent]) -> Iterator[Breach]:
    cap = min(facts.week, rules.MOST_INVITATIONS_A_WEEK)
    invited = [send.at for send in sends if send.action == "invitation"]
    for number in range(cap, len(invited)):
        if invited[number] - invited[number - cap] < WEEK:
            yield Breach("weekly_cap", invited[number], f"more than {cap} in 168 hours")


def _spacing(facts: Facts, sends: Sequence[Sent]) -> Iterator[Breach]:
    for number in range(1, len(sends)):
        between = sends[number].at - sends[number - 1].begun
        if between < facts.spacing_s * SECOND:
            yield Breach("spacing", sends[number].at, f"{between / SECOND} s after the one before, {facts.spacing_s} s wanted")


def _resting(facts: Facts, day: date) -> str | None:
    closed = rules.closed_day(
        day,
        facts.country,
        weekdays=facts.weekdays,
        skip_weekends=facts.skip_weekends,
        skip_holidays=facts.skip_holidays,
        days_off=[date.fromisoformat(each) for each in facts.days_off],
        working_days=[date.fromisoformat(each) for each in facts.working],
    )
    return closed and closed[0]


@dataclass(slots=True)
class Seen:
    """What a run met: the proof that it met anything."""

    clocks_changed: int = 0
    leap_days: int = 0


def met(zone_name: str, first: date, days: int) -> Seen:
    """Over an account's days: those on which its clocks changed, and 29 Februaries."""
    zone, seen = rules.zone(zone_name), Seen()
    midnight = _midnight(first, zone)
    for number in range(days):
        following = _midnight(first + timedelta(days=number + 1), zone)
        seen.clocks_changed += following - midnight != 24 * 3600 * SECOND
        midnight = following
        day = first + timedelta(days=number)
        seen.leap_days += (day.month, day.day) == (2, 29)
    return seen


def _midnight(day: date, zone: ZoneInfo) -> int:
    return _micros(datetime(day.year, day.month, day.day, tzinfo=zone))


def _local(at: int, zone: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(zone)


def _micros(at: datetime) -> int:
    return (at.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
