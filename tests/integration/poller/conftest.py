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
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.db.pool import open_pool
from shared.service.http import make_app
from shared.service.process import Service
from shared.unipile.client import UnipileClient
from tests.integration.poller.poller_stage import CRON, KEY, SECRET, Stage


@pytest.fixture
async def poller_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Works with what the poller is granted, and no more."""
    pool = await open_pool(database, role="tact_poller", size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def stage(pool: asyncpg.Pool) -> Stage:
    """One account of a connector campaign that is always open."""
    stage = Stage(pool)
    await stage.prepare()
    return stage


@pytest.fixture
def provider_url() -> str:
    """Nobody answers there; tests that read start a simulator and say where."""
    return "http://127.0.0.1:9"


@pytest.fixture
def settings(database: str) -> PollerSettings:
    """Made up, and nothing from the environment of whoever runs the tests."""
    return PollerSettings(database_url=database, webhook_secret=SecretStr(SECRET), cron_secret=SecretStr(CRON), _env_file=None)


@pytest.fixture
async def client(provider_url: str, settings: PollerSettings) -> AsyncIterator[UnipileClient]:
    """The provider's client as the poller has it."""
    async with UnipileClient(provider_url, SecretStr(KEY), timeout=settings.unipile_timeout) as opened:
        yield opened


@pytest.fixture
def reader(poller_pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings) -> ReadScheduler:
    """What makes the reads."""
    return ReadScheduler(poller_pool, client, settings, instance="test")


@pytest.fixture
async def poller(settings: PollerSettings, poller_pool: asyncpg.Pool, reader: ReadScheduler) -> AsyncIterator[httpx.AsyncClient]:
    """The poller's routes on a real server."""
    service = Service("poller", settings, port=0)
    service.pool = poller_pool
    app = make_app(service, title="poller", description="under test")
    app.include_router(http.routes(service, reader, secret=settings.webhook_secret, away_for=settings.away_for))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=10) as caller:
        yield caller
        server.should_exit = True
        await serving
