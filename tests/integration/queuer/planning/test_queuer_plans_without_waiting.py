"""An event with nothing to plan waits for no lock: planning holds accounts, and half of the planner's events leave nothing to plan."""

import asyncio

import asyncpg
import pytest

from services.queuer.store.planning.prospects import load_positions, load_prospects
from services.queuer.workflows.planning.plan import Planner
from tests.integration.queuer.world import make_world

IN_TIME = 10.0
"""Seconds; a planner that waits for the lock that the test holds waits for ever."""


async def test_an_event_that_leaves_nothing_to_plan_waits_for_no_lock(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1)
    await planner.plan([prospect])
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", world.accounts[0])
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


@pytest.mark.parametrize("campaign", ["running", "paused", "draft", "completed"])
@pytest.mark.parametrize("prospect", ["pending", "connection_request_sent", "connected", "replied"])
async def test_the_look_finds_the_prospects_that_planning_reads(pool: asyncpg.Pool, campaign: str, prospect: str) -> None:
    world = await make_world(pool)
    ids = await world.enrol(2)
    async with pool.acquire() as connection:
        await connection.execute("SET session_replication_role = replica")  # whatever path led to these statuses
        await connection.execute("UPDATE campaigns SET status = $2 WHERE id = $1", world.campaign, campaign)
        await connection.execute("UPDATE campaign_prospects SET status = $2 WHERE id = $1", ids[0], prospect)
        seen = [(each.id, each.status, each.connected_at, each.workflow_id) for each in await load_positions(connection, ids)]
        read = [(each.id, each.status, each.connected_at, each.workflow_id) for each in await load_prospects(connection, ids)]
        await connection.execute("SET session_replication_role = DEFAULT")
    assert sorted(seen, key=lambda each: each[0]) == read
