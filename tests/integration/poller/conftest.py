"""The poller's pool in its own role, a prepared stage, and its routes on a real server."""

import asyncio
import socket
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from services.poller import http
from services.poller.settings import PollerSettings
from services.poller.workflows.read import Reader
from shared.db.pool import open_pool
from shared.runtime.http import make_app
from shared.runtime.service import Service
from shared.unipile.client import UnipileClient
from tests.integration.poller.poller_stage import Stage

SECRET = "secret-of-the-webhooks"
CRON = "secret-of-the-cron"


@pytest.fixture
async def owner(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Writes every table."""
    pool = await open_pool(database, role=None, size=4)
    yield pool
    await pool.close()


@pytest.fixture
async def poller_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Works with what the poller is granted, and no more."""
    pool = await open_pool(database, role="tact_poller", size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def stage(owner: asyncpg.Pool) -> Stage:
    """One account of a connector campaign that is always open."""
    stage = Stage(owner)
    await stage.prepare()
    return stage


@pytest.fixture
async def poller(database: str, poller_pool: asyncpg.Pool) -> AsyncIterator[httpx.AsyncClient]:
    """The poller's routes on a real server; no provider is reached by them unless a test starts one."""
    settings = PollerSettings(database_url=database, webhook_secret=SecretStr(SECRET), cron_secret=SecretStr(CRON), _env_file=None)
    service = Service("poller", settings, port=0)
    service.pool = poller_pool
    client = UnipileClient("http://127.0.0.1:9", SecretStr("key"), timeout=settings.unipile_timeout)
    app = make_app(service, title="poller", description="under test")
    reader = Reader(poller_pool, client, settings, instance="test")
    app.include_router(http.routes(service, reader, secret=settings.webhook_secret, away_for=settings.away_for))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with client, httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=10) as caller:
        yield caller
        server.should_exit = True
        await serving
