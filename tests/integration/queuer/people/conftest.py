"""A workspace with a campaign, seen through the role the queuer works in: a grant that is missing fails here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio

from shared.db.pool import open_pool
from tests.support.builders import BASE, a_campaign, a_workspace, an_account, set_clock


@dataclass(frozen=True)
class House:
    """Where a test imports to."""

    pool: asyncpg.Pool
    workspace_id: UUID
    campaign_id: UUID


async def row(pool: asyncpg.Pool, query: str) -> tuple[Any, ...]:
    """The one row of a query, as a tuple that compares."""
    [found] = await pool.fetch(query)
    return tuple(found)


@pytest_asyncio.fixture
async def house(database: str, pool: asyncpg.Pool) -> AsyncIterator[House]:
    """A connector campaign, and connections in the role `tact_queuer`."""
    async with pool.acquire() as connection:
        await set_clock(connection, BASE)
        workspace_id = await a_workspace(connection)
        campaign_id = await a_campaign(connection, workspace_id, [await an_account(connection, workspace_id)])
    async with await open_pool(database, role="tact_queuer") as queuer:
        yield House(queuer, workspace_id, campaign_id)
