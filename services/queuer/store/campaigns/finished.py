"""Campaigns that have nothing to do any more, and those that have something to do again."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class OwnedCampaign:
    """A campaign and its workspace."""

    id: UUID
    workspace_id: UUID


async def find_finished(connection: Connection, *, most: int) -> list[UUID]:
    """Running campaigns that have nothing to do any more."""
    return await fetch_column(connection, queries.find_finished, UUID, most=most)


async def complete(connection: Connection, campaign_ids: Sequence[UUID]) -> list[OwnedCampaign]:
    """Complete them; returns those that were running until now."""
    return await fetch_all(connection, queries.complete, OwnedCampaign, campaign_ids=campaign_ids)


async def find_resumable(connection: Connection, *, most: int) -> list[UUID]:
    """Campaigns that were completed by themselves and have a prospect under way again."""
    return await fetch_column(connection, queries.find_resumable, UUID, most=most)


async def resume(connection: Connection, campaign_ids: Sequence[UUID]) -> list[OwnedCampaign]:
    """Let them run; returns those that had been completed by themselves until now."""
    return await fetch_all(connection, queries.resume, OwnedCampaign, campaign_ids=campaign_ids)
