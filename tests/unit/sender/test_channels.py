"""The registry of channels and shared/vocabulary/channels.py name the same channels."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from services.sender.channels.registry import open_channels
from services.sender.rules.attempt import Attempt
from services.sender.rules.recipients import MailRecipient
from shared.unipile.client import UnipileClient
from shared.vocabulary import ACTIONS, CHANNEL_OF_CAMPAIGN_TYPE, REGISTERED_CHANNELS, Action, CampaignType, SendStatus

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
CHANNELS = open_channels(UnipileClient("http://127.0.0.1:9", SecretStr("key"), timeout=timedelta(seconds=1)), now=lambda: AT)


def test_every_action_of_a_registered_channel_is_delivered_and_no_other() -> None:
    assert set(CHANNELS.by_action) == {action for action in Action if action.facts.channel in REGISTERED_CHANNELS}


def test_every_action_and_every_campaign_type_belongs_to_a_channel() -> None:
    assert set(ACTIONS) == set(Action)
    assert set(CHANNEL_OF_CAMPAIGN_TYPE) == set(CampaignType)


async def test_an_attempt_without_a_channel_fails_before_any_call() -> None:
    ids = dict.fromkeys(("send_id", "prospect_id", "campaign_id", "workspace_id", "lead_id", "account_id"), UUID(int=1))
    attempt = Attempt(
        **ids,
        id=1,
        provider_account_id="mailbox",
        campaign_type=CampaignType.EMAIL,
        action=Action.EMAIL,
        send_action=Action.EMAIL,
        message_type="email_1",
        message="Hi",
        recipient=MailRecipient(address="ana@example.com"),
        retries=0,
        cool_down_level=0,
        starts_within=timedelta(seconds=10),
    )
    outcome = await CHANNELS.deliver(attempt, lambda: True)
    assert (outcome.send, outcome.called, outcome.give_back, outcome.reason) == (SendStatus.FAILED, False, True, "unusable")
