"""Bearer tokens: shown once, stored as a hash, revoked and never deleted."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.store import audit
from services.queuer.store.accounts import workspaces
from shared.db.pool import Connection
from shared.db.queries import load
from shared.refusals import NotFound
from shared.vocabulary import Role

queries = load(__file__)

PREFIX: Final = "tact_"
"""Lets scanners of repositories recognise a token that somebody committed."""
BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewToken:
    """The one moment at which the token itself is known."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    id: UUID
    workspace_id: UUID | None
    role: Role
    name: str
    created_at: datetime
    revoked_at: datetime | None


async def create(pool: asyncpg.Pool, *, workspace_id: UUID | None, role: Role, name: str, actor: str = "command line") -> NewToken:
    """Make a token of a workspace, or of every workspace when None.

    Raises:
        NotFound: there is no such workspace.
    """
    name = checks.text(name, "name")
    token = PREFIX + secrets.token_urlsafe(BYTES)
    async with pool.acquire() as connection, connection.transaction():
        if workspace_id is not None:
            await workspaces.get(connection, workspace_id)
        token_id: UUID = await queries.create_token(
            connection, workspace_id=workspace_id, role=role.value, name=name, sha256=hashlib.sha256(token.encode()).digest()
        )
        details = {"role": role.value, "name": name}
        await audit.note(connection, actor, "create", "token", token_id, workspace_id=workspace_id, details=details)
    return NewToken(token_id, token)


async def revoke(pool: asyncpg.Pool, token_id: UUID, *, workspace_id: UUID | None = None, actor: str = "command line") -> bool:
    """Let a token (of that workspace, if one is given) open nothing any more; false when it was revoked already.

    Services remember a token for a few seconds, so it is shut out within them.

    Raises:
        NotFound: there is no such token.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await queries.revoke_token(connection, token_id=token_id, workspace_id=workspace_id)
        if row is not None:
            await audit.note(connection, actor, "revoke", "token", token_id, workspace_id=row["workspace_id"])
            return True
        if not await queries.token_exists(connection, token_id=token_id, workspace_id=workspace_id):
            raise NotFound(f"There is no token {token_id}.", code="unknown_token")
        return False


async def list_tokens(
    connection: Connection | asyncpg.Pool, *, workspace_id: UUID | None = None, after: UUID | None = None, most: int = 200
) -> list[Token]:
    """A page of tokens in the order they were made, of one workspace or of all."""
    return [
        Token(row["id"], row["workspace_id"], Role(row["role"]), row["name"], row["created_at"], row["revoked_at"])
        async for row in queries.list_tokens(connection, workspace_id=workspace_id, after=after, most=most)
    ]
