"""What the API takes and gives, and how the reasons of the workflows become answers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from services.queuer.rules.campaigns.views import Campaign, CampaignInFull
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, CampaignField
from shared.vocabulary import AccountStatus, AccountType, Action, CampaignStatus, CampaignType, Channel, ProspectStatus

HOURS: Final[dict[str, JsonValue]] = {
    "timezone": "Europe/Berlin",
    "working_hours_start": "08:00",
    "working_hours_end": "17:30",
    "country": "DE",
}
TEMPLATES: Final[dict[str, JsonValue]] = {
    "connection_request": "Hi {firstName|there}, I follow what {company|your team} does. Shall we connect?",
    "direct_message_1": "Thanks for connecting, {firstName|there}!",
    "follow_up_1": "Hello again {firstName|there}, did you see my last note?",
}

ScheduleSettings = Annotated[
    dict[str, Any],
    Field(
        description="timezone, working_hours_start, working_hours_end, skip_weekends, skip_holidays, country, days, extra_days_off, "
        "working_exceptions, half_days, half_day_end, window_zone; what is absent is said by the account, then the workspace.",
        examples=[HOURS],
    ),
]
Hours = Annotated[float, Field(ge=0, le=8760, allow_inf_nan=False)]
DailyLimit = Annotated[int | None, Field(ge=1, le=100, description="Invitations per account and day, within the account's type.")]


class Taken(BaseModel):
    """A request's body: an unknown field is refused, because it is a known one spelled wrongly."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """An answer's part."""

    model_config = ConfigDict(from_attributes=True)


class StepOut(Given):
    """One message of the campaign."""

    position: int
    message_type: str
    action: Action
    delay_hours: float
    requires_connection: bool
    template: str


class CampaignAccountOut(Given):
    """An account of the campaign."""

    id: UUID
    name: str
    provider_account_id: str
    account_type: AccountType
    status: AccountStatus
    status_reason: str | None


def described(field: CampaignField) -> Any:
    """The default, the bounds and the words of a campaign's setting in a request."""
    bounds = (field.least, field.most) if field.bounds_in_schema else (None, None)
    return Field(field.default, ge=bounds[0], le=bounds[1], description=field.description, examples=list(field.examples) or None)


def kind_of(field: CampaignField, *, optional: bool = False) -> Any:
    """The type of a campaign's setting in a request or an answer."""
    return field.kind | None if field.nullable or optional else field.kind


class CampaignHead(Given):
    """The campaign, before its settings."""

    id: UUID
    workspace_id: UUID
    campaign_name: str
    campaign_type: CampaignType
    status: CampaignStatus
    is_active: bool
    message_templates: dict[str, str]
    step_delays: dict[str, float]
    schedule_settings: dict[str, Any]


if TYPE_CHECKING:
    WithSettings = CampaignHead
else:  # one field for each row of the table
    WithSettings = create_model("WithSettings", __base__=CampaignHead, **{each.column: (kind_of(each), ...) for each in CAMPAIGN_FIELDS})


class ListedCampaign(WithSettings):
    """A campaign in a list; its counts lag a few seconds behind."""

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

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """From the stored row."""
        return cls.model_validate(campaign)


class CampaignOut(ListedCampaign):
    """A campaign with what belongs to it."""

    version: int
    steps: list[StepOut]
    accounts: list[CampaignAccountOut]
    prospects_by_status: dict[ProspectStatus, int]
    next_planned_at: datetime | None

    @classmethod
    def in_full(cls, campaign: CampaignInFull) -> Self:
        """From the stored rows."""
        row = {name: getattr(campaign, name) for name in ListedCampaign.model_fields}
        steps = [
            StepOut(
                position=step.position,
                message_type=step.message_type,
                action=step.action,
                delay_hours=step.delay.total_seconds() / 3600,
                requires_connection=step.requires_connection,
                template=step.template,
            )
            for step in campaign.steps
        ]
        return cls(
            **row,
            version=campaign.version,
            steps=steps,
            accounts=[CampaignAccountOut.model_validate(account) for account in campaign.accounts],
            prospects_by_status=dict(campaign.prospects_by_status),
            next_planned_at=campaign.next_planned_at,
        )


class WorkspaceOut(Given):
    """A workspace."""

    id: UUID
    company_name: str
    email: str
    airtable_base_id: str
    is_active: bool
    tier: str
    daily_cr_limit: int | None
    withdraw_after_days: int | None
    schedule_settings: dict[str, Any]
    created_at: datetime


class AccountOut(Given):
    """An account."""

    id: UUID
    workspace_id: UUID
    channel: Channel
    provider_account_id: str
    provider_user_id: str | None
    name: str
    account_type: AccountType
    country: str
    timezone: str
    status: AccountStatus
    status_reason: str | None
    daily_cr_limit: int | None
    schedule_settings: dict[str, Any]
    created_at: datetime


Named = Annotated[str | None, Query(max_length=200, description="Only those with this id or name, whatever its capitals.")]


class Success(Given):
    """What every answer that is no failure begins with."""

    success: Literal[True] = True
