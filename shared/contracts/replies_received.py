"""replies.received: a lead answered."""

from datetime import datetime
from uuid import UUID

from shared.contracts.event import Event
from shared.vocabulary import Reply


class ReplyReceived(Event):
    """Cancels what is pending for that lead in the whole workspace."""

    lead_id: UUID
    workspace_id: UUID
    account_id: UUID
    message_id: UUID
    """The stored reply in campaign_messages; it acts once, when that row is first stored."""
    kind: Reply
    said_at: datetime
