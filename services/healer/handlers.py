"""Kafka in: integrity events become findings or wake a look at the row, what people must know becomes notices."""

from collections.abc import Sequence

import asyncpg

from services.healer.rules.repairs.finding_kinds import select_reported
from services.healer.store.repairs import findings
from services.healer.workflows.notices.notify import Notify
from services.healer.workflows.repairs.repair import FindAndRepair
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import ACCOUNTS_STATUS, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.kafka.inbox import Inbox


def register(inbox: Inbox, pool: asyncpg.Pool, notify: Notify, heal: FindAndRepair) -> None:
    """Subscribe to what the healer consumes."""

    async def on_integrity_events(events: Sequence[IntegrityEvent]) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await findings.record_findings(connection, select_reported(events))
        await heal.of_events(events)

    inbox.subscribe(INTEGRITY_EVENTS, on_integrity_events, urgent=True)
    inbox.subscribe(SENDS_COMPLETED, notify.of_sends)
    inbox.subscribe(ACCOUNTS_STATUS, notify.of_accounts)
