"""A due row as the courier wants it; the policy's view of it is shared/policy/rows.py."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from services.sender.rules.attempt import Attempt
from shared.vocabulary import AccountType, Action, CampaignType

_ACTION: Final = {action.value: action for action in Action}


def attempt_of(row: Mapping[str, Any], attempt_id: int, *, starts_within: timedelta) -> Attempt:
    """The courier's view of a row whose intent is written."""
    return Attempt(
        id=attempt_id,
        send_id=row["send_id"],
        prospect_id=row["prospect_id"],
        campaign_id=row["campaign_id"],
        workspace_id=row["workspace_id"],
        lead_id=row["lead_id"],
        account_id=row["account_id"],
        provider_account_id=row["provider_account_id"],
        account_type=AccountType(row["account_type"]),
        campaign_type=CampaignType(row["campaign_type"]),
        action=_ACTION[row["next_action"]],
        send_action=_ACTION[row["action"]],
        message_type=row["message_type"],
        message=row["message"],
        requires_connection=row["requires_connection"],
        recipient_id=row["linkedin_user_id"],
        resolved=row["provider_id"] is not None,
        identifier=row["linkedin_vanity"] or row["linkedin_id"] or row["sales_navigator_id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        vanity=row["linkedin_vanity"],
        invitation_ref=row["invitation_ref"],
        retries=row["retries"],
        cool_down_level=row["cool_down_level"],
        decided_at=row["now"],
        starts_within=starts_within,
    )
