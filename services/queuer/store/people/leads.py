"""The people of a workspace, as imports add and fill them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg

from services.queuer.rules.people.matching import Lead, Matched, match
from services.queuer.rules.people.reader import Person
from shared.db.pool import Connection, encode_json
from shared.db.queries import load

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


async def store_people(connection: Connection, people: Sequence[Person], *, workspace_id: UUID) -> Matched:
    """Store the people of one chunk, inside the caller's transaction; every lead of the outcome then has its id.

    Set by set: four statements a chunk, however many rows it has.
    """
    await queries.lock_people(connection, workspace_id=workspace_id)
    outcome = match(people, await _candidates(connection, people, workspace_id))
    if outcome.added:
        added = queries.add_leads(connection, workspace_id=workspace_id, **_columns(outcome.added))
        ids = {row["identity"]: row["id"] async for row in added}
        for lead in outcome.added:
            lead.id = ids[lead.identity]
    if outcome.filled:
        await queries.fill_leads(connection, lead_ids=list(outcome.filled), **_columns(outcome.filled.values()))
    return outcome


async def without_zone(pool: asyncpg.Pool, *, most: int) -> dict[UUID, str]:
    """Leads with a location whose time zone was not derived yet: location by id."""
    return {row["id"]: row["location"] async for row in queries.without_zone(pool, most=most)}


async def give_zones(pool: asyncpg.Pool, zones: Mapping[UUID, str]) -> None:
    """Store each lead's zone, empty where its location does not tell; one that has got a zone meanwhile keeps it."""
    async with pool.acquire() as connection, connection.transaction():
        await queries.give_zones(connection, lead_ids=list(zones), timezones=list(zones.values()))


async def _candidates(connection: Connection, people: Sequence[Person], workspace_id: UUID) -> list[Lead]:
    """Every lead that shares an identifier with one of the rows."""
    rows = queries.known_leads(
        connection,
        workspace_id=workspace_id,
        linkedin_ids=[p.linkedin_id for p in people if p.linkedin_id],
        vanities=[p.linkedin_vanity for p in people if p.linkedin_vanity],
        sales_ids=[p.sales_navigator_id for p in people if p.sales_navigator_id],
        emails=[p.email for p in people if p.email],
    )
    return [Lead(**{name: row[name] for name in _COLUMNS}, extra=row["extra"], id=row["id"]) async for row in rows]


def _columns(leads: Iterable[Lead]) -> dict[str, list[object]]:
    """One array per column, as `unnest` takes them."""
    leads = list(leads)
    columns: dict[str, list[object]] = {name: [getattr(lead, name) for lead in leads] for name in _COLUMNS}
    columns["extra"] = [encode_json(lead.extra) for lead in leads]
    return columns
