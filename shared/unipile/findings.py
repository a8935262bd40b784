"""Whose fault a refusal is and what to do about it: the words that the table in errors.py is written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from shared.vocabulary import Action


class Blame(StrEnum):
    """Whom a refusal concerns; it decides how much stops: one person, one account, everything of a tenant, or us."""

    RECIPIENT = "recipient"
    ACCOUNT = "account"
    TENANT = "tenant"
    OURS = "ours"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"  # the effect may have taken place


class Remedy(StrEnum):
    """What to do next."""

    STOP_SEND = "stop_send"  # this person cannot be reached; never try this send again
    RE_RESOLVE = "re_resolve"  # look the id up again once, with the same account; then stop_send
    ALREADY_PENDING = "already_pending"  # look at profile.invitation or the sent list: pending, or withdrawn within 21 days
    ALREADY_CONNECTED = "already_connected"  # go on with the sequence
    ALREADY_DONE = "already_done"  # the provider says so of an unnamed action: look before it is believed
    WAIT_FOR_CONNECTION = "wait_for_connection"  # a message before the acceptance; not the account's fault
    WAIT_24H = "wait_24h"
    COOL_DOWN = "cool_down"  # this kind of action of this account rests: Finding.cool_down
    WAIT_FOR_CREDITS = "send_without_note"  # no credit is left for a note (or an InMail); the value is stored, so it keeps its older word
    PAUSE_ACCOUNT = "pause_account"  # until account_status says OK or RECONNECTED
    FEATURE_MISSING = "feature_missing"  # this account lacks the product; its other actions go on
    STOP_EVERYTHING = "stop_everything"  # key or address is wrong: no call can succeed, so no prospect is used up on it
    REPORT_REQUEST = "dead_letter"  # our request was wrong and would be refused again: the send ends with a finding; the value is stored
    RETRY_LATER = "retry_later"  # nothing happened; minutes, growing
    LOOK_UP = "look_up"  # it may have happened: wait out the provider's lag, look, and only then decide


class CallSubject(StrEnum):
    """What a call names, and so what a 404 is about."""

    PERSON = "person"
    INVITATION = "invitation"
    CHAT = "chat"
    ACCOUNT = "account"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class CoolDown:
    """How long one kind of action rests after a limit signal; each further signal doubles the rest.

    `by_action` has the first rest and the longest of the actions that differ.
    """

    default: timedelta
    longest: timedelta
    by_action: Mapping[Action, tuple[timedelta, timedelta]]

    def rest(self, action: Action | None, *, level: int = 0) -> timedelta:
        """The rest at the given level (0 at the first signal), never longer than the action's longest.

        Raises:
            ValueError: the level is negative.
        """
        if level < 0:
            raise ValueError(f"A cool-down's level counts the signals before this one and starts at 0, not at {level}.")
        first = (self.default, self.longest)
        base, longest = first if action is None else self.by_action.get(action, first)
        doubled = base * (1 << min(level, 16))  # beyond this only the cap is left, and timedelta would overflow
        return min(doubled, longest)


@dataclass(frozen=True, slots=True)
class Finding:
    """What an answer (or its absence) means for the engine."""

    blame: Blame
    remedy: Remedy
    meaning: str
    cool_down: CoolDown | None = None
    wait: timedelta | None = None
    look_first: bool = False  # the same answer is also given when an invitation is pending: re-check before anything else

    @property
    def may_have_happened(self) -> bool:
        """True when the effect is open, so that the attempt becomes `unknown` and is never resent blindly."""
        return self.remedy is Remedy.LOOK_UP


_INVITATIONS: Final = {Action.INVITATION: (timedelta(hours=6), timedelta(hours=72))}
"""After every signal invitations rest 6 h, doubling to 72 h: the window behind it is a week, and every way of saying so
comes from the same throttle."""

HOURS: Final = CoolDown(default=timedelta(hours=2), longest=timedelta(hours=24), by_action=_INVITATIONS)
"""A throttle: LinkedIn is given hours, not seconds."""

WEEKLY_CAP: Final = CoolDown(default=timedelta(hours=6), longest=timedelta(hours=72), by_action=_INVITATIONS)
"""The temporary throttle of invitations."""

QUOTA: Final = CoolDown(default=timedelta(hours=24), longest=timedelta(days=7), by_action=_INVITATIONS)
"""A quota used up: the rest of the day, of invitations as above."""

MAIL_BLOCK: Final = CoolDown(default=timedelta(hours=24), longest=timedelta(hours=72), by_action={})
"""A mail server that blocks an address lifts it after days, if at all."""
