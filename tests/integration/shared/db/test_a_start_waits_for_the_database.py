"""A service that starts while the database restarts waits for it, whatever it was about to open."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
from structlog.testing import capture_logs

from shared.runtime.settings import ServiceSettings
from shared.service.process import Service
from tests.support.facts import eventually


async def test_connections_for_requests_are_waited_for_like_the_first_ones(database: str) -> None:
    service = Service("queuer", ServiceSettings(database_url=database), port=1)
    name = urlsplit(database).path.lstrip("/")
    elsewhere = await asyncpg.connect(database, database="postgres")
    await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    with capture_logs() as logs:
        opening = asyncio.create_task(service.open_readers(2))
        await eventually(lambda: logs, what="the database to refuse it once")
        assert not opening.done()
        await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        readers = await opening
    assert {entry["event"] for entry in logs} == {"waiting for a server"}
    assert await readers.fetchval("SELECT current_user") == "tact_queuer"
    await readers.close()
    await elsewhere.close()
