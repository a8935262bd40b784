"""Campaigns over HTTP."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, create_model

from services.queuer.http.models import (
    HOURS,
    TEMPLATES,
    CampaignOut,
    Hours,
    ListedCampaign,
    Named,
    ScheduleSettings,
    Success,
    Taken,
    described,
    kind_of,
)
from services.queuer.rules.campaigns.steps import Wish
from services.queuer.rules.campaigns.views import CampaignChanged
from services.queuer.store.campaigns.campaigns import get_campaign, list_campaigns
from services.queuer.workflows.campaigns import run
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from services.queuer.workflows.campaigns.create import create_campaign
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, CampaignSettings
from shared.service.auth import Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service
from shared.vocabulary import CampaignType


class StepIn(Taken):
    """A step in an order of your own."""

    message_type: str
    template: str
    delay_hours: Hours | None = Field(None, description="After the acceptance or the step before; 72 where it is not set, 0 for the first.")

    def wish(self) -> Wish:
        """As the workflow takes it."""
        return Wish(self.message_type, self.template, None if self.delay_hours is None else timedelta(hours=self.delay_hours))


if TYPE_CHECKING:
    NewSettings = Taken
    ChangedSettings = Taken
else:  # one field for each row of the table
    NewSettings = create_model("NewSettings", __base__=Taken, **{each.column: (kind_of(each), described(each)) for each in CAMPAIGN_FIELDS})
    ChangedSettings = create_model(
        "ChangedSettings",
        __base__=Taken,
        **{
            each.column: (kind_of(each, optional=True), described(replace(each, default=None)))
            for each in CAMPAIGN_FIELDS
            if each.changeable_in
        },
    )


class NewCampaign(NewSettings):
    """A campaign to be made; it is a draft until it is started."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "campaign_name": "Autumn, makers of tools",
                    "campaign_type": "connector",
                    "message_templates": TEMPLATES,
                    "step_delays": {"follow_up_1": 96},
                    "accounts": ["your-unipile-account-id"],
                    "schedule_settings": HOURS,
                    "on_missing": "block",
                }
            ]
        }
    )

    workspace_id: UUID | None = Field(None, description="Only for tokens that are bound to no workspace.")
    campaign_name: str
    campaign_type: CampaignType = Field(description="connector invites first; messenger writes to connections at once.")
    message_templates: dict[str, str] = Field({}, description="Message type -> text. An empty connection_request invites without note.")
    step_delays: dict[str, Hours] = Field({}, description="Message type -> hours after the acceptance or the step before.")
    steps: list[StepIn] | None = Field(None, description="In place of message_templates, in an order of your own.")
    accounts: list[str] = Field([], description="Ids, the provider's ids, or names; new prospects go to them by what each may still send.")
    schedule_settings: ScheduleSettings = Field({})

    def settings(self) -> CampaignSettings:
        """As the workflow takes them."""
        return CampaignSettings(**{each.column: getattr(self, each.column) for each in CAMPAIGN_FIELDS})


class CampaignPatch(ChangedSettings):
    """What to change; everything else stays. Templates and delays are merged, null takes one out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message_templates": {"follow_up_1": "Hello again {firstName|there}!"}}]})

    campaign_name: str | None = None
    message_templates: dict[str, str | None] | None = None
    step_delays: dict[str, Hours | None] | None = None
    steps: list[StepIn] | None = None
    accounts: list[str] | None = None
    schedule_settings: ScheduleSettings | None = None

    def settings(self) -> dict[str, Any]:
        """The settings to change. A null turns off a setting that can be off, and leaves every other one as it is."""
        given = {each.column: getattr(self, each.column) for each in CAMPAIGN_FIELDS if each.column in self.model_fields_set}
        return {
            each.column: given[each.column]
            for each in CAMPAIGN_FIELDS
            if each.column in given and (each.nullable or given[each.column] is not None)
        }


class CampaignNamed(Taken):
    """Which campaign is meant."""

    campaign_id: UUID


class OneCampaign(Success):
    """A campaign."""

    campaign: CampaignOut


class OneCampaignChanged(OneCampaign):
    """`changed` is false when it was so already."""

    changed: bool


class Campaigns(Success):
    """A page; `next` is the `after` of the page that follows."""

    campaigns: list[ListedCampaign]
    next: UUID | None


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/campaigns, but for the people in them."""
    router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], responses=FAILURES)

    @router.post("", status_code=201, summary="Make a campaign; the same one again answers 200", responses={200: {"model": OneCampaign}})
    async def create(body: NewCampaign, caller: Operator, response: Response) -> OneCampaign:
        done = await create_campaign(
            service.pool,
            workspace_id=caller.own(body.workspace_id),
            campaign_name=body.campaign_name,
            campaign_type=body.campaign_type,
            message_templates=body.message_templates,
            step_delays=body.step_delays,
            steps=None if body.steps is None else [step.wish() for step in body.steps],
            accounts=body.accounts,
            schedule_settings=body.schedule_settings,
            settings=body.settings(),
            actor=caller.actor,
        )
        response.status_code = 201 if done.created else 200
        return OneCampaign(campaign=CampaignOut.in_full(done.campaign))

    @router.get("", summary="Campaigns by name")
    async def list_them(
        caller: Viewer, named: Named = None, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Campaigns:
        async with tenant_transaction(readers, caller) as connection:
            found = await list_campaigns(connection, workspace_id=caller.workspace_id, named=named, after=after, most=limit)
        return Campaigns(campaigns=[ListedCampaign.of(each) for each in found], next=found[-1].id if len(found) == limit else None)

    @router.get("/{campaign_id}", summary="A campaign, its steps, its accounts and its prospects by status")
    async def get(campaign_id: UUID, caller: Viewer) -> OneCampaign:
        async with tenant_transaction(readers, caller) as connection:
            return OneCampaign(campaign=CampaignOut.in_full(await get_campaign(connection, campaign_id, workspace_id=caller.workspace_id)))

    @router.patch("/{campaign_id}", summary="Change a campaign; what is only planned is written anew, what is under way stays")
    async def patch(campaign_id: UUID, body: CampaignPatch, caller: Operator) -> OneCampaignChanged:
        changes = CampaignChanges(
            campaign_name=body.campaign_name,
            message_templates=body.message_templates,
            step_delays=body.step_delays,
            steps=None if body.steps is None else [step.wish() for step in body.steps],
            accounts=body.accounts,
            schedule_settings=body.schedule_settings,
            settings=body.settings(),
        )
        done = await change_campaign(service.pool, campaign_id, changes, workspace_id=caller.workspace_id, actor=caller.actor)
        service.wake()
        return _answer(done)

    @router.post("/{campaign_id}/start", summary="Start a campaign; harmless to repeat")
    async def start(campaign_id: UUID, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.start(service.pool, campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    @router.post("/direct/send-connection-requests-fast", summary="The same start, with the campaign in the body")
    async def start_named(body: CampaignNamed, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.start(service.pool, body.campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    @router.post("/{campaign_id}/pause", summary="Let nothing more of it leave; harmless to repeat")
    async def pause(campaign_id: UUID, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.pause(service.pool, campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    @router.post("/{campaign_id}/resume", summary="Let a paused campaign run on; harmless to repeat")
    async def resume(campaign_id: UUID, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.resume(service.pool, campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    @router.post("/{campaign_id}/complete", summary="End a campaign that has done its work; what is planned is cancelled")
    async def complete(campaign_id: UUID, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.complete(service.pool, campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    @router.post("/{campaign_id}/cancel", summary="Give a campaign up for good; what is planned is cancelled")
    async def cancel(campaign_id: UUID, caller: Operator) -> OneCampaignChanged:
        return _answer(await run.cancel(service.pool, campaign_id, workspace_id=caller.workspace_id, actor=caller.actor))

    return router


def _answer(done: CampaignChanged) -> OneCampaignChanged:
    return OneCampaignChanged(campaign=CampaignOut.in_full(done.campaign), changed=done.changed)
