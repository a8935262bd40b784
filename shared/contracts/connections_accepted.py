"""connections.accepted: a person accepted an invitation."""

from datetime import datetime
from uuid import UUID

from shared.contracts.event import Event


class ConnectionAccepted(Event):
    """Wakes the planner for the first follow-up."""

    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    account_id: UUID
    lead_id: UUID
    accepted_at: datetime
    """Business time at which we observed it; the provider rarely names its own."""
    seen_by: str
    """webhook, poll or lookup."""
