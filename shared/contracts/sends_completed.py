"""sends.completed: what became of a send."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.event import Event


class Outcome(StrEnum):
    """How one dispatch of a send ended."""

    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"


class SendCompleted(Event):
    """Wakes the planner for the next step, and the healer."""

    send_id: UUID
    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    account_id: UUID
    message_type: str
    outcome: Outcome
    reason: str | None = None
    provider_ref: str | None = None
    at: datetime
    """Business time of the provider's answer, or of the decision."""
