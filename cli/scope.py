"""Which part of the stack a command is about, in the words that several commands share."""

from datetime import datetime
from typing import Annotated

import asyncpg
import typer

from cli.find import find_account, find_campaign
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.store.insight.queue import Scope

WorkspaceWord = Annotated[str | None, typer.Option("--workspace", "-w", help="Only this one: its id or its company's name.")]
AccountWord = Annotated[str | None, typer.Option("--account", "-a", help="Only this one: its id, the provider's id or its name.")]
CampaignWord = Annotated[str | None, typer.Option("--campaign", "-c", help="Only this one: its id or its name.")]


async def scope_of(pool: asyncpg.Pool, *, workspace: str | None = None, campaign: str | None = None, account: str | None = None) -> Scope:
    """The ids behind what was typed. An empty word (`--account "$UNSET"` of a script) is nobody, and never everybody.

    Raises:
        Refused: there is no such thing, or several of that name.
    """
    return Scope(
        workspace_id=(await get_workspace(pool, workspace)).id if workspace is not None else None,
        campaign_id=(await find_campaign(pool, campaign)).id if campaign is not None else None,
        account_id=(await find_account(pool, account)).id if account is not None else None,
    )


def moment(at: datetime | None) -> str:
    """Short enough for a column; UTC."""
    return f"{at:%a %d %b %H:%M}" if at else ""
