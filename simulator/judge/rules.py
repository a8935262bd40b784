"""The rules of contact as docs/limits.md publishes them: one table for the judge, for `tact prove` and for the model test.

Written a second time on purpose: nothing of `services` or `shared` is imported, and a test keeps it so. A wrong rule over there would
call its own work right.
"""

from collections.abc import Collection
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import holidays

SPACING: Final = timedelta(seconds=120)
"""From the answer to an account's action to its next action."""
WEEK: Final = timedelta(hours=168)
REINVITE_AFTER: Final = timedelta(days=21)
"""How long LinkedIn locks a person after a withdrawal; from then on an invitation is a new one."""
WARM_UP_DAYS: Final = 14
"""Days after which an account sends as much as any."""
MOST_INVITATIONS: Final = {"free": 20, "premium": 50, "sales_navigator": 100}
"""Invitations a day that an account of that type may be set to."""
MOST_A_DAY: Final = {"invitation": 100, "message": 150, "profile_lookup": 100, "email": 500, "withdrawal": 40}
MOST_INVITATIONS_A_WEEK: Final = 200


class TierDefaults(NamedTuple):
    """What applies where no number was set: invitations by account type, messages and e-mails a day, invitations in 168 hours."""

    invitations: dict[str, int]
    messages: int
    emails: int
    week: int


TIERS: Final = {
    "standard": TierDefaults({"free": 20, "premium": 40, "sales_navigator": 40}, 100, 200, 100),
    "growth": TierDefaults({"free": 20, "premium": 50, "sales_navigator": 60}, 100, 300, 150),
    "enterprise": TierDefaults({"free": 20, "premium": 50, "sales_navigator": 80}, 120, 500, 200),
}


def usual_caps(account_type: str, tier: str | None = None) -> dict[str, int]:
    """The daily caps of an account of that type for which no number was set, by action."""
    usual = TIERS.get(tier or "standard", TIERS["standard"])
    return MOST_A_DAY | {"invitation": usual.invitations[account_type], "message": usual.messages, "email": usual.emails}


def warmed_up_cap(cap: int, since: str | None, day: date) -> int:
    """A fifth of the cap on the first day, six hundredths more on each that follows, and one send at least."""
    days = WARM_UP_DAYS if since is None else max(0, (day - date.fromisoformat(since)).days)
    return cap if days >= WARM_UP_DAYS else min(cap, max(1, cap * (20 + 6 * days) // 100))


def closed_day(
    day: date,
    country: str,
    *,
    weekdays: Collection[int] | None = None,
    skip_weekends: bool = True,
    skip_holidays: bool = True,
    days_off: Collection[date] = (),
    working_days: Collection[date] = (),
) -> tuple[str, str] | None:
    """Why an account does not act on a day: `weekend` or `holiday`, and the reason in words; None where it acts.

    `days_off` close a day that would be open, `working_days` open a weekend or a holiday; where both name a day, it is closed.
    `weekdays` (0 is Monday) replace the country's weekend.
    """
    if day in days_off:
        return "holiday", "a day off"
    if day in working_days:
        return None
    calendar = public_holidays(country, day.year)
    if day.weekday() not in weekdays if weekdays is not None else skip_weekends and calendar.is_weekend(day):
        return "weekend", f"weekend in {country}"
    return ("holiday", str(calendar.get(day))) if skip_holidays and day in calendar else None


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> holidays.HolidayBase:
    """A country's or a part's public holidays (US, DE, DE-BE) in one year; NotImplementedError for an unknown country."""
    code, _, part = country.partition("-")
    return holidays.country_holidays(code, subdiv=part or None, years=year, expand=False)


zone = lru_cache(maxsize=1024)(ZoneInfo)
