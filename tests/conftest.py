"""The servers every test may ask for: real ones, started once per session and only when somebody asks."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import psutil
import pytest
import pytest_asyncio
from hypothesis import settings
from xdist.remote import Producer

from embedded.kafka import KafkaServer
from embedded.ports import free_port, free_ports
from embedded.postgres import PostgresServer
from embedded.unprivileged import remove
from shared.db.migrate import apply
from shared.db.pool import open_pool
from tests.support.halves import Halves, longest_first
from tests.support.processes import Programs, programs

if TYPE_CHECKING:
    from tests.support.serving import Served

settings.register_profile("suite", deadline=None)  # no test of ours fails for being slow on a busy machine
settings.load_profile("suite")

TEMPLATE = "tact_template"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 6 * 1024**3
"""Bytes that must be free before the servers' files go there."""
OWN_FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep this session's files in a folder of its own.

    pytest's default folder is one for all sessions of a user, and each closes it to everybody else when it begins: as root,
    the servers of a session under way run as somebody else, who then cannot open his files any more.
    """
    os.environ["TACT_THROW_AWAY"] = "true"  # our servers forget, and many stacks stand beside one Kafka
    if config.option.basetemp is None:
        config.stash[OWN_FOLDER] = folder = Path(tempfile.mkdtemp(prefix="tact-tests-", dir=_memory()))
        config.option.basetemp = folder / "tmp"
        os.environ["TACT_CONFIG"] = str(folder / "contexts.json")  # stacks and commands of tests leave a developer's own contexts alone


def _memory() -> Path | None:
    """Where files are made in memory, if there is room: nearly nine hundred tests have a database of fifteen hundred files each."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free > ROOM and psutil.virtual_memory().available > ROOM else None
    except OSError:
        return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin first."""
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Halves:
    """Share the suite between processes, each with servers of its own; see tests/support/halves.py."""
    return Halves(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    if OWN_FOLDER in config.stash:
        remove(config.stash[OWN_FOLDER])


@pytest_asyncio.fixture(scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL of this session's own; it forgets on a power cut, which no test of ours makes."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres") / "data", free_port(), durable=False)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaServer]:
    """A broker of this session's own; tests keep apart by the names of their topics and groups."""
    server = KafkaServer(tmp_path_factory.mktemp("kafka") / "node", *free_ports(2))
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def template_database(postgres_server: PostgresServer) -> str:
    """The name of a database with our schema, migrated once; tests get copies of it."""
    await apply(await postgres_server.create_database(TEMPLATE))
    return TEMPLATE


@pytest_asyncio.fixture
async def database(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[str]:
    """The address of a database with our schema that nobody else has written to."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield await postgres_server.create_database(name, template=template_database)
    await postgres_server.drop_database(name, force=False)  # a connection that a test left open is found here


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to `database` as its owner, who may do everything."""
    async with await open_pool(database, role=None) as opened:
        yield opened


@pytest.fixture
def kafka(kafka_server: KafkaServer) -> str:
    """The address of the session's broker."""
    return kafka_server.bootstrap


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Programs]:
    """Starts our programs as child processes, which end with the test."""
    async with programs(tmp_path / "logs") as starter:
        yield starter


@pytest_asyncio.fixture
async def served_api(database: str) -> AsyncIterator["Served"]:
    """The queuer's and the healer's API on `database`, for commands that call it."""
    from tests.support.serving import served

    async with served(database) as api:
        yield api
