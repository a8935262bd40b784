"""A due send for rules without a database: one that may leave, unless a test changes it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.sender.rules.due_send import DueSend
from shared.vocabulary import AccountStatus, AccountType, Action, CampaignStatus, CampaignType, ProspectStatus

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
SEND, PROSPECT, CAMPAIGN, WORKSPACE, LEAD, ACCOUNT = (UUID(int=number) for number in range(1, 7))


def a_due_send(**changed: Any) -> DueSend:
    """An invitation of a connector campaign, its recipient looked up."""
    columns: dict[str, Any] = dict.fromkeys(DueSend.__dataclass_fields__)
    facts: dict[str, Any] = {
        "next_action": Action.INVITATION,
        "action": Action.INVITATION,
        "scheduled_for": NOW,
        "requires_connection": False,
        "prospect_status": ProspectStatus.APPROVED,
        "campaign_status": CampaignStatus.RUNNING,
        "campaign_type": CampaignType.CONNECTOR,
        "account_status": AccountStatus.USABLE,
        "account_type": AccountType.PREMIUM,
        "workspace_active": True,
        "technical": NOW,
        "now": NOW,
        "send_id": SEND,
        "dispatch_no": 1,
        "prospect_id": PROSPECT,
        "campaign_id": CAMPAIGN,
        "workspace_id": WORKSPACE,
        "lead_id": LEAD,
        "account_id": ACCOUNT,
        "message_type": "connection_request",
        "message": "Hi",
        "retries": 0,
        "provider_account_id": "acc",
        "first_name": "Ana",
        "last_name": "Prova",
        "linkedin_user_id": "ACoAAtest",
        "provider_id": "ACoAAtest",
        "cool_down_level": 0,
        "used_about_a_week": 0,
    }
    return DueSend(**(columns | facts | changed))
