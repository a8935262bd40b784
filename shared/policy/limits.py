"""How much an account may do, by what its member pays for.

The numbers come from "Unipile, provider limits and restrictions" (80 to 100 invitations a day and about 200 a week for
paid and active accounts, about 100 profile look-ups and 100 messages a day, a random spacing of one to some minutes,
notes of 300 characters, 200 on free accounts) and stay below it where accounts in the field were throttled earlier.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from shared.vocabulary import AccountType, Action

INVITATIONS_A_DAY: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 40, AccountType.SALES_NAVIGATOR: 40})
"""Unless an operator configures another number. Well under Unipile's 80 to 100, because five such days fill a week's 100 or 200."""

MOST_INVITATIONS_A_DAY: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 50, AccountType.SALES_NAVIGATOR: 100})
"""What a workspace may set without a written exception; 100 is the top of Unipile's range for paid accounts."""

MOST_BY_EXCEPTION: Final = 100
"""Invitations a day that no account may pass, exception or not: the top of Unipile's range. The database holds it too."""

MESSAGES_A_DAY: Final = 100
"""To relations; Unipile names about 100 (older text: 100 to 150)."""

MOST_MESSAGES_A_DAY: Final = 150
"""The top of Unipile's older text."""

PROFILE_LOOKUPS_A_DAY: Final = 100
"""Unipile names about 100 for a classic account. No operator may set more: searches that look like scraping cost accounts."""

EMAILS_A_DAY: Final = 200
"""Our own figure: Unipile publishes none, and mailbox providers begin to distrust cold mail at a few hundred."""

MOST_EMAILS_A_DAY: Final = 500
"""What a mailbox of the large providers may send a day at all."""

WITHDRAWALS_A_DAY: Final = 40
"""Unipile names about 100 a day for actions that have no figure of their own. 40, because that is what an account invites on a day
unless an operator configures more: in the long run no account has more to take back, and a backlog need not leave at once."""

RELOCK: Final = timedelta(days=21)
"""LinkedIn forbids another invitation to the same person for about three weeks after a withdrawal."""

WEEKLY_INVITATIONS: Final = 100
"""In any 168 hours. Unipile names about 200 for paid accounts; `cannot_resend_yet` was seen at 123 in seven days."""

MOST_WEEKLY_INVITATIONS: Final = 200
"""Unipile's figure for paid and active accounts; no operator may set more."""


@dataclass(frozen=True, slots=True)
class TierLimits:
    """What an account of a workspace may do where no number is set: by the account's type, and in a week."""

    invitations: Mapping[AccountType, int]
    messages: int
    emails: int
    weekly_invitations: int


_GROWTH: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 50, AccountType.SALES_NAVIGATOR: 60})
_ENTERPRISE: Final = MappingProxyType({AccountType.FREE: 20, AccountType.PREMIUM: 50, AccountType.SALES_NAVIGATOR: 80})

TIERS: Final = MappingProxyType(
    {
        "standard": TierLimits(INVITATIONS_A_DAY, MESSAGES_A_DAY, EMAILS_A_DAY, WEEKLY_INVITATIONS),
        "growth": TierLimits(_GROWTH, MESSAGES_A_DAY, 300, 150),
        "enterprise": TierLimits(_ENTERPRISE, 120, MOST_EMAILS_A_DAY, MOST_WEEKLY_INVITATIONS),
    }
)
"""`workspaces.tier`. Our own figures, each within the most of its account type: a tier buys room, never an exception."""

STANDARD: Final = "standard"

_RAMP_START: Final = 20
_RAMP_STEP: Final = 6
"""Percent of each daily cap on the first day, and more on every day after it; full on day 14. UNIPILE.md §5: new accounts
start low, and those over an invisible limit are answered with a 500 or with nothing at all."""

SPACING: Final = timedelta(seconds=120)
"""Between two actions of an account: the lower end of the two to five minutes Unipile advises between invitations."""

_JITTER: Final = 0.25
_NOTE_LENGTH: Final = 300
_NOTE_LENGTH_FREE: Final = 200


@lru_cache(maxsize=4096)
def daily_caps(
    account_type: AccountType,
    *,
    workspace_daily_cr_limit: int | None,
    account_daily_cr_limit: int | None,
    tier: str = STANDARD,
    exception: int | None = None,
    messages: int | None = None,
    lookups: int | None = None,
    emails: int | None = None,
) -> Mapping[Action, int]:
    """What one account may do on one of its own days.

    A configured number of invitations, the account's before the workspace's, replaces the tier's, up to the most its
    type allows, or up to `exception`, the written one, where there is one. `messages`, `lookups` and `emails` replace
    the tier's the same way. It is always per account, never shared. An unknown tier (older versions accepted any word)
    is the standard one. ValueError for a limit below 1.
    """
    usual = TIERS.get(tier, TIERS[STANDARD])
    configured = account_daily_cr_limit if account_daily_cr_limit is not None else workspace_daily_cr_limit
    return MappingProxyType(
        {
            Action.INVITATION: _within(
                configured, usual.invitations[account_type], most_invitations(account_type, exception), "daily_cr_limit"
            ),
            Action.MESSAGE: _within(messages, usual.messages, MOST_MESSAGES_A_DAY, "daily_message_limit"),
            Action.PROFILE_LOOKUP: _within(lookups, PROFILE_LOOKUPS_A_DAY, PROFILE_LOOKUPS_A_DAY, "daily_lookup_limit"),
            Action.EMAIL: _within(emails, usual.emails, MOST_EMAILS_A_DAY, "daily_email_limit"),
            Action.WITHDRAWAL: WITHDRAWALS_A_DAY,
        }
    )


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """An account's type and the columns of account_limits (shared/db/routines/05_words.sql): its own numbers, or else its workspace's.

    The first columns of every typed row that has an account's limits.
    """

    account_type: AccountType
    account_limit: int | None
    workspace_limit: int | None
    tier: str
    weekly_limit: int | None
    message_limit: int | None
    lookup_limit: int | None
    email_limit: int | None
    cr_exception: int | None
    warm_up_from: date | None

    @property
    def caps(self) -> Mapping[Action, int]:
        """How much of each action the account may do on one of its own days, a warm-up not counted."""
        return daily_caps(
            self.account_type,
            workspace_daily_cr_limit=self.workspace_limit,
            account_daily_cr_limit=self.account_limit,
            tier=self.tier,
            exception=self.cr_exception,
            messages=self.message_limit,
            lookups=self.lookup_limit,
            emails=self.email_limit,
        )

    @property
    def weekly_cap(self) -> int:
        """How many invitations may leave in any 168 hours."""
        return weekly_invitations(self.weekly_limit, tier=self.tier)

    def caps_on(self, day: date) -> Mapping[Action, int]:
        """The caps of one of the account's own days, in a warm-up that day's part of them."""
        return {action: warm_up_cap(cap, self.warm_up_from, day) for action, cap in self.caps.items()}


def most_invitations(account_type: AccountType, exception: int | None = None) -> int:
    """The most invitations a day that may be set for an account of that type, with its written exception if any."""
    most = MOST_INVITATIONS_A_DAY[account_type]
    return most if exception is None else max(most, min(exception, MOST_BY_EXCEPTION))


def weekly_invitations(configured: int | None = None, *, tier: str = STANDARD) -> int:
    """How many invitations may leave in any 168 hours; `configured` is the account's number, else its workspace's.

    ValueError for a limit below 1.
    """
    return _within(configured, TIERS.get(tier, TIERS[STANDARD]).weekly_invitations, MOST_WEEKLY_INVITATIONS, "weekly limit")


def warm_up_percent(warm_up_from: date | None, day: date) -> int:
    """How much of each daily cap an account may use on one of its own days; 100 where it never warms up.

    20 % on its first day and 6 % more on each following, full on day 14 counted from 0. Days before the first count as
    the first: an account whose beginning is still to come is not an old one.
    """
    if warm_up_from is None:
        return 100
    return min(100, _RAMP_START + _RAMP_STEP * max(0, (day - warm_up_from).days))


def warm_up_cap(cap: int, warm_up_from: date | None, day: date) -> int:
    """What is left of a daily cap on that day, at least 1 of a cap that lets anything leave."""
    return min(cap, max(1, cap * warm_up_percent(warm_up_from, day) // 100))


def note_limit(account_type: AccountType) -> int:
    """How many characters an invitation's note may have (Unipile: 300, on free accounts 200)."""
    return _NOTE_LENGTH_FREE if account_type is AccountType.FREE else _NOTE_LENGTH


def jitter(seed: int | str, spacing: timedelta = SPACING) -> timedelta:
    """What is added to the spacing so that no rhythm shows: 0 to 25 % of it, the same for the same seed in every process."""
    return spacing * random.Random(seed).uniform(0, _JITTER)


def _within(configured: int | None, usual: int, most: int, name: str) -> int:
    if configured is None:
        return min(usual, most)
    if configured < 1:
        raise ValueError(f"A {name} of {configured} would let nothing leave; write 1 or more, or pause the account.")
    return min(configured, most)
