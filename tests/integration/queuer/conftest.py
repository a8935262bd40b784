"""The queuer's own connections: in its role, with no more rights than it has in production."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest_asyncio

from services.queuer.workflows.planning.plan import Planner
from shared.db.pool import open_pool


@pytest_asyncio.fixture
async def queuer_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections as the queuer has them."""
    async with await open_pool(database, role="tact_queuer") as opened:
        yield opened


@pytest_asyncio.fixture
async def planner(queuer_pool: asyncpg.Pool) -> Planner:
    """A planner as production runs it."""
    return Planner(queuer_pool, batch=500, recipients_stay_fresh=timedelta(days=30))
