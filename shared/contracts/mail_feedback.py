"""mail.feedback: a mailbox bounced, complained or unsubscribed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.event import Event


class Feedback(StrEnum):
    """What came back."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class MailFeedback(Event):
    """Stops the lead's sequences and marks the address."""

    lead_id: UUID
    workspace_id: UUID
    account_id: UUID
    address: str
    feedback: Feedback
    at: datetime
