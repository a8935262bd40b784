"""prospects.ready: a prospect is ready for its next step."""

from uuid import UUID

from shared.contracts.event import Event


class ProspectReady(Event):
    """Wakes the planner; what there is to plan it reads from the rows."""

    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    reason: str
    """approved, started, repaired, resumed."""
