"""Kafka in: integrity events become findings."""

from collections.abc import Sequence

import asyncpg

from services.healer.store import findings
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.kafka.inbox import Inbox


def register(inbox: Inbox, pool: asyncpg.Pool) -> None:
    """Subscribe to what the healer consumes."""

    async def on_integrity_events(events: Sequence[IntegrityEvent]) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await findings.record(connection, events)

    inbox.subscribe(INTEGRITY_EVENTS, on_integrity_events)
