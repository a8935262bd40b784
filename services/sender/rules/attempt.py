"""One thing about to leave, as the courier carries it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.vocabulary import AccountType, Action, CampaignType


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A row of send_attempts in state intent, with what the call and its consequences need."""

    id: int
    send_id: UUID
    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    lead_id: UUID
    account_id: UUID
    provider_account_id: str
    account_type: AccountType
    campaign_type: CampaignType
    action: Action
    """What leaves now: the look-up that resolves the recipient, or the send itself."""
    send_action: Action
    message_type: str
    message: str
    requires_connection: bool
    recipient_id: str | None
    resolved: bool
    """The recipient was looked up by this account before; else a classic id of the import is used as it is."""
    identifier: str | None
    """What to look up: the vanity, else the best id we have."""
    first_name: str
    last_name: str
    vanity: str | None
    invitation_ref: str | None
    """Which invitation a withdrawal takes back: the provider's id."""
    retries: int
    cool_down_level: int
    decided_at: datetime
    """Business time."""
    starts_within: timedelta
    """Real time from the decision on in which the call must have begun: until its `act_by`, and inside its window."""
