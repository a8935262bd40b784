"""The queuer's connections in its own role, and its API on a real database over real HTTP, with two workspaces and tokens of every kind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest_asyncio
import uvicorn

from embedded.ports import free_port
from services.queuer.http.mount import mount
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.workflows.planning.plan import Planner
from shared.db.pool import open_pool
from shared.runtime.settings import CallSettings, ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service
from tests.integration.queuer.api_stage import LARGEST, Stage, set_stage
from tests.support.facts import eventually


@pytest_asyncio.fixture
async def queuer(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections in the queuer's own role: what it may not do fails here as it would in production."""
    async with await open_pool(database, role="tact_queuer", size=5) as opened:
        yield opened


@pytest_asyncio.fixture
async def stage(database: str, queuer: asyncpg.Pool) -> AsyncIterator[Stage]:
    """The API, listening."""
    port = free_port()
    service = Service("queuer", ServiceSettings(database_url=database), port=port)
    service.pool = queuer
    app = make_app(service, title="Tact queuer", description="")
    await mount(app, service, call_times=CallTimes.of(CallSettings()), largest_upload=LARGEST)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, what="the API to listen")
    yield await set_stage(queuer, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving
    await service.finish()
    await service.close()


@pytest_asyncio.fixture
async def queuer_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections as the queuer has them."""
    async with await open_pool(database, role="tact_queuer") as opened:
        yield opened


@pytest_asyncio.fixture
async def planner(queuer_pool: asyncpg.Pool) -> Planner:
    """A planner as production runs it."""
    return Planner(queuer_pool, batch=500, recipients_stay_fresh=timedelta(days=30))
