"""Accounts of every kind, made from a seed: zones, hours, days of rest, caps, cool-downs.

What the checker expects (`facts`) is written from the same wishes as the policy's settings, never read back from the policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import holidays

from shared.calendar import Schedule, read_settings, resolve_schedule
from shared.policy import daily_caps, weekly_invitations
from shared.vocabulary import AccountType, Action
from tests.model.checker import SECOND, Facts

CALL: Final = timedelta(seconds=30)
SMALL_DAYS: Final = 250
FULL_DAYS: Final = 30
FULL_EVERY: Final = 25
"""One account of so many has the caps of real life, and a month of them; the others have caps of a few, and more days."""
FIRST_YEAR, LAST_YEAR = 2011, 2036
EVENTFUL: Final = (date(2011, 12, 30), date(2012, 2, 29), date(2020, 2, 29), date(2024, 2, 29), date(2028, 2, 29), date(2032, 2, 29))
"""The day Apia left out, and leap days; one account in four begins before one of them, whatever its zone."""
_DAYS_BEFORE: Final = 20
_INVITATIONS: Final = {AccountType.FREE: 20, AccountType.PREMIUM: 40, AccountType.SALES_NAVIGATOR: 40}
_MOST: Final = {AccountType.FREE: 20, AccountType.PREMIUM: 50, AccountType.SALES_NAVIGATOR: 100}


@dataclass(frozen=True, slots=True)
class Simulated:
    """One account: what the policy is given, what the checker expects, and its own chance."""

    number: int
    facts: Facts
    schedule: Schedule
    zone: ZoneInfo
    caps: Mapping[Action, int]
    week: int
    spacing: timedelta
    first: date
    days: int
    full: bool
    warm_up_from: date | None
    chance: Random

    @property
    def begins(self) -> datetime:
        """The first moment of its time."""
        return datetime.combine(self.first, datetime.min.time(), UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return self.begins + timedelta(days=self.days)


def days_of(number: int) -> int:
    """How many days the account of that number lives."""
    return FULL_DAYS if number % FULL_EVERY == 0 else SMALL_DAYS


def make(seed: int, number: int) -> Simulated:
    """The account of that number; zones come in turn, so that every one of them comes."""
    chance = Random(f"{seed}:{number}")
    zones = _zones()
    zone = zones[(number + seed) % len(zones)]
    hours_zone = chance.choice(zones) if chance.random() < 0.3 else zone
    wishes = _wishes(chance)
    full = number % FULL_EVERY == 0
    account_type = chance.choice(list(AccountType))
    first = _first(chance)
    days = days_of(number)
    off = tuple(sorted({(first + timedelta(days=chance.randrange(days))).isoformat() for _ in range(chance.choice((0, 0, 3)))}))
    working = tuple(
        sorted({(first + timedelta(days=chance.randrange(days))).isoformat() for _ in range(chance.choice((0, 0, 6)))} - set(off))
    )
    caps, week, expected = _limits(chance, account_type, full=full)
    spacing = 120 if full else chance.choice((120, 120, 300, 1800))
    facts = Facts(
        zone=zone,
        hours_zone=hours_zone,
        days_off=off,
        working=working,
        caps=expected,
        week=week,
        spacing_s=spacing,
        call_s=int(CALL.total_seconds()),
        account_type=account_type.value,
        warm_up_from=(first + timedelta(days=chance.randint(-10, days // 2))).isoformat() if chance.random() < 0.4 else None,
        closed=_cool_downs(chance, first, days),
        **wishes,
    )
    return Simulated(
        number,
        facts,
        _schedule(chance, facts),
        ZoneInfo(zone),
        caps,
        week,
        timedelta(seconds=spacing),
        first,
        days,
        full,
        date.fromisoformat(facts.warm_up_from) if facts.warm_up_from else None,
        chance,
    )


def _wishes(chance: Random) -> dict[str, Any]:
    opens = chance.choice((0, 0, 60, 120, 150, 420, 450, 540, chance.randrange(1380)))
    closes = chance.choice((1440, 1440, 1080, 1050, 180, chance.randrange(1440)))
    return {
        "country": chance.choice(_countries()),
        "opens": opens,
        "closes": closes if closes >= opens + 10 else min(1440, opens + 30),
        "skip_weekends": chance.random() < 0.7,
        "skip_holidays": chance.random() < 0.7,
        "weekdays": tuple(sorted(chance.sample(range(7), chance.randint(1, 7)))) if chance.random() < 0.2 else None,
    }


def _first(chance: Random) -> date:
    if chance.random() < 0.25:
        return chance.choice(EVENTFUL) - timedelta(days=chance.randrange(_DAYS_BEFORE))
    return date(chance.randint(FIRST_YEAR, LAST_YEAR), 1, 1) + timedelta(days=chance.randrange(365))


def _limits(chance: Random, account_type: AccountType, *, full: bool) -> tuple[Mapping[Action, int], int, dict[str, int]]:
    """The policy's caps, the week's, and the same by the checker's book."""
    if full:
        workspace, account = chance.choice((None, 5, 60, 100)), chance.choice((None, None, 30, 100))
        configured = account if account is not None else workspace
        week = chance.choice((None, 80, 200, 500))
        invitations = min(_INVITATIONS[account_type] if configured is None else configured, _MOST[account_type])
        caps = daily_caps(account_type, workspace_daily_cr_limit=workspace, account_daily_cr_limit=account)
        expected = {"invitation": invitations, "message": 100, "profile_lookup": 100, "email": 200}
        return caps, weekly_invitations(week), expected
    few = {action: chance.choice((1, 1, 2, 3)) for action in Action}
    few[Action.INVITATION] = chance.choice((1, 2, 3, 6))
    return few, chance.choice((3, 5, 9, 20)), {action.value: cap for action, cap in few.items()}


def _cool_downs(chance: Random, first: date, days: int) -> tuple[tuple[str, int, int], ...]:
    found = []
    for _ in range(chance.choice((0, 0, 1, 4))):
        since = int(datetime.combine(first, datetime.min.time(), UTC).timestamp()) * SECOND + chance.randrange(days * 86400) * SECOND
        found.append((chance.choice(list(Action)).value, since, since + chance.choice((6, 12, 24, 72)) * 3600 * SECOND))
    return tuple(found)


def _schedule(chance: Random, facts: Facts) -> Schedule:
    """The wishes as people write them down, spread over the levels."""
    hours = {
        "working_hours_start": f"{facts.opens // 60:02}:{facts.opens % 60:02}",
        "working_hours_end": f"{facts.closes // 60:02}:{facts.closes % 60:02}",
        "timezone": facts.hours_zone if facts.hours_zone != facts.zone else None,
    }
    rest: dict[str, Any] = {
        "skip_weekends": facts.skip_weekends,
        "skip_holidays": facts.skip_holidays,
        "days": list(facts.weekdays) if facts.weekdays is not None else None,
        "extra_days_off": list(facts.days_off),
        "working_exceptions": list(facts.working),
    }
    levels = [{key: value for key, value in level.items() if value is not None} for level in (hours, rest)]
    chance.shuffle(levels)
    return resolve_schedule(
        read_settings(levels[0]), read_settings(levels[1]), None, account_timezone=facts.zone, account_country=facts.country
    )


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


@cache
def _countries() -> list[str]:
    """Every country the library knows, and every part of one."""
    known = holidays.list_supported_countries(include_aliases=False)
    return sorted(known) + [f"{code}-{part}" for code, parts in sorted(known.items()) for part in parts if "-" not in part]
