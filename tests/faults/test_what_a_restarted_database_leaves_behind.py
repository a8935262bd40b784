"""A database that goes away takes connections with it; what held one for good must notice, and go on."""

import asyncpg
import pytest

from shared.contracts.envelope import Envelope
from shared.db.outbox import put
from shared.db.pool import open_pool
from shared.kafka.publisher import Publisher
from shared.kafka.relay import Relay
from tests.support.facts import eventually


class Published(Publisher):
    """Takes what is published, without a broker: what is tested here is the hold on the database."""

    def __init__(self) -> None:
        super().__init__("", client_id="test", fatal=pytest.fail)
        self.count = 0

    async def publish(self, envelopes: object) -> None:
        self.count += len(list(envelopes))  # type: ignore[call-overload]


async def test_the_relay_leads_again_after_its_connection_was_cut(pool: asyncpg.Pool, database: str) -> None:
    published = Published()
    async with await open_pool(database, role=None, size=2, name="relay-of-the-test") as own:
        relay = Relay(own, published, service="sender")
        await _tell(pool)
        await relay.round()
        await _cut_connections(pool)
        await _tell(pool)
        await eventually(lambda: _round(relay, published), what="the event after the cut to be published")
        await _cut_connections(pool)
        await relay.stop()
    assert published.count == 2


async def _tell(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await put(connection, "sender", [Envelope("sends.completed", "key", {}, "{}")])


async def _round(relay: Relay, published: Published) -> bool:
    try:
        await relay.round()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return published.count == 2


async def _cut_connections(pool: asyncpg.Pool) -> None:
    """And wait until they are gone, as they are when a server is back."""
    cut = await pool.fetch("SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay-of-the-test'")
    pids = [row["pid"] for row in cut]

    async def gone() -> bool:
        return not await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])", pids)

    await eventually(gone, what="the connections to end")
