"""One delivery that is about to leave, as the call pool and a channel see it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.sender.rules.due_send import DueSend
from services.sender.rules.recipients import Recipient, recipient_of
from shared.vocabulary import Action, CampaignType


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
    campaign_type: CampaignType
    action: Action
    """What leaves now: the look-up that resolves the recipient, or the send itself."""
    send_action: Action
    message_type: str
    message: str
    recipient: Recipient
    retries: int
    cool_down_level: int
    starts_within: timedelta
    """Real time, from the decision on, within which the call must have begun: until the attempt's `act_by`, and inside its window."""


def attempt_of(row: DueSend, attempt_id: int, *, starts_within: timedelta) -> Attempt:
    """The attempt at a due send whose intent is written under this id."""
    return Attempt(
        id=attempt_id,
        send_id=row.send_id,
        prospect_id=row.prospect_id,
        campaign_id=row.campaign_id,
        workspace_id=row.workspace_id,
        lead_id=row.lead_id,
        account_id=row.account_id,
        provider_account_id=row.provider_account_id,
        campaign_type=row.campaign_type,
        action=row.next_action,
        send_action=row.action,
        message_type=row.message_type,
        message=row.message,
        recipient=recipient_of(row),
        retries=row.retries,
        cool_down_level=row.cool_down_level,
        starts_within=starts_within,
    )
