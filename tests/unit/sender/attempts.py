"""Attempts for the tests of what follows from an answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from services.sender.rules.attempt import Attempt
from services.sender.rules.recipients import LinkedInRecipient
from shared.vocabulary import Action, CampaignType

ID = UUID(int=1)
MEMBER = LinkedInRecipient(
    provider_id="ACoAAtest", looked_up=True, lookup_key="ana", vanity="ana", first_name="Ana", last_name="Prova", invitation_ref=None
)


def an_attempt(**changed: Any) -> Attempt:
    """An invitation to a person whose id was looked up before."""
    facts: dict[str, Any] = {
        **dict.fromkeys(("send_id", "prospect_id", "campaign_id", "workspace_id", "lead_id", "account_id"), ID),
        "starts_within": timedelta(seconds=10),
        "id": 1,
        "provider_account_id": "acc",
        "campaign_type": CampaignType.CONNECTOR,
        "action": Action.INVITATION,
        "send_action": Action.INVITATION,
        "message_type": "connection_request",
        "message": "Hi",
        "recipient": MEMBER,
        "retries": 0,
        "cool_down_level": 0,
    }
    return Attempt(**(facts | changed))
