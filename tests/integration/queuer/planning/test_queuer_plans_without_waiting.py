"""Who has nothing to plan waits for nobody: planning holds accounts, and half of what the planner hears leaves nothing to plan."""

import asyncio

import asyncpg

from services.queuer.workflows.planning.plan import Planner
from tests.integration.queuer.world import make_world

IN_TIME = 10.0
"""Seconds; whoever waits for the lock that the test holds waits for ever."""


async def test_an_event_that_leaves_nothing_to_plan_waits_for_no_lock(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1)
    await planner.plan([prospect])
    async with pool.acquire() as somebody, somebody.transaction():
        await somebody.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", world.accounts[0])
        async with asyncio.timeout(IN_TIME):
            assert await planner.plan([prospect]) == 0
    assert len(await world.sends()) == 1


async def test_two_queuers_never_sweep_one_campaign_at_once(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await world.enrol(2)
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('tact.sweep.' || $1::uuid::text, 0))", world.campaign)
        await other.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", world.accounts[0])
        async with asyncio.timeout(IN_TIME):
            assert await planner.sweep(), "the next campaign's turn, at once"
        assert await world.sends() == []
    assert not await planner.sweep(), "the round is over"
    while await planner.sweep():
        pass
    assert len(await world.sends()) == 2
