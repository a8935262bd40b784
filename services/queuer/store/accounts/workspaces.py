"""Workspaces' rows: the tenants. Operators add and read them, events never do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, load
from shared.refusals import NotFound

queries = load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkspace:
    """The values of a workspace that is to be added, all of them checked."""

    company_name: str
    email: str
    airtable_base_id: str
    tier: str
    daily_cr_limit: int | None
    schedule_settings: Mapping[str, Any]


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


async def insert_workspace(connection: Connection, wanted: NewWorkspace) -> Workspace | None:
    """The new row; None when the name is taken."""
    return await fetch_one(
        connection,
        queries.add_workspace,
        Workspace,
        company_name=wanted.company_name,
        email=wanted.email,
        airtable_base_id=wanted.airtable_base_id,
        tier=wanted.tier,
        daily_cr_limit=wanted.daily_cr_limit,
        schedule_settings=dict(wanted.schedule_settings),
    )


async def workspace_of_name(connection: Connection | asyncpg.Pool, company_name: str) -> Workspace | None:
    """The workspace of that name, in any case of letters."""
    return await fetch_one(connection, queries.by_name, Workspace, company_name=company_name)


async def get_workspace(connection: Connection | asyncpg.Pool, id_or_name: UUID | str) -> Workspace:
    """One workspace by its id or its name.

    Raises:
        NotFound: there is none.
        Refused: that can be no name.
    """
    row = None
    if (workspace_id := _read_uuid(id_or_name)) is not None:
        row = await fetch_one(connection, queries.by_id, Workspace, workspace_id=workspace_id)
    if row is None and isinstance(id_or_name, str):
        row = await workspace_of_name(connection, checks.text(id_or_name, "workspace"))
    if row is None:
        raise unknown_workspace(repr(str(id_or_name)))
    return row


async def list_workspaces(
    connection: Connection | asyncpg.Pool, *, named: str | None = None, after: str | None = None, most: int = 200
) -> list[Workspace]:
    """Workspaces by name, those behind `after`; `named`: only the one with that id or name.

    Raises:
        Refused: `after` or `named` can be no name.
    """
    named = None if named is None else checks.text(named, "named")
    after = None if after is None else checks.text(after, "after")
    return await fetch_all(connection, queries.all_workspaces, Workspace, named=named, after=after, most=most)


def unknown_workspace(what: UUID | str) -> NotFound:
    """The refusal for a workspace that does not exist."""
    return NotFound(f"There is no workspace {what}; `tact workspace list` shows those there are.", code="unknown_workspace")


def _read_uuid(value: UUID | str) -> UUID | None:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except ValueError:
        return None
