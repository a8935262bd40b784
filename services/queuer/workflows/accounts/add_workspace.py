"""Add a workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts import workspaces as store
from services.queuer.store.accounts.workspaces import NewWorkspace, Workspace
from shared.db.statements import write_audit_line
from shared.refusals import Conflict
from shared.vocabulary import COMMAND_LINE


@dataclass(frozen=True, slots=True)
class WorkspaceAdded:
    """`created` is false when the same workspace was stored already."""

    workspace: Workspace
    created: bool


async def add_workspace(
    pool: asyncpg.Pool,
    *,
    company_name: str,
    email: str,
    airtable_base_id: str = "",
    tier: str = "standard",
    daily_cr_limit: int | None = None,
    schedule_settings: Mapping[str, Any] | None = None,
    actor: str = COMMAND_LINE,
) -> WorkspaceAdded:
    """Add a workspace; the same values again are the same row.

    Raises:
        Refused: a value cannot be used.
        Conflict: the name is taken by a workspace with other values.
    """
    wanted = NewWorkspace(
        company_name=checks.text(company_name, "company_name"),
        email=checks.email(email),
        airtable_base_id=checks.text(airtable_base_id, "airtable_base_id") if airtable_base_id.strip() else "",
        tier=checks.tier(checks.text(tier, "tier")),
        daily_cr_limit=checks.daily_limit(daily_cr_limit),
        schedule_settings=checks.schedule(schedule_settings),
    )
    async with pool.acquire() as connection, connection.transaction():
        added = await store.insert_workspace(connection, wanted)
        if added is not None:
            await write_audit_line(connection, actor, "add", "workspace", added.id, workspace_id=added.id)
            return WorkspaceAdded(added, created=True)
        stored = await store.workspace_of_name(connection, wanted.company_name)
    if stored is None:
        raise Conflict(f"The workspace {wanted.company_name!r} is being added or renamed at this moment; try again.")
    asked = {name: getattr(wanted, name) for name in wanted.__slots__}
    other = checks.differences(asked, {name: getattr(stored, name) for name in asked})
    if other and other != ["company_name"]:  # the name itself may be spelled with other capitals
        raise Conflict(
            f"The workspace {stored.company_name!r} is there already with another {', '.join(other)}; choose another name.",
            details={"workspace_id": str(stored.id), "differs": other},
        )
    return WorkspaceAdded(stored, created=False)
