"""An attempt whose outcome is unknown, with what its look-ups and its settlement need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.healer.rules.unknown_attempts.evidence import Doubt
from shared.vocabulary import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptInDoubt:
    """One attempt in state unknown."""

    id: int
    action: Action
    workspace_id: UUID
    campaign_id: UUID
    prospect_id: UUID
    lead_id: UUID
    account_id: UUID
    send_id: UUID
    message_type: str
    recipient_id: str | None
    public_identifier: str | None
    chat_id: str | None
    invitation_ref: str | None
    """For a withdrawal: the invitation that it was to withdraw."""
    decided_at: datetime
    evidence: Any
    looks: int
    due: bool
    doubt: Doubt
