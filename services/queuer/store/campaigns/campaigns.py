"""Campaigns' rows, their steps and their accounts: written, locked and read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.views import Campaign, CampaignAccount, CampaignInFull
from services.queuer.rules.planning.next_step import WorkflowStep
from shared.contracts.campaign_fields import read_settings
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.db.statements import business_now
from shared.refusals import NotFound
from shared.vocabulary import CampaignStatus, CampaignType, ProspectStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A row of `campaigns`; `whole` is the row as JSON, of which the settings are read."""

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
    whole: Mapping[str, Any]

    def columns(self) -> dict[str, Any]:
        """The attributes of a `Campaign`."""
        own = {name: getattr(self, name) for name in self.__slots__ if name != "whole"}
        return own | asdict(read_settings(self.whole))


@dataclass(frozen=True, slots=True)
class LockedCampaign:
    """What decides over a change, read under the campaign's lock."""

    status: CampaignStatus
    completed_by_itself: bool
    campaign_type: CampaignType
    workspace_id: UUID
    workspace_active: bool
    workspace_schedule: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepsVersion:
    """A version of a campaign's steps."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class ProspectCount:
    """How many prospects of a campaign have a status."""

    status: ProspectStatus
    prospects: int


async def insert_campaign(connection: Connection, columns: Mapping[str, Any]) -> UUID | None:
    """Make a campaign; its id, or None when the workspace has one of the name."""
    return await fetch_value(connection, queries.insert_campaign, UUID, columns=dict(columns))


async def change_campaign(connection: Connection, campaign_id: UUID, columns: Mapping[str, Any]) -> None:
    """Give the row these values.

    Raises:
        asyncpg.UniqueViolationError: another campaign of the workspace has the name.
    """
    await execute(connection, queries.change_campaign, campaign_id=campaign_id, columns=dict(columns))


async def id_of_name(connection: Connection, workspace_id: UUID, campaign_name: str) -> UUID | None:
    """The campaign of that name, in any case of letters."""
    return await fetch_value(connection, queries.id_of_name, UUID, workspace_id=workspace_id, campaign_name=campaign_name)


async def get_campaign(connection: Connection | asyncpg.Pool, campaign_id: UUID, *, workspace_id: UUID | None = None) -> CampaignInFull:
    """One campaign in full, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.by_id, CampaignRow, campaign_id=campaign_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_campaign(campaign_id)
    newest = await newest_version(connection, campaign_id)
    counts = await fetch_all(connection, queries.by_status, ProspectCount, campaign_id=campaign_id)
    return CampaignInFull(
        **row.columns(),
        version=newest.version if newest else 0,
        steps=tuple(await fetch_all(connection, queries.steps_of_version, WorkflowStep, workflow_id=newest.id)) if newest else (),
        accounts=tuple(await fetch_all(connection, queries.accounts_of, CampaignAccount, campaign_id=campaign_id)),
        prospects_by_status={each.status: each.prospects for each in counts},
        next_planned_at=await fetch_value(connection, queries.next_planned, datetime, campaign_id=campaign_id),
    )


async def list_campaigns(
    connection: Connection | asyncpg.Pool,
    *,
    workspace_id: UUID | None = None,
    named: str | None = None,
    after: UUID | None = None,
    most: int = 50,
) -> list[Campaign]:
    """A page of campaigns by name, of one workspace or of all; `after` is the last one of the page before.

    `named`: only those with that id or name.

    Raises:
        Refused: `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    rows = await fetch_all(connection, queries.page, CampaignRow, workspace_id=workspace_id, named=named, after=after, most=most)
    return [Campaign(**row.columns()) for row in rows]


async def newest_version(connection: Connection | asyncpg.Pool, campaign_id: UUID) -> StepsVersion | None:
    """The newest version of the steps; None while there are none."""
    return await fetch_one(connection, queries.newest_version, StepsVersion, campaign_id=campaign_id)


async def write_steps(connection: Connection, campaign_id: UUID, steps: Sequence[WorkflowStep]) -> None:
    """Store the steps as the campaign's next version; nothing while there are none."""
    if not steps:
        return
    await execute(
        connection,
        queries.insert_steps,
        workflow_id=await fetch_value(connection, queries.insert_workflow, UUID, campaign_id=campaign_id),
        positions=[step.position for step in steps],
        message_types=[step.message_type for step in steps],
        actions=[step.action.value for step in steps],
        delays=[step.delay for step in steps],
        requires_connections=[step.requires_connection for step in steps],
        templates=[step.template for step in steps],
    )


async def write_accounts(connection: Connection, campaign_id: UUID, account_ids: Sequence[UUID]) -> None:
    """Make these the campaign's accounts, in this order."""
    await execute(connection, queries.drop_accounts, campaign_id=campaign_id)
    await execute(connection, queries.insert_accounts, campaign_id=campaign_id, account_ids=account_ids)


async def lock_accounts(connection: Connection, campaign_id: UUID) -> list[UUID]:
    """Lock the accounts that the campaign has, or has lanes on; before `lock_campaign`."""
    return await fetch_column(connection, queries.lock_accounts, UUID, campaign_id=campaign_id)


async def lock_campaign(connection: Connection, campaign_id: UUID, *, workspace_id: UUID | None = None) -> LockedCampaign:
    """Lock the campaign, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    row = await fetch_one(connection, queries.lock_campaign, LockedCampaign, campaign_id=campaign_id, workspace_id=workspace_id)
    if row is None:
        raise unknown_campaign(campaign_id)
    return row


async def move_campaign(connection: Connection, campaign_id: UUID, *, was: CampaignStatus, status: CampaignStatus) -> None:
    """Give a locked campaign its next status."""
    now = await business_now(connection)
    await execute(connection, queries.move_campaign, campaign_id=campaign_id, was=was.value, status=status.value, now=now)


async def open_lanes(connection: Connection, campaign_id: UUID) -> None:
    """Open the campaign's lanes that were closed because it did not run, or by its hours."""
    await execute(connection, queries.open_lanes, campaign_id=campaign_id)


async def free_sends(connection: Connection, campaign_id: UUID) -> None:
    """Release the sends to which the campaign's hours left no moment."""
    await execute(connection, queries.free_sends, campaign_id=campaign_id)


def unknown_campaign(campaign_id: UUID) -> NotFound:
    """The refusal for a campaign that does not exist, or is another workspace's."""
    return NotFound(f"There is no campaign {campaign_id}; `tact campaign list` shows those there are.", code="unknown_campaign")
