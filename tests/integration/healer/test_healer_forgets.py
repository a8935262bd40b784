"""Histories that nobody asks about any more go, and nobody is told half of what was so."""

from datetime import timedelta

import asyncpg

from services.healer.store.maintenance import maintenance as upkeep
from services.healer.workflows.maintenance.maintain import Maintenance
from shared.db.pool import open_pool
from shared.runtime.clock import StackClock
from tests.support.builders import BASE, a_workspace, an_account, set_clock

KEPT = timedelta(days=400)


async def test_what_is_too_old_is_forgotten_and_the_floor_says_so(pool: asyncpg.Pool, database: str) -> None:
    async with pool.acquire() as connection:
        await set_clock(connection, BASE)
        account = await an_account(connection, await a_workspace(connection))
    for days in (0, 300, 600):
        async with pool.acquire() as connection:
            await set_clock(connection, BASE + timedelta(days=days))
        await pool.execute(
            "UPDATE accounts SET daily_cr_limit = $2, next_free_at = $3 WHERE id = $1", account, days % 7 + 1, BASE + timedelta(days=days)
        )
    async with await open_pool(database, role="tact_healer", size=2) as healers:
        clock = StackClock(healers)
        await clock.refresh()
        mend = Maintenance(healers, clock, call_time=timedelta(seconds=20))
        assert await mend.forget_history(timedelta(days=700)) is False
        assert await pool.fetchval("SELECT since FROM history_floor") is None, "nothing went, so everything can still be told"
        assert await mend.forget_history(KEPT) is False
        assert await upkeep.delete_expired_history(healers, before=BASE + timedelta(days=200), most=1) == 0
    left = [row["valid_until"].date() for row in await pool.fetch("SELECT valid_until FROM history ORDER BY id")]
    assert left == [(BASE + timedelta(days=days)).date() for days in (300, 600)]
    assert await pool.fetchval("SELECT count(*) FROM account_spacing_history") == 2
    floor = await pool.fetchval("SELECT since FROM history_floor")
    assert abs(floor - (BASE + timedelta(days=200))) < timedelta(minutes=1)
