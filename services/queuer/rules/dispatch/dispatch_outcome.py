"""What became of one dispatch, from the send as it stands and the attempt that this dispatch led to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.vocabulary import Action, ActionRole, AttemptState, SendStatus


class DispatchOutcome(StrEnum):
    """Each dispatch becomes one of these; SENT is said of the one dispatch whose attempt was taken."""

    SENT = "sent"
    LOOKED_UP = "looked_up"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    UNDER_WAY = "under_way"


_ENDS: Final = {
    SendStatus.FAILED: DispatchOutcome.FAILED,
    SendStatus.SKIPPED: DispatchOutcome.SKIPPED,
    SendStatus.CANCELLED: DispatchOutcome.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class DispatchState:
    """The send as it is now, and the attempt (`action`, `state`) that this very dispatch led to, if there is one."""

    send_id: UUID
    status: SendStatus
    dispatched_again: bool
    account_id: UUID
    message_type: str
    error_message: str | None
    sent_at: datetime | None
    first_name: str
    last_name: str
    action: Action | None
    state: AttemptState | None


def dispatch_outcome(send: DispatchState) -> DispatchOutcome:
    """What the dispatch came to; a later dispatch of the same send reports its own outcome."""
    accepted = send.state is AttemptState.ACCEPTED
    if send.state is AttemptState.UNKNOWN:
        return DispatchOutcome.UNKNOWN
    if accepted and send.action is not None and send.action.role is not ActionRole.RESOLVE:
        return DispatchOutcome.SENT
    if send.dispatched_again or send.status in {SendStatus.SENT, SendStatus.PENDING}:
        return DispatchOutcome.LOOKED_UP if accepted else DispatchOutcome.DEFERRED
    return _ENDS.get(send.status, DispatchOutcome.UNDER_WAY)
