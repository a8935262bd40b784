"""Bearer tokens' rows: stored as a hash, revoked and never deleted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, fetch_value, load
from shared.vocabulary import Role

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What is kept of a token."""

    id: UUID
    workspace_id: UUID | None
    role: Role
    name: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """A token that was revoked just now."""

    id: UUID
    workspace_id: UUID | None


async def insert_token(connection: Connection, *, workspace_id: UUID | None, role: Role, name: str, sha256: bytes) -> UUID:
    """Store the hash of a new token."""
    made = await fetch_value(connection, queries.create_token, UUID, workspace_id=workspace_id, role=role.value, name=name, sha256=sha256)
    assert made is not None  # noqa: S101 - INSERT ... RETURNING answers with the row or raises
    return made


async def revoke(connection: Connection, token_id: UUID, *, workspace_id: UUID | None) -> RevokedToken | None:
    """Revoke a token, of that workspace if one is given; None when there is none that was not revoked."""
    return await fetch_one(connection, queries.revoke_token, RevokedToken, token_id=token_id, workspace_id=workspace_id)


async def token_exists(connection: Connection, token_id: UUID, *, workspace_id: UUID | None) -> bool:
    """Whether there is a token of that id, of that workspace if one is given."""
    return bool(await fetch_value(connection, queries.token_exists, bool, token_id=token_id, workspace_id=workspace_id))


async def list_tokens(
    connection: Connection | asyncpg.Pool, *, workspace_id: UUID | None = None, after: UUID | None = None, most: int = 200
) -> list[StoredToken]:
    """A page of tokens in the order they were made, of one workspace or of all."""
    return await fetch_all(connection, queries.list_tokens, StoredToken, workspace_id=workspace_id, after=after, most=most)
