"""Hours over HTTP, key by key: of an account, a campaign, a workspace; and a lead's own zone."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import ConfigDict, Field

from services.queuer.http.models import HOURS, Given, Success, Taken
from services.queuer.workflows.accounts import hours
from shared.refusals import NotFound
from shared.service.auth import Caller, Operator, Viewer
from shared.service.http import FAILURES
from shared.service.process import Service

Changes = Annotated[
    dict[str, Any],
    Body(
        description="The keys of schedule_settings to change; every other stays, and null takes one out.",
        examples=[{**HOURS, "window_zone": "both", "half_days": ["12-24", "12-31"], "half_day_end": "13:00"}],
    ),
]


class InForceOut(Given):
    """What holds in the end while no prospect's own place is looked at."""

    account: str | None
    timezone: str
    hours: str
    window_zone: str


class HoursOut(Given):
    """One level's own settings and what they come to, by account."""

    id: UUID
    name: str
    schedule_settings: dict[str, Any]
    in_force: list[InForceOut]


class SomeHours(Success):
    """Hours as they are."""

    schedule: HoursOut


class SomeHoursChanged(SomeHours):
    """`changed` is false when they were so already."""

    changed: bool


class Zone(Taken):
    """Whose clocks a lead lives by."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin"}]})

    timezone: str | None = Field(description="A name of the tz database; null goes by the lead's location again.")


class LeadOut(Given):
    """A lead's place; `timezone` is null where it is unknown."""

    id: UUID
    location: str
    timezone: str | None


class OneLeadChanged(Success):
    """`changed` is false when it was so already."""

    lead: LeadOut
    changed: bool


def routes(service: Service) -> APIRouter:
    """/api/{accounts,campaigns,workspaces}/{id}/schedule and /api/leads/{id}/timezone."""
    router = APIRouter(prefix="/api", tags=["hours"], responses=FAILURES)

    @router.get("/accounts/{account_id}/schedule", summary="An account's hours, its own and those in force")
    async def of_account(account_id: UUID, caller: Viewer) -> SomeHours:
        return _shown(await hours.change_account_hours(service.pool, account_id, workspace_id=caller.workspace_id))

    @router.patch("/accounts/{account_id}/schedule", summary="Change an account's hours, key by key")
    async def change_account(account_id: UUID, changes: Changes, caller: Operator) -> SomeHoursChanged:
        return _answer_changed(
            service,
            await hours.change_account_hours(service.pool, account_id, changes, workspace_id=caller.workspace_id, actor=caller.actor),
        )

    @router.get("/campaigns/{campaign_id}/schedule", summary="A campaign's hours, its own and those in force for each account")
    async def of_campaign(campaign_id: UUID, caller: Viewer) -> SomeHours:
        return _shown(await hours.change_campaign_hours(service.pool, campaign_id, workspace_id=caller.workspace_id))

    @router.patch("/campaigns/{campaign_id}/schedule", summary="Change a campaign's hours, key by key")
    async def change_campaign(campaign_id: UUID, changes: Changes, caller: Operator) -> SomeHoursChanged:
        return _answer_changed(
            service,
            await hours.change_campaign_hours(service.pool, campaign_id, changes, workspace_id=caller.workspace_id, actor=caller.actor),
        )

    @router.get("/workspaces/{workspace_id}/schedule", summary="A workspace's hours, its own and those in force for each account")
    async def of_workspace(workspace_id: UUID, caller: Viewer) -> SomeHours:
        return _shown(await hours.change_workspace_hours(service.pool, _own(caller, workspace_id)))

    @router.patch("/workspaces/{workspace_id}/schedule", summary="Change a workspace's hours, days off included, key by key")
    async def change_workspace(workspace_id: UUID, changes: Changes, caller: Operator) -> SomeHoursChanged:
        return _answer_changed(
            service, await hours.change_workspace_hours(service.pool, _own(caller, workspace_id), changes, actor=caller.actor)
        )

    @router.put("/leads/{lead_id}/timezone", summary="Say whose clocks a lead lives by, where its location says it wrongly or not at all")
    async def of_lead(lead_id: UUID, body: Zone, caller: Operator) -> OneLeadChanged:
        done = await hours.set_lead_zone(service.pool, lead_id, body.timezone, workspace_id=caller.workspace_id, actor=caller.actor)
        service.wake()
        return OneLeadChanged(lead=LeadOut.model_validate(done), changed=done.changed)

    return router


def _own(caller: Caller, workspace_id: UUID) -> UUID:
    """The workspace, if the caller may see it at all; otherwise it is not there."""
    if caller.workspace_id not in {None, workspace_id}:
        raise NotFound(f"There is no workspace {workspace_id} that this token may see.", code="unknown_workspace")
    return workspace_id


def _shown(found: hours.Hours) -> SomeHours:
    return SomeHours(schedule=HoursOut.model_validate(found))


def _answer_changed(service: Service, done: hours.Hours) -> SomeHoursChanged:
    service.wake()
    return SomeHoursChanged(schedule=HoursOut.model_validate(done), changed=done.changed)
