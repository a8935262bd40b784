"""The numbers that limit what an account may do: which there are, and the most that may be set.

A number that is not set comes from the tier; the policy (shared/policy/limits.py) keeps whatever is set within what the
account's type allows. What is planned already keeps its moments; the sender applies the new caps from the next send on.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.contracts.campaign_fields import MOST_WITHDRAW_AFTER_DAYS
from shared.policy import (
    MOST_BY_EXCEPTION,
    MOST_EMAILS_A_DAY,
    MOST_MESSAGES_A_DAY,
    MOST_WEEKLY_INVITATIONS,
    PROFILE_LOOKUPS_A_DAY,
    most_invitations,
)
from shared.refusals import Refused
from shared.vocabulary import AccountType

MOST: Final[Mapping[str, int]] = {
    "daily_cr_limit": MOST_BY_EXCEPTION,
    "weekly_cr_limit": MOST_WEEKLY_INVITATIONS,
    "daily_message_limit": MOST_MESSAGES_A_DAY,
    "daily_lookup_limit": PROFILE_LOOKUPS_A_DAY,
    "daily_email_limit": MOST_EMAILS_A_DAY,
}
"""The numbers that may be set, and the most of each; the database's checks say the same."""

OF_WORKSPACE: Final[Mapping[str, int]] = {**MOST, "withdraw_after_days": MOST_WITHDRAW_AFTER_DAYS}
"""A workspace may also say after how many days its new connector campaigns take invitations back, unless they say it themselves."""

FARTHEST: Final = timedelta(days=30)
"""How far ahead a warm-up may begin; further is a mistyped year."""


class Keep(StrEnum):
    """Leave a value as it is; None gives a number back to the default."""

    AS_IT_IS = "keep"


KEEP: Final = Keep.AS_IT_IS
Number = int | None | Keep


def check_numbers(numbers: Mapping[str, Number], known: Mapping[str, int] = MOST) -> dict[str, int | None]:
    """The numbers that are to be set, without those that stay.

    Raises:
        Refused: there is no limit of that name, or the number is out of its bounds.
    """
    return {name: check_number(name, value, known) for name, value in numbers.items() if not isinstance(value, Keep)}


def check_number(name: str, value: int | None, known: Mapping[str, int] = MOST) -> int | None:
    """The number, if it may be set.

    Raises:
        Refused: there is no limit of that name, or the number is out of its bounds.
    """
    most = known.get(name)
    if most is None:
        raise Refused(f"There is no limit {name!r}; there are {', '.join(known)}.", details={"field": name})
    if value is not None and not 1 <= value <= most:
        otherwise = "pause the account to let nothing leave" if name in MOST else "give it back to take nothing back"
        raise Refused(f"{name} is {value}; write 1 to {most}, or {otherwise}.", details={"field": name})
    return value


def check_daily_invitations(number: int | None, account_type: AccountType, exception: int | None) -> None:
    """Refuse more invitations a day than the account's type allows, or its written exception."""
    most = most_invitations(account_type, exception)
    if number is not None and number > most:
        raise Refused(
            f"daily_cr_limit is {number}, and {most} invitations a day are the most for a {account_type} account. "
            f"More, up to {MOST_BY_EXCEPTION}, takes a written exception: `tact account exception`.",
            code="needs_exception",
            details={"field": "daily_cr_limit", "most": most},
        )


def check_first_day(day: date | None, today: date) -> date | None:
    """The first day of a warm-up, if it is not too far ahead."""
    if day is not None and day > today + FARTHEST:
        raise Refused(f"A warm-up from {day} is more than {FARTHEST.days} days ahead; check the year.", details={"field": "warm_up_from"})
    return day
