"""prospects.left: a prospect was taken out of its campaign."""

from uuid import UUID

from shared.contracts.event import Event


class ProspectLeft(Event):
    """Cancels what is pending for that prospect."""

    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    reason: str
