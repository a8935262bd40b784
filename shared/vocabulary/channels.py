"""Channels: the one that each campaign type belongs to (an action's stands in actions.py), and those that this version sends over.

These tables are what the planning, the API and the healer ask instead of the name of a campaign type. A channel that is registered
in services/sender/channels stands in REGISTERED_CHANNELS (tests/unit/sender/test_channels.py) and, by its campaign types, in the
SQL function `has_channel` (shared/db/routines/06_channels.sql; tests/integration/shared/db/test_channels_in_sql.py).
"""

from collections.abc import Mapping
from typing import Final

from shared.vocabulary.words import CampaignType, Channel

CHANNEL_OF_CAMPAIGN_TYPE: Final[Mapping[CampaignType, Channel]] = {
    CampaignType.CONNECTOR: Channel.LINKEDIN,
    CampaignType.MESSENGER: Channel.LINKEDIN,
    CampaignType.EMAIL: Channel.EMAIL,
}
REGISTERED_CHANNELS: Final = frozenset({Channel.LINKEDIN})
"""Channels that the sender can deliver over."""

SENDABLE_CAMPAIGN_TYPES: Final = frozenset(
    campaign_type for campaign_type, channel in CHANNEL_OF_CAMPAIGN_TYPE.items() if channel in REGISTERED_CHANNELS
)
"""Types of campaigns that may run; `has_channel` in SQL. A campaign of another type can be drafted and neither runs nor is planned."""
