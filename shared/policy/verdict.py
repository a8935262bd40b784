"""What the policy answers: a decision, its reason, how far it reaches, and what every rule says."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""A rule's "not as long as the facts stay as they are"; it leaves this room only as a Hold."""


class Scope(StrEnum):
    """The sends that a delay or a hold concerns, so that one row is closed and not ten thousand moved."""

    SEND = "send"
    LANE = "lane"  # this action of this account in this campaign
    ACTION = "action"  # this action of this account in every campaign
    ACCOUNT = "account"  # everything this account does


class Condition(StrEnum):
    """What has to become true before a held send is decided again."""

    CAMPAIGN_RUNNING = "campaign_running"
    ACCOUNT_USABLE = "account_usable"
    CONNECTION = "connection"
    OTHER_SEQUENCE = "other_sequence"  # the lead's other sequence is over, or allows a second one
    SETTINGS = "settings"  # stored hours or zones that cannot be read
    OPENING = "opening"  # schedule and caps leave no moment within 400 days until an operator changes them


class Reason(StrEnum):
    """Why a send may not leave now."""

    CAMPAIGN_ENDED = "campaign_ended"
    SUPPRESSED = "suppressed"
    OPTED_OUT = "opted_out"
    CONVERTED = "converted"
    NOT_INTERESTED = "not_interested"
    REPLIED = "replied"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    OTHER_SEQUENCE = "other_sequence"
    ALREADY_CONTACTED = "already_contacted"
    ALREADY_CONNECTED = "already_connected"
    INVITED_BY_HAND = "invited_by_hand"
    NOT_INVITED = "not_invited"
    WITHDRAWAL_OFF = "withdrawal_off"
    NOT_CONNECTED = "not_connected"
    SCHEDULE_UNREADABLE = "schedule_unreadable"
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    NOT_DUE = "not_due"
    OUT_OF_OFFICE = "out_of_office"
    REPLIES_UNREAD = "replies_unread"
    RELOCK = "relock"
    STILL_WAITING = "still_waiting"
    HOURS = "hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    SPACING = "spacing"
    DAY_END = "day_end"
    DAILY_CAP = "daily_cap"
    WARM_UP = "warm_up"
    WEEKLY_CAP = "weekly_cap"
    COOL_DOWN = "cool_down"


@dataclass(frozen=True, slots=True)
class SendNow:
    """It may leave, if the call begins no later than `valid_until`."""

    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing in `scope` may leave before `until`, the first moment at which every rule lets this send pass."""

    until: datetime
    reason: Reason
    scope: Scope


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing in `scope` may leave before `condition` is true; no time is known."""

    condition: Condition
    reason: Reason
    scope: Scope


@dataclass(frozen=True, slots=True)
class Stop:
    """This send will never leave."""

    reason: Reason


Decision = SendNow | Wait | Hold | Stop


class Outcome(StrEnum):
    """What one rule said."""

    PASS = "pass"  # noqa: S105 - no password
    WAIT = "wait"
    HOLD = "hold"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What one rule says of a send, in words for people; `until` is what this rule alone would wait for."""

    name: str
    value: str
    limit: str
    verdict: Outcome
    until: datetime | None = None
