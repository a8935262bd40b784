"""The queuer's API on a real database, over real HTTP, with two workspaces and tokens of every kind."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
import uvicorn

from embedded.ports import free_port
from services.queuer.http.mount import mount
from shared.db.pool import open_pool
from shared.runtime.http import make_app
from shared.runtime.service import Service
from shared.runtime.settings import ServiceSettings
from tests.integration.campaigns.campaigns_stage import LARGEST, Stage, set_stage
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
    await mount(app, service, largest_upload=LARGEST)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, what="the API to listen")
    yield await set_stage(queuer, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving
    for finish in service._on_stop:
        await finish()
    await service.close()
