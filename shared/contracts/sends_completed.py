"""sends.completed: what became of a send."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.event import Event


class SendOutcome(StrEnum):
    """How one dispatch of a send ended, or how planning ended a send that never had one.

    A cancelled send is not published: its cause is published itself (an answer, a de-enrolment, a failure that a person gives up) or
    leaves nothing to plan (a campaign that is over, a do-not-contact list), and neither planner nor healer has more to do.
    """

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
    outcome: SendOutcome
    reason: str | None = None
    detail: str | None = None
    """The cause in words, for people: what the provider said and what to do."""
    retries: int | None = None
    """How often it had been tried again before."""
    for_good: bool | None = None
    """True: it failed and nothing of ours tries it again; a person may reopen it. None: a writer of an older version."""
    provider_ref: str | None = None
    at: datetime
    """Business time of the provider's answer, or of the decision."""
