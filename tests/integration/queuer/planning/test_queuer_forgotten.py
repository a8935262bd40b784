"""What no event and no wake would move on any more is found by a sweep, a batch at a time."""

from datetime import timedelta

import asyncpg
import pytest

from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from services.queuer.workflows.planning.plan import Planner
from shared.kafka.publisher import Publisher
from tests.integration.queuer.planning.test_queuer_planning import deliver
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE, set_clock

LATER = BASE + timedelta(hours=2)


@pytest.fixture
def dispatcher(queuer_pool: asyncpg.Pool) -> Dispatcher:
    """A dispatcher that looks at two accounts at a time and tells nobody anything: sweeps publish nothing."""
    limits = DispatchLimits(batch=2, unanswered=10, lease=timedelta(seconds=30), longest_lease=timedelta(minutes=10))
    return Dispatcher(queuer_pool, Publisher("127.0.0.1:9", client_id="test", fatal=lambda _why: None), limits)


async def without_wakes(pool: asyncpg.Pool, planner: Planner, *, accounts: int) -> World:
    """Accounts with a send each that is long due, and every wake deleted."""
    world = await make_world(pool, accounts=accounts)
    await planner.plan(await world.enrol(accounts))
    await pool.execute("UPDATE accounts SET wake_at = NULL")
    async with pool.acquire() as connection:
        await set_clock(connection, LATER)
    return world


async def asleep(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM accounts WHERE wake_at IS NULL")
    return count


async def test_accounts_whose_wake_was_lost_are_woken_a_batch_at_a_time(
    pool: asyncpg.Pool, planner: Planner, dispatcher: Dispatcher
) -> None:
    await without_wakes(pool, planner, accounts=5)
    left = [await asleep(pool) for _ in range(3) if await dispatcher.wake_forgotten()]
    assert left == [3, 1, 0]
    assert not await dispatcher.wake_forgotten()


async def test_a_round_that_is_over_begins_again(pool: asyncpg.Pool, planner: Planner, dispatcher: Dispatcher) -> None:
    world = await without_wakes(pool, planner, accounts=4)
    while await dispatcher.wake_forgotten():
        pass
    await pool.execute("UPDATE accounts SET wake_at = NULL WHERE id = $1", min(world.accounts))
    assert [await dispatcher.wake_forgotten() for _ in range(2)].count(True) == 1
    assert await asleep(pool) == 0


async def test_who_sleeps_for_a_reason_sleeps_on(pool: asyncpg.Pool, planner: Planner, dispatcher: Dispatcher) -> None:
    world = await without_wakes(pool, planner, accounts=5)
    closed, held, leased, lost, soon = world.accounts
    await pool.execute("UPDATE lanes SET closed_until = $2 WHERE account_id = $1", closed, LATER + timedelta(hours=3))
    await pool.execute("UPDATE lanes SET condition = 'campaign_running' WHERE account_id = $1", held)
    await pool.execute("UPDATE accounts SET lease_until = clock_timestamp(), lease_holder = 'a sender' WHERE id = $1", leased)
    await pool.execute("UPDATE accounts SET status = 'disconnected' WHERE id = $1", lost)
    await pool.execute("UPDATE send_queue SET scheduled_for = $2 WHERE account_id = $1", soon, LATER - timedelta(minutes=1))
    assert not any([await dispatcher.wake_forgotten() for _ in range(4)])
    assert await asleep(pool) == 5


async def connected(world: World, planner: Planner, count: int) -> list[object]:
    """People who were invited and have accepted, whose `connections.accepted` nobody will hear."""
    people = await world.enrol(count, linkedin_id=None)
    await planner.plan(people)
    for person in people:
        await deliver(world.pool, person, "connection_request")
        await world.pool.execute(
            "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = $2 WHERE id = $1", person, BASE
        )
        await world.pool.execute("UPDATE campaign_prospects SET status = 'connected', connected_at = $2 WHERE id = $1", person, BASE)
    return list(people)


async def follow_ups(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM send_queue WHERE message_type = 'direct_message_1'")
    return count


async def test_a_follow_up_whose_event_was_lost_is_planned_a_batch_at_a_time(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    planner = Planner(queuer_pool, batch=2, recipients_stay_fresh=timedelta(days=30))
    world = await make_world(pool)
    await connected(world, planner, 5)
    seen = []
    for _ in range(3):
        await planner.sweep_under_way()
        seen.append(await follow_ups(pool))
    assert seen == [2, 4, 5]
    assert [await planner.sweep_under_way() for _ in range(4)] == [False] * 4, "planned once"


async def test_a_sequence_whose_last_answer_was_lost_is_finished(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [person] = await connected(world, planner, 1)
    await planner.sweep_under_way()
    await deliver(pool, person, "direct_message_1")
    await pool.execute("UPDATE campaign_prospects SET status = 'messaging' WHERE id = $1", person)
    await planner.sweep_under_way()
    row = await pool.fetchrow("SELECT status, outcome FROM campaign_prospects WHERE id = $1", person)
    assert row is not None
    assert tuple(row) == ("completed", "finished")


async def test_a_follow_up_that_a_person_cancelled_or_that_failed_is_not_planned_again(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    people = await connected(world, planner, 2)
    await planner.sweep_under_way()
    for person, status in zip(people, ("cancelled", "failed"), strict=True):
        await pool.execute(
            "UPDATE send_queue SET status = $2::send_status WHERE prospect_id = $1 AND message_type = 'direct_message_1'", person, status
        )
    assert not await planner.sweep_under_way()
    assert await follow_ups(pool) == 2
