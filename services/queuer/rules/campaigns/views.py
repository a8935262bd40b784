"""A campaign as people see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.queuer.rules.planning.next_step import WorkflowStep
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, CampaignSettings
from shared.vocabulary import AccountStatus, AccountType, CampaignStatus, CampaignType, Channel, ProspectStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(CampaignSettings):
    """A campaign's own row, its settings included. The counts are folded every few seconds; moments are business time but the last two."""

    id: UUID
    workspace_id: UUID
    campaign_name: str
    campaign_type: CampaignType
    status: CampaignStatus
    is_active: bool
    message_templates: Mapping[str, str]
    step_delays: Mapping[str, float]
    schedule_settings: Mapping[str, Any]
    prospects_count: int
    active_leads_count: int
    completed_leads_count: int
    opted_out_count: int
    booked_count: int
    last_enrollment_at: datetime | None
    actual_started_at: datetime | None
    paused_at: datetime | None
    resumed_at: datetime | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def settings(self) -> CampaignSettings:
        """The settings alone."""
        return CampaignSettings(**{field.column: getattr(self, field.column) for field in CAMPAIGN_FIELDS})


@dataclass(frozen=True, slots=True)
class CampaignAccount:
    """An account of a campaign, in the order in which new prospects are given to them."""

    id: UUID
    name: str
    provider_account_id: str
    channel: Channel
    account_type: AccountType
    status: AccountStatus
    status_reason: str | None
    country: str
    timezone: str
    schedule_settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignInFull(Campaign):
    """And what belongs to it; the counts by status are exact. `version` is that of the steps, 0 while there are none."""

    version: int
    steps: tuple[WorkflowStep, ...]
    accounts: tuple[CampaignAccount, ...]
    prospects_by_status: Mapping[ProspectStatus, int]
    next_planned_at: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignCreated:
    """`created` is false when the same campaign was there already."""

    campaign: CampaignInFull
    created: bool


@dataclass(frozen=True, slots=True)
class CampaignChanged:
    """`changed` is false when it was so already."""

    campaign: CampaignInFull
    changed: bool
