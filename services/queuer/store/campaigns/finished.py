"""Campaigns that have nothing to do any more, and those that have something to do again."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)

Owned = tuple[UUID, UUID]
"""A campaign and its workspace."""


async def done(connection: Connection, *, most: int) -> list[UUID]:
    """Running campaigns that are done."""
    return [row["id"] async for row in queries.done(connection, most=most)]


async def complete(connection: Connection, campaign_ids: Sequence[UUID]) -> list[Owned]:
    """Complete them; those that were running until now."""
    return [(row["id"], row["workspace_id"]) async for row in queries.complete(connection, campaign_ids=campaign_ids)]


async def to_go_on(connection: Connection, *, most: int) -> list[UUID]:
    """Campaigns that were completed by themselves and have a prospect under way again."""
    return [row["id"] async for row in queries.to_go_on(connection, most=most)]


async def go_on(connection: Connection, campaign_ids: Sequence[UUID]) -> list[Owned]:
    """Let them run; those that had been completed by themselves until now."""
    return [(row["id"], row["workspace_id"]) async for row in queries.go_on(connection, campaign_ids=campaign_ids)]
