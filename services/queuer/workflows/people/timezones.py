"""Derive the time zones of leads that were stored without one; imports derive the zones of their own rows."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.people.location_timezone import zone_of_location
from services.queuer.store.people import leads
from services.queuer.store.people.leads import LeadLocation

BATCH: Final = 1_000


async def derive_zones(pool: asyncpg.Pool) -> bool:
    """Give a batch of leads the zone of their location; True when there may be more.

    On a thread, because the first location of a process loads the cities of the world.
    """
    waiting = await leads.load_without_zone(pool, most=BATCH)
    if waiting:
        await leads.set_zones(pool, await asyncio.to_thread(_derive_zones, waiting))
    return len(waiting) == BATCH


def _derive_zones(waiting: Sequence[LeadLocation]) -> dict[UUID, str]:
    return {lead.id: zone_of_location(lead.location) or "" for lead in waiting}
