"""Which events a begin would still accept."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.sender.store.ledger import queries
from shared.contracts.sends_due import SendDue
from shared.db.queries import fetch_column


async def find_still_due(pool: asyncpg.Pool, events: Sequence[SendDue]) -> frozenset[tuple[UUID, int]]:
    """Send and dispatch number of the events whose send is still dispatched under that number."""
    numbers = {event.send_id: event.dispatch_no for event in sorted(events, key=lambda event: event.dispatch_no)}
    found = await fetch_column(pool, queries.still_due, UUID, send_ids=list(numbers), dispatch_nos=list(numbers.values()))
    return frozenset((send_id, numbers[send_id]) for send_id in found)
