"""Campaigns share an account in turns on the real dispatcher, however much one of them has piled up."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio

from services.queuer.rules.planning.fairness import CampaignTurn, longest_wait, next_campaign
from services.queuer.store.dispatch import dispatch as store
from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from shared.db.pool import Connection
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send

LIMITS = DispatchLimits(batch=50, unanswered=1_000, lease=timedelta(seconds=30), longest_lease=timedelta(minutes=10))
SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def dispatcher(queuer_pool: asyncpg.Pool, kafka: str) -> AsyncIterator[Dispatcher]:
    """A dispatcher on the session's broker."""
    await create_topics(kafka, replication=1)
    producer = Publisher(kafka, client_id="test", fatal=lambda _why: None)
    await producer.start()
    yield Dispatcher(queuer_pool, producer, LIMITS)
    await producer.stop()


async def campaigns_with(world: World, counts: list[int], *, lengths: list[int] | None = None) -> list[UUID]:
    """Campaigns of the world's account with so many overdue sends each, the first campaign's the oldest, in order of id."""
    made = []
    async with world.pool.acquire() as connection:
        for length in lengths or [1] * len(counts):
            made.append(await a_campaign(connection, world.workspace, world.accounts, turn_length=length))
        made.sort()
        for length, campaign in zip(lengths or [], made, strict=False):
            await connection.execute("UPDATE campaigns SET turn_length = $2 WHERE id = $1", campaign, length)
        for place, (campaign, count) in enumerate(zip(made, counts, strict=True)):
            for number in range(count):
                await a_due_send(connection, world, campaign, overdue=timedelta(days=len(counts) - place) - number * SECOND)
    return made


async def a_due_send(connection: Connection, world: World, campaign: UUID, *, overdue: timedelta, action: str = "invitation") -> UUID:
    """A pending send of the campaign, its lane open and its account awake."""
    prospect = await a_prospect(connection, campaign, await a_lead(connection, world.workspace))
    await connection.execute(
        "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        world.accounts[0],
        campaign,
        action,
    )
    await connection.execute(
        "UPDATE accounts SET wake_at = $2 WHERE id = $1 AND lease_until IS NULL", world.accounts[0], BASE - timedelta(days=30)
    )
    return await a_send(
        connection, prospect, world.accounts[0], status="pending", dispatch_no=0, scheduled_for=BASE - overdue, action=action
    )


async def answered(world: World) -> asyncpg.Record:
    """Let the dispatched send leave, as a sender would, and its account be free and awake again; returns the send."""
    row = await world.pool.fetchrow("SELECT id, campaign_id, action FROM send_queue WHERE status = 'dispatched'")
    assert row is not None, "nothing was dispatched"
    for status in ("sending", "sent"):
        await world.pool.execute("UPDATE send_queue SET status = $2::send_status WHERE id = $1", row["id"], status)
    await world.pool.execute("UPDATE accounts SET lease_until = NULL, lease_holder = NULL, wake_at = $1", BASE - SECOND)
    return row


async def order_of(dispatcher: Dispatcher, world: World, times: int) -> list[UUID]:
    """The campaigns of the next actions."""
    order = []
    for _ in range(times):
        await dispatcher.dispatch()
        order.append((await answered(world))["campaign_id"])
    return order


async def test_a_backlog_of_one_campaign_does_not_keep_the_others_waiting(pool: asyncpg.Pool, dispatcher: Dispatcher) -> None:
    world = await make_world(pool)
    piled_up, small, smaller = await campaigns_with(world, [30, 2, 1])
    order = await order_of(dispatcher, world, 7)
    assert order == [piled_up, small, smaller, piled_up, small, piled_up, piled_up]


async def test_a_campaign_with_a_longer_turn_acts_so_often_in_a_row(pool: asyncpg.Pool, dispatcher: Dispatcher) -> None:
    world = await make_world(pool)
    first, second = await campaigns_with(world, [9, 9], lengths=[3, 1])
    assert await order_of(dispatcher, world, 8) == [first, first, first, second] * 2


async def test_first_contacts_and_follow_ups_share_their_campaigns_turn_the_oldest_first(
    pool: asyncpg.Pool, dispatcher: Dispatcher
) -> None:
    world = await make_world(pool)
    one, other = await campaigns_with(world, [0, 6])
    async with pool.acquire() as connection:
        for hours, action in ((4, "invitation"), (3, "message"), (2, "invitation"), (1, "message")):
            await a_due_send(connection, world, one, overdue=timedelta(hours=hours), action=action)
    actions = []
    for _ in range(8):
        await dispatcher.dispatch()
        row = await answered(world)
        if row["campaign_id"] == one:
            actions.append(row["action"])
    assert actions == ["invitation", "message", "invitation", "message"], "half of eight actions, in order of their moments"
    assert await pool.fetchval("SELECT count(*) FROM send_queue WHERE status = 'sent' AND campaign_id = $1", other) == 4


async def test_no_eligible_send_waits_longer_than_the_published_bound(pool: asyncpg.Pool, dispatcher: Dispatcher) -> None:
    """docs/limits.md, Fairness. Many campaigns with a backlog, and a new one whose sends are the youngest of all."""
    world = await make_world(pool)
    lengths = [1, 2, 1, 3, 1, 1, 2, 1]
    made = await campaigns_with(world, [25] * len(lengths), lengths=lengths)
    mine = dict(zip(made, lengths, strict=True))
    chance = random.Random(8)
    for _ in range(6):
        await order_of(dispatcher, world, chance.randrange(5))
        async with pool.acquire() as connection:
            late = await a_campaign(connection, world.workspace, world.accounts)
            mine[late] = 1
            await a_due_send(connection, world, late, overdue=timedelta())
        bound = longest_wait(late, mine)
        waited = 0
        while True:
            await dispatcher.dispatch()
            if (await answered(world))["campaign_id"] == late:
                break
            waited += 1
        assert waited <= bound == sum(lengths) + len(mine) - len(lengths) - 1


async def test_a_lease_that_ran_out_costs_no_turn_and_gives_none_away(pool: asyncpg.Pool, dispatcher: Dispatcher) -> None:
    world = await make_world(pool)
    first, second = await campaigns_with(world, [6, 6], lengths=[2, 1])
    order = []
    for round_ in range(9):
        await dispatcher.dispatch()
        if round_ % 2:  # every other dispatch is heard by nobody
            await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - interval '1 second'")
            await dispatcher.sweep()
            await pool.execute("UPDATE accounts SET wake_at = $1", BASE - SECOND)
            await dispatcher.dispatch()
        order.append((await answered(world))["campaign_id"])
    assert order == [first, first, second] * 3


async def test_a_send_that_no_sender_can_take_does_not_stop_the_accounts_other_campaigns(
    pool: asyncpg.Pool, dispatcher: Dispatcher
) -> None:
    world = await make_world(pool)
    _, second = await campaigns_with(world, [3, 3])
    for _ in range(store.TURNS_GIVEN_BACK + 1):
        await dispatcher.dispatch()
        await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - interval '1 second'")
        await dispatcher.sweep()
    assert await order_of(dispatcher, world, 1) == [second]


async def test_an_abandoned_read_gives_nobody_a_turn(pool: asyncpg.Pool, dispatcher: Dispatcher) -> None:
    world = await make_world(pool)
    first, second = await campaigns_with(world, [3, 3])
    assert await order_of(dispatcher, world, 1) == [first]
    await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - interval '1 second', lease_holder = 'read:relations'")
    await dispatcher.sweep()
    assert await order_of(dispatcher, world, 2) == [second, first]


async def test_the_statement_chooses_as_the_rule_does(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    made = await campaigns_with(world, [1] * 6)
    chance = random.Random(20)
    for _ in range(80):
        eligible = {campaign for campaign in made if chance.random() < 0.5}
        turn = CampaignTurn(chance.choice([None, uuid4(), *made]))
        turn = CampaignTurn(turn.campaign, chance.randrange(3) if turn.campaign else 0)
        await pool.execute(
            "UPDATE lanes SET condition = CASE WHEN campaign_id = ANY($1) THEN NULL ELSE 'campaign_running' END", list(eligible)
        )
        await pool.execute("UPDATE accounts SET turn_of = $1, turn_left = $2", turn.campaign, turn.left)
        async with queuer_pool.acquire() as connection:
            rows = store.queries.first_due(connection, account_ids=world.accounts, now=BASE, not_rendered=bytes(32))
            found = [row["campaign_id"] async for row in rows]
        assert found == [campaign for campaign in [next_campaign(turn, eligible)] if campaign], (turn, eligible)


async def test_the_turn_survives_a_dispatcher_that_dies_and_is_shared_by_the_next(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, dispatcher: Dispatcher
) -> None:
    world = await make_world(pool)
    first, second = await campaigns_with(world, [4, 4])
    assert await order_of(dispatcher, world, 1) == [first]
    async with queuer_pool.acquire() as connection:
        dying = connection.transaction()
        await dying.start()
        await store.lock_awake(connection, now=BASE, most=1)
        await store.dispatch(connection, world.accounts, now=BASE, lease=LIMITS.lease, longest=LIMITS.longest_lease)
        await dying.rollback()
    assert await order_of(dispatcher, world, 2) == [second, first]
