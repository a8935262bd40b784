"""Derive the time zones of leads that were stored without one; imports derive the zones of their own rows."""

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.people.location_timezone import zone_of_location
from services.queuer.store.people import leads

BATCH: Final = 1_000


async def tell_zones(pool: asyncpg.Pool) -> bool:
    """Give a batch of leads the zone of their location; True when there may be more.

    On a thread, because the first location of a process loads the cities of the world.
    """
    waiting = await leads.without_zone(pool, most=BATCH)
    if waiting:
        await leads.give_zones(pool, await asyncio.to_thread(_zones, waiting))
    return len(waiting) == BATCH


def _zones(locations: Mapping[UUID, str]) -> dict[UUID, str]:
    return {lead_id: zone_of_location(location) or "" for lead_id, location in locations.items()}
