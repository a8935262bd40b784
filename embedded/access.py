"""An administrator's token for a stack that was started on this machine, so that its user can call it at once."""

import contextlib
from uuid import UUID

import asyncpg

from services.queuer.workflows.accounts import tokens
from shared.db.errors import AWAY
from shared.db.pool import open_pool
from shared.vocabulary import Role


async def create_admin_token(database_url: str, *, name: str) -> tokens.NewToken:
    """Make a token for every workspace; its secret is known to the caller alone."""
    async with await open_pool(database_url, role=None, size=1, name=name) as pool:
        return await tokens.create_token(pool, workspace_id=None, role=Role.ADMIN, name=name)


async def revoke_token(database_url: str, token_id: UUID) -> None:
    """End a token; a database that is away already keeps it, and the token then opens nothing until the stack runs again."""
    with contextlib.suppress(*AWAY, asyncpg.PostgresError):
        async with await open_pool(database_url, role=None, size=1, name="tact-up") as pool:
            await tokens.revoke_token(pool, token_id)
