"""The people of a workspace, as imports add and fill them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.queuer.rules.people.matching import Lead
from services.queuer.rules.people.reader import Person
from shared.db.pool import Connection, encode_json
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, load
from shared.vocabulary import CampaignStatus, CampaignType

queries = load(__file__)

_COLUMNS = (
    "identity",
    "first_name",
    "last_name",
    "company",
    "title",
    "location",
    "timezone",
    "linkedin_id",
    "linkedin_vanity",
    "sales_navigator_id",
    "email",
    "connected_on",
)


@dataclass(frozen=True, slots=True)
class ImportCampaign:
    """The campaign into which people are imported."""

    campaign_name: str
    campaign_type: CampaignType
    status: CampaignStatus
    completed_by_itself: bool


@dataclass(frozen=True, slots=True)
class AddedLead:
    """The id of a new lead."""

    id: UUID
    identity: str


@dataclass(frozen=True, slots=True)
class LeadLocation:
    """A lead whose time zone was not derived yet."""

    id: UUID
    location: str


async def load_campaign(pool: asyncpg.Pool, workspace_id: UUID, campaign_id: UUID) -> ImportCampaign | None:
    """The campaign, if it is one of the workspace."""
    return await fetch_one(pool, queries.campaign_of_import, ImportCampaign, workspace_id=workspace_id, campaign_id=campaign_id)


async def open_batch(pool: asyncpg.Pool, workspace_id: UUID, campaign_id: UUID, *, file_name: str, file_format: str) -> UUID:
    """Insert the row that counts an import; returns its id."""
    [batch_id] = await fetch_column(
        pool,
        queries.open_batch,
        UUID,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        file_name=file_name,
        file_format=file_format,
    )
    return batch_id


async def count_batch(connection: Connection, batch_id: UUID, *, stored: int, known: int, refused: int) -> None:
    """Add the rows of one chunk to the import's counts."""
    await execute(connection, queries.count_batch, batch_id=batch_id, stored=stored, known=known, refused=refused)


async def close_batch(pool: asyncpg.Pool, batch_id: UUID) -> None:
    """Record the end of an import."""
    await execute(pool, queries.close_batch, batch_id=batch_id)


async def queue_for_approval(
    connection: Connection, lead_ids: Sequence[UUID], lines: Sequence[int], *, workspace_id: UUID, campaign_id: UUID, batch_id: UUID
) -> None:
    """Queue the leads, each with its line in the file; one that was imported before stays as it was decided."""
    await execute(
        connection,
        queries.queue_for_approval,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        batch_id=batch_id,
        lead_ids=lead_ids,
        lines=lines,
    )


async def load_waiting(pool: asyncpg.Pool, campaign_id: UUID, lead_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of the rows of these leads that wait for approval."""
    return await fetch_column(pool, queries.waiting_of, UUID, campaign_id=campaign_id, lead_ids=lead_ids)


async def lock_people(connection: Connection, workspace_id: UUID) -> None:
    """Let imports of one workspace take turns, chunk by chunk."""
    await execute(connection, queries.lock_people, workspace_id=workspace_id)


async def load_known_leads(connection: Connection, people: Sequence[Person], workspace_id: UUID) -> list[Lead]:
    """Every lead that shares an identifier with one of the rows."""
    return await fetch_all(
        connection,
        queries.known_leads,
        Lead,
        workspace_id=workspace_id,
        linkedin_ids=[p.linkedin_id for p in people if p.linkedin_id],
        vanities=[p.linkedin_vanity for p in people if p.linkedin_vanity],
        sales_ids=[p.sales_navigator_id for p in people if p.sales_navigator_id],
        emails=[p.email for p in people if p.email],
    )


async def add_leads(connection: Connection, leads: Sequence[Lead], workspace_id: UUID) -> None:
    """Insert these leads, each of which then has its id."""
    added = await fetch_all(connection, queries.add_leads, AddedLead, workspace_id=workspace_id, **_columns(leads))
    ids = {row.identity: row.id for row in added}
    for lead in leads:
        lead.id = ids[lead.identity]


async def fill_leads(connection: Connection, leads: Mapping[UUID, Lead]) -> None:
    """Write what was empty of these leads, by id."""
    await execute(connection, queries.fill_leads, lead_ids=list(leads), **_columns(leads.values()))


async def load_without_zone(pool: asyncpg.Pool, *, most: int) -> list[LeadLocation]:
    """Leads with a location whose time zone was not derived yet."""
    return await fetch_all(pool, queries.without_zone, LeadLocation, most=most)


async def set_zones(pool: asyncpg.Pool, zones: Mapping[UUID, str]) -> None:
    """Store each lead's zone, empty where its location does not tell; one that has got a zone meanwhile keeps it."""
    async with pool.acquire() as connection, connection.transaction():
        await execute(connection, queries.set_zones, lead_ids=list(zones), timezones=list(zones.values()))


def _columns(leads: Iterable[Lead]) -> dict[str, list[object]]:
    """One array per column, as `unnest` takes them."""
    leads = list(leads)
    columns: dict[str, list[object]] = {name: [getattr(lead, name) for lead in leads] for name in _COLUMNS}
    columns["extra"] = [encode_json(lead.extra) for lead in leads]
    return columns
