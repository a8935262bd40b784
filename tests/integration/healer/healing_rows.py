"""Ways in which rows get wrong around the triggers, and the healer's workflows on a database alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from services.healer.workflows.heal import Heal
from services.healer.workflows.mend import Mend
from shared.db.pool import Connection, open_pool
from shared.runtime.clock import StackClock


@asynccontextmanager
async def around_the_triggers(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """As a restore does it: no trigger fires, no key is checked."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield connection


@asynccontextmanager
async def a_healer(database: str, instance: str = "healer-test") -> AsyncIterator[Heal]:
    """The workflows in the role they have in production."""
    async with await open_pool(database, role="tact_healer", size=4, name=instance) as own:
        clock = StackClock(own)
        await clock.refresh()
        heal = Heal(own, clock, Mend(own, clock, call_time=timedelta(seconds=30)), instance=instance)
        try:
            yield heal
        finally:
            await heal.stop()


async def walk(heal: Heal) -> None:
    """A whole reconciliation."""
    while await heal.reconcile(timedelta(0)):
        pass
