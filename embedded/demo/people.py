"""Let the simulator know the people that were imported: their names, and for the messenger campaign that they are connections."""

from typing import Any

import asyncpg
import httpx

from embedded.demo.progress import ImportedLead, queries
from embedded.demo.scenario import WORKSPACES
from shared.db.queries import fetch_all

CHUNK = 500
PREFIX = 3
"""ACo and ACw ids of one member differ in their first three letters only, in the simulator's world."""


async def declare(pool: asyncpg.Pool, simulator: str) -> None:
    """Declare every enrolled lead.

    Raises:
        httpx.HTTPError: the simulator does not answer.
    """
    accounts = {workspace.campaign.name: [a.provider_id for a in workspace.accounts] for workspace in WORKSPACES}
    messengers = {workspace.campaign.name for workspace in WORKSPACES if workspace.campaign.campaign_type == "messenger"}
    people = []
    for lead in await fetch_all(pool, queries.leads, ImportedLead):
        name = lead.campaign_name
        if person := _person(lead):
            people.append(person | {"connected_to": accounts[name] if name in messengers else []})
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for start in range(0, len(people), CHUNK):
            (await client.post(f"{simulator}/_sim/people", json=people[start : start + CHUNK])).raise_for_status()


def _person(lead: ImportedLead) -> dict[str, Any] | None:
    provider_id = lead.linkedin_id or (f"ACo{lead.sales_navigator_id[PREFIX:]}" if lead.sales_navigator_id else None)
    vanity = lead.linkedin_vanity or (f"member-{provider_id[-12:].lower()}" if provider_id else None)
    if vanity is None:
        return None
    said = {name: getattr(lead, name) or None for name in ("first_name", "last_name", "company", "title", "location")}
    return {"public_identifier": vanity, "provider_id": provider_id, **said}
