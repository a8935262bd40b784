"""Workspaces: the tenants. Added and looked up by people, never by events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store import audit
from shared.db.pool import Connection
from shared.db.queries import load
from shared.refusals import Conflict, NotFound

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant, as stored."""

    id: UUID
    company_name: str
    email: str
    airtable_base_id: str
    is_active: bool
    tier: str
    daily_cr_limit: int | None
    withdraw_after_days: int | None
    schedule_settings: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """`created` is false when the same workspace was there already."""

    workspace: Workspace
    created: bool


async def add(
    pool: asyncpg.Pool,
    *,
    company_name: str,
    email: str,
    airtable_base_id: str = "",
    tier: str = "standard",
    daily_cr_limit: int | None = None,
    schedule_settings: Mapping[str, Any] | None = None,
    actor: str = "command line",
) -> Added:
    """Add a workspace; the same values again are the same row.

    Raises:
        Refused: a value cannot be used.
        Conflict: the name is taken by one with other values.
    """
    wanted = {
        "company_name": checks.text(company_name, "company_name"),
        "email": checks.email(email),
        "airtable_base_id": checks.text(airtable_base_id, "airtable_base_id") if airtable_base_id.strip() else "",
        "tier": checks.tier(checks.text(tier, "tier")),
        "daily_cr_limit": checks.daily_limit(daily_cr_limit),
        "schedule_settings": checks.schedule(schedule_settings),
    }
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.add_workspace(connection, **wanted)
        if row is not None:
            await audit.note(connection, actor, "add", "workspace", row["id"], workspace_id=row["id"])
            return Added(Workspace(**row), created=True)
        stored = Workspace(**await queries.by_name(connection, company_name=wanted["company_name"]))
    other = checks.differences(wanted, {name: getattr(stored, name) for name in wanted})
    if other and other != ["company_name"]:  # the name itself may be spelled with other capitals
        raise Conflict(
            f"The workspace {stored.company_name!r} is there already with another {', '.join(other)}; choose another name.",
            details={"workspace_id": str(stored.id), "differs": other},
        )
    return Added(stored, created=False)


async def get(connection: Connection | asyncpg.Pool, id_or_name: UUID | str) -> Workspace:
    """One workspace by its id or its name.

    Raises:
        NotFound: there is none.
        Refused: that can be no name.
    """
    row = None
    if (workspace_id := _uuid(id_or_name)) is not None:
        row = await queries.by_id(connection, workspace_id=workspace_id)
    if row is None and isinstance(id_or_name, str):
        row = await queries.by_name(connection, company_name=checks.text(id_or_name, "workspace"))
    if row is None:
        raise NotFound(f"There is no workspace {str(id_or_name)!r}; `tact workspace list` shows those there are.", code="unknown_workspace")
    return Workspace(**row)


async def list_workspaces(
    connection: Connection | asyncpg.Pool, *, named: str | None = None, after: str | None = None, most: int = 200
) -> list[Workspace]:
    """Workspaces by name, those behind `after`; `named`: only the one with that id or name.

    Raises:
        Refused: `after` or `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    after = None if after is None else checks.text(after, "after")
    return [Workspace(**row) async for row in queries.all_workspaces(connection, named=named, after=after, most=most)]


def _uuid(value: UUID | str) -> UUID | None:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except ValueError:
        return None
