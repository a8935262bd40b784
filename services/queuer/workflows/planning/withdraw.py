"""Plan to take back invitations that nobody has answered for as long as their campaign says.

A withdrawal goes the way of every send: a row with a moment of its account's time, which the sender decides on afresh. Whoever
accepts before it leaves is not taken back.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer import metrics
from services.queuer.rules.planning.withdrawal import withdrawal
from services.queuer.store.planning import withdrawals
from services.queuer.store.planning.accounts import load_accounts
from services.queuer.store.planning.prospects import load_prospects
from services.queuer.workflows.planning.plan import lock_people, place
from services.queuer.workflows.planning.record import record
from shared.db.pool import Connection

BATCH: Final = 200
"""Planned in one transaction, which holds their accounts."""


class Withdrawer:
    """Any number of these may run: the prospects are locked, and a send's id is the same in every process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def sweep(self) -> bool:
        """Plan one batch; True when there may be more."""
        async with self._pool.acquire() as connection:
            ids = await withdrawals.due(connection, most=BATCH)
            if ids:
                async with connection.transaction():
                    planned = await _plan(connection, ids)
                metrics.PLANNED_SENDS.labels(outcome="withdrawal").inc(planned)
        return len(ids) == BATCH


async def _plan(connection: Connection, ids: Sequence[UUID]) -> int:
    """Under the locks of all planning; what is planned already, or needs it no more, is left alone."""
    now, locked = await lock_people(connection, ids)
    accounts = await load_accounts(connection, locked, now=now)
    waiting = await withdrawals.waiting(connection, ids, now=now)
    wanted = []
    for prospect in await load_prospects(connection, list(waiting)):
        recipient, waited_until = waiting[prospect.id]
        send = withdrawal(prospect, recipient=recipient, waited_until=waited_until, now=now)
        if send is not None and send.account_id in accounts:
            wanted.append(send)
    placed, _ = await place(connection, wanted, accounts, now=now)
    fresh = await record(connection, placed, [], now=now)
    known = {send.id: send.scheduled_for for send in placed if send.id not in fresh}
    again = await withdrawals.reopen(connection, known)
    await withdrawals.mark_planned(connection, [send.prospect.id for send in placed], now=now)
    return len(fresh) + again
