"""How much an account may do, by what its member pays for.

The numbers come from "Unipile, provider limits and restrictions" (80 to 100 invitations a day and about 200 a week for
paid and active accounts, about 100 profile look-ups and 100 messages a day, a random spacing of one to some minutes,
notes of 300 characters, 200 on free accounts) and stay below it where accounts in the field were throttled earlier.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from shared.vocabulary import AccountType, Action

INVITATIONS_A_DAY: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 40, AccountType.SALES_NAVIGATOR: 40})
"""Unless somebody configures otherwise. Well under Unipile's 80 to 100, because five such days fill a week's 100 or 200."""

MOST_INVITATIONS_A_DAY: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 50, AccountType.SALES_NAVIGATOR: 100})
"""What a workspace may set without a written exception; 100 is the top of Unipile's range for paid accounts."""

MESSAGES_A_DAY: Final = 100
"""To relations; Unipile names about 100 (older text: 100 to 150)."""

PROFILE_LOOKUPS_A_DAY: Final = 100
"""Unipile names about 100 for a classic account."""

EMAILS_A_DAY: Final = 200
"""Our own figure: Unipile publishes none, and mailbox providers begin to distrust cold mail at a few hundred."""

WITHDRAWALS_A_DAY: Final = 40
"""Unipile names about 100 a day for whatever has no figure of its own. 40, because that is what an account invites on a day
unless somebody configures more: in the long run nobody has more to take back, and a backlog need not leave at once."""

WITHDRAW_AFTER_DAYS: Final = 21
"""Where somebody lets invitations be taken back and names no number of days: whoever has not answered in three weeks seldom does."""

MOST_WITHDRAW_AFTER_DAYS: Final = 365

RELOCK: Final = timedelta(days=21)
"""LinkedIn forbids another invitation to the same person for about three weeks after a withdrawal."""

WEEKLY_INVITATIONS: Final = 100
"""In any 168 hours. Unipile names about 200 for paid accounts; `cannot_resend_yet` was seen at 123 in seven days."""

MOST_WEEKLY_INVITATIONS: Final = 200
"""Unipile's figure for paid and active accounts; nobody may set more."""

SPACING: Final = timedelta(seconds=120)
"""Between two actions of an account: the lower end of the two to five minutes Unipile advises between invitations."""

_JITTER: Final = 0.25
_NOTE_LENGTH: Final = 300
_NOTE_LENGTH_FREE: Final = 200


@lru_cache(maxsize=1024)
def daily_caps(
    account_type: AccountType, *, workspace_daily_cr_limit: int | None, account_daily_cr_limit: int | None
) -> Mapping[Action, int]:
    """What one account may do on one of its own days.

    A configured number of invitations, the account's before the workspace's, replaces the default, up to the most
    its type allows. It is always per account, never shared. ValueError for a limit below 1.
    """
    configured = account_daily_cr_limit if account_daily_cr_limit is not None else workspace_daily_cr_limit
    invitations = INVITATIONS_A_DAY[account_type] if configured is None else _at_least_one(configured, "daily_cr_limit")
    return MappingProxyType(
        {
            Action.INVITATION: min(invitations, MOST_INVITATIONS_A_DAY[account_type]),
            Action.MESSAGE: MESSAGES_A_DAY,
            Action.PROFILE_LOOKUP: PROFILE_LOOKUPS_A_DAY,
            Action.EMAIL: EMAILS_A_DAY,
            Action.WITHDRAWAL: WITHDRAWALS_A_DAY,
        }
    )


def weekly_invitations(configured: int | None = None) -> int:
    """How many invitations may leave in any 168 hours; ValueError for a limit below 1."""
    return WEEKLY_INVITATIONS if configured is None else min(_at_least_one(configured, "weekly limit"), MOST_WEEKLY_INVITATIONS)


def note_limit(account_type: AccountType) -> int:
    """How many characters an invitation's note may have (Unipile: 300, on free accounts 200)."""
    return _NOTE_LENGTH_FREE if account_type is AccountType.FREE else _NOTE_LENGTH


def jitter(seed: int | str, spacing: timedelta = SPACING) -> timedelta:
    """What is added to the spacing so that no rhythm shows: 0 to 25 % of it, the same for the same seed in every process."""
    return spacing * random.Random(seed).uniform(0, _JITTER)


def _at_least_one(limit: int, name: str) -> int:
    if limit < 1:
        raise ValueError(f"A {name} of {limit} would let nothing leave; write 1 or more, or pause the account.")
    return limit
