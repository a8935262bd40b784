"""A due send with everything that deciding and delivering it needs: one row of load_due (store/ledger.sql)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.policy.rows import PolicyFacts
from shared.vocabulary import Action


@dataclass(frozen=True, slots=True)
class DueSend(PolicyFacts):
    """The facts that the policy decides on, and what the attempt takes from the send, its lead and its account."""

    technical: datetime
    """The database's own clock when the row was read."""
    now: datetime
    """Business time of the same moment."""
    send_id: UUID
    dispatch_no: int
    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    lead_id: UUID
    account_id: UUID
    message_type: str
    message: str
    message_sha256: bytes
    action: Action
    linkedin_user_id: str | None
    retries: int
    provider_account_id: str
    first_name: str
    last_name: str
    linkedin_vanity: str | None
    linkedin_id: str | None
    sales_navigator_id: str | None
    email: str | None
    provider_id: str | None
    chat_id: str | None
    used_about_a_week: int
    cool_down_level: int
    invitation_ref: str | None
