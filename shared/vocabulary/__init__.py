"""Every word of the domain, once: statuses, kinds, and which status may follow which.

The enum types, the trigger and docs/prospect_lifecycle.md are tested against this room, so a word that is added
here and nowhere else fails the build.
"""

from shared.vocabulary.channels import CHANNEL_OF_ACTION, CHANNEL_OF_CAMPAIGN_TYPE, REGISTERED_CHANNELS, SENDABLE_CAMPAIGN_TYPES
from shared.vocabulary.transitions import PROSPECT_TRANSITIONS, SEND_TRANSITIONS, Condition, Transition
from shared.vocabulary.words import (
    COMMAND_LINE,
    CONTACTED,
    FIRST_DEGREE,
    LIVE_ATTEMPTS,
    STOPPING,
    AccountStatus,
    AccountType,
    Action,
    ApprovalStatus,
    AttemptState,
    CampaignStatus,
    CampaignType,
    Channel,
    DeliveryState,
    MissingValue,
    NoticeKind,
    NoticeMedium,
    ProspectStatus,
    Reply,
    Role,
    SendStatus,
)

__all__ = [
    "CHANNEL_OF_ACTION",
    "CHANNEL_OF_CAMPAIGN_TYPE",
    "COMMAND_LINE",
    "CONTACTED",
    "FIRST_DEGREE",
    "LIVE_ATTEMPTS",
    "PROSPECT_TRANSITIONS",
    "REGISTERED_CHANNELS",
    "SENDABLE_CAMPAIGN_TYPES",
    "SEND_TRANSITIONS",
    "STOPPING",
    "AccountStatus",
    "AccountType",
    "Action",
    "ApprovalStatus",
    "AttemptState",
    "CampaignStatus",
    "CampaignType",
    "Channel",
    "Condition",
    "DeliveryState",
    "MissingValue",
    "NoticeKind",
    "NoticeMedium",
    "ProspectStatus",
    "Reply",
    "Role",
    "SendStatus",
    "Transition",
]
