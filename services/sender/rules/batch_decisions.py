"""What follows from the decisions on a batch: which sends leave or go back, which lanes close, and when accounts are checked next."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from services.sender.rules.due_send import DueSend
from shared.policy import Hold, Scope, SendNow, Stop, Wait
from shared.vocabulary import Action, CampaignStatus

CHECK_AGAIN_AFTER: Final = timedelta(hours=1)
"""Business time. A lane that no moment opens (a workspace that is not active, hours that match no day) is checked this often: a person who
removes the cause need not know of lanes, and a check at once would be a hot loop."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A send that may leave: until when (business time), and the account's local day whose budget it takes."""

    send_id: UUID
    valid_until: datetime
    counted_on: date


@dataclass(frozen=True, slots=True)
class LaneClosing:
    """A lane, or the action in all lanes of the account when `campaign_id` is None, closes until then (business)."""

    account_id: UUID
    campaign_id: UUID | None
    action: Action
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReturnedSend:
    """A send goes back to pending; `due` moves its own time, `held_for` holds it until the condition is lifted."""

    send_id: UUID
    due: datetime | None = None
    held_for: str | None = None


@dataclass(slots=True)
class BatchDecisions:
    """The decisions on a batch, sorted by what must be written."""

    leaving: list[tuple[DueSend, SendNow, date]] = field(default_factory=list)
    back: list[ReturnedSend] = field(default_factory=list)
    closings: list[LaneClosing] = field(default_factory=list)
    skipped: dict[UUID, str] = field(default_factory=dict)
    next_checks: dict[UUID, datetime | None] = field(default_factory=dict)
    """Accounts whose lease is released, each with the moment of its next check (business time); None: only a change of the account's
    status wakes it. An account that is missing here has an attempt leaving and keeps its lease until finish releases it."""


def apply_refusal(decided: BatchDecisions, row: DueSend, decision: Wait | Hold | Stop, now: datetime) -> datetime | None:
    """Note what must be written about a send that may not leave now; returns when its account is checked next."""
    match decision:
        case Stop(reason):
            decided.skipped[row.send_id] = reason.value
            return now
        case Hold():
            return _apply_hold(decided, row, decision, now)
        case Wait():
            return _apply_wait(decided, row, decision, now)


def _apply_hold(decided: BatchDecisions, row: DueSend, hold: Hold, now: datetime) -> datetime | None:
    if hold.scope is Scope.SEND:
        decided.back.append(ReturnedSend(row.send_id, held_for=hold.condition.value))
        return now
    decided.back.append(ReturnedSend(row.send_id))
    if hold.scope is Scope.ACCOUNT:
        return None  # a change of its status wakes the account
    if row.campaign_status is CampaignStatus.RUNNING:  # the dispatcher reads running campaigns alone, so others need no closed lane
        decided.closings.append(_closing(row, hold, now + CHECK_AGAIN_AFTER))
    return now


def _apply_wait(decided: BatchDecisions, row: DueSend, wait: Wait, now: datetime) -> datetime:
    if wait.scope is Scope.SEND:
        decided.back.append(ReturnedSend(row.send_id, due=wait.until))
        return now
    decided.back.append(ReturnedSend(row.send_id))
    if wait.scope is Scope.ACCOUNT:
        return wait.until
    decided.closings.append(_closing(row, wait, wait.until))
    return now


def _closing(row: DueSend, decision: Wait | Hold, until: datetime) -> LaneClosing:
    campaign_id = row.campaign_id if decision.scope is Scope.LANE else None
    return LaneClosing(row.account_id, campaign_id, row.next_action, until, decision.reason.value)
