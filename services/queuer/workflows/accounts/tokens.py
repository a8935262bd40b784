"""Make and revoke bearer tokens. A token is shown once."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store.accounts import tokens as store
from services.queuer.store.accounts import workspaces
from shared.db.statements import write_audit_line
from shared.refusals import NotFound
from shared.vocabulary import COMMAND_LINE, Role

PREFIX: Final = "tact_"
"""Lets scanners of repositories recognise a token that was committed by mistake."""
BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewToken:
    """The one moment at which the token itself is known."""

    id: UUID
    token: str


async def create_token(pool: asyncpg.Pool, *, workspace_id: UUID | None, role: Role, name: str, actor: str = COMMAND_LINE) -> NewToken:
    """Make a token of a workspace, or of every workspace when None.

    Raises:
        NotFound: there is no such workspace.
    """
    name = checks.text(name, "name")
    token = PREFIX + secrets.token_urlsafe(BYTES)
    async with pool.acquire() as connection, connection.transaction():
        if workspace_id is not None:
            await workspaces.get_workspace(connection, workspace_id)
        sha256 = hashlib.sha256(token.encode()).digest()
        token_id = await store.insert_token(connection, workspace_id=workspace_id, role=role, name=name, sha256=sha256)
        details = {"role": role.value, "name": name}
        await write_audit_line(connection, actor, "create", "token", token_id, workspace_id=workspace_id, details=details)
    return NewToken(token_id, token)


async def revoke_token(pool: asyncpg.Pool, token_id: UUID, *, workspace_id: UUID | None = None, actor: str = COMMAND_LINE) -> bool:
    """Revoke a token, of that workspace if one is given; false when it was revoked already.

    Services remember a token for a few seconds, so it opens nothing after them.

    Raises:
        NotFound: there is no such token.
    """
    async with pool.acquire() as connection, connection.transaction():
        revoked = await store.revoke(connection, token_id, workspace_id=workspace_id)
        if revoked is not None:
            await write_audit_line(connection, actor, "revoke", "token", token_id, workspace_id=revoked.workspace_id)
            return True
        if not await store.token_exists(connection, token_id, workspace_id=workspace_id):
            raise NotFound(f"There is no token {token_id}.", code="unknown_token")
        return False
