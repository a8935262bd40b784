"""Which events a begin would still take up."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.sender.store.ledger import queries
from shared.contracts.sends_due import SendDue


async def still_due(pool: asyncpg.Pool, events: Sequence[SendDue]) -> frozenset[tuple[UUID, int]]:
    """Send and dispatch number of those whose send is still with a sender."""
    numbers = {event.send_id: event.dispatch_no for event in sorted(events, key=lambda event: event.dispatch_no)}
    rows = queries.still_due(pool, send_ids=list(numbers), dispatch_nos=list(numbers.values()))
    return frozenset([(row["id"], numbers[row["id"]]) async for row in rows])
