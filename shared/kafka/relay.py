"""The outbox relay: rows written in a business transaction leave for Kafka afterwards, in order of id.

One leader per service (an advisory lock held by its own connection), because two relays would swap the events of one
account. Rows are marked, never counted by a last id: ids become visible out of order. A crash between publish and
mark publishes again; consumers ignore the repetition.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
import structlog

from shared.contracts.envelope import Envelope
from shared.db.errors import DATABASE_ERRORS
from shared.db.queries import execute, fetch_all, load, require_value
from shared.kafka.publisher import Publisher
from shared.metrics import OUTBOX_OLDEST, OUTBOX_PENDING

log = structlog.get_logger()
queries = load(__file__)

BATCH: Final = 1_000
KEEP_PUBLISHED: Final = timedelta(days=2)
LOCK_SPACE: Final = 7_202
"""First half of the advisory lock's key; the second is the service's."""


@dataclass(frozen=True, slots=True)
class _OutboxRow:
    id: int
    topic: str
    key: str
    headers: dict[str, str]
    payload: str
    age_s: float


class Relay:
    """Publishes one service's outbox; run `round` as a job, often."""

    def __init__(self, pool: asyncpg.Pool, publisher: Publisher, *, service: str, held_back: Callable[[], bool] = lambda: False) -> None:
        self._pool = pool
        self._publisher = publisher
        self._service = service
        self._held_back = held_back
        self._leading: Any = None  # the connection that holds the lock
        self._rounds = 0

    async def round(self) -> bool:
        """Publish what waits; True when there may be more. A relay that is not the leader does nothing."""
        if self._held_back() or not await self._lead():
            return False  # a read-only stack publishes nothing: its rows may be from a past that the other stack does not share
        rows = await fetch_all(self._leading, queries.unpublished, _OutboxRow, service=self._service, most=BATCH)
        OUTBOX_PENDING.set(len(rows))
        OUTBOX_OLDEST.set(rows[0].age_s if rows else 0)
        if rows:
            await self._publisher.publish([Envelope(row.topic, row.key, row.headers, row.payload) for row in rows])
            await execute(self._leading, queries.mark_published, ids=[row.id for row in rows])
        self._rounds += 1
        if self._rounds % 1_000 == 0:
            await execute(self._leading, queries.purge_published, service=self._service, older_than=KEEP_PUBLISHED, most=10_000)
        return len(rows) == BATCH

    async def stop(self) -> None:
        """Release the lead."""
        if self._leading is not None:
            connection, self._leading = self._leading, None
            if _gone(connection):
                return
            try:
                async with asyncio.timeout(2):
                    await execute(connection, queries.release_lead, space=LOCK_SPACE, service=self._service)
            except DATABASE_ERRORS:
                connection.terminate()
            await self._pool.release(connection)

    async def _lead(self) -> bool:
        if self._leading is not None:
            if not _gone(self._leading):
                return True
            connection, self._leading = self._leading, None
            await self._pool.release(connection)
        connection = await self._pool.acquire()
        try:
            leads = await require_value(connection, queries.acquire_lead, bool, space=LOCK_SPACE, service=self._service)
        except BaseException:
            await self._pool.release(connection)
            raise
        if not leads:
            await self._pool.release(connection)
            return False
        self._leading = connection
        log.info("leads the outbox", service=self._service)
        return True


def _gone(connection: Any) -> bool:
    """Whether the server or the pool has given the connection up, and the lead with it.

    A pool takes back what the server closes, and then its own connection cannot even be asked: the relay of a service whose
    database restarted raised here for ever, and its events stayed. Held by test_the_relay_leads_again_after_its_connection_was_cut.
    """
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
