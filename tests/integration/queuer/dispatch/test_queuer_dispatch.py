"""The moment a send becomes due: marks, leases, and two dispatchers at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from services.queuer.metrics import OLDEST_DUE_AGE
from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from services.queuer.workflows.planning.plan import Planner
from shared.contracts.sends_due import SendDue
from shared.contracts.topics import SENDS_DUE
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher
from tests.integration.queuer.world import World, an_attempt, make_world
from tests.support.builders import BASE, set_clock

LIMITS = DispatchLimits(batch=50, unanswered=1_000, lease=timedelta(seconds=30), longest_lease=timedelta(minutes=10))
LATER = BASE + timedelta(hours=2)


@pytest_asyncio.fixture
async def publisher(kafka: str) -> AsyncIterator[Publisher]:
    """A producer on the session's broker."""
    await create_topics(kafka, replication=1)
    producer = Publisher(kafka, client_id="test", fatal=lambda _why: None)
    await producer.start()
    yield producer
    await producer.stop()


async def planned_world(pool: asyncpg.Pool, planner: Planner, *, accounts: int = 3) -> World:
    """Accounts with a planned send each, on a clock that shows a moment after all of them."""
    world = await make_world(pool, accounts=accounts)
    await planner.plan(await world.enrol(accounts))
    await show(pool, LATER)
    return world


async def show(pool: asyncpg.Pool, at: datetime) -> None:
    """Set the business clock."""
    async with pool.acquire() as connection:
        await set_clock(connection, at)


async def test_a_due_send_is_marked_leased_and_told_by_account(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher, kafka: str
) -> None:
    world = await planned_world(pool, planner)
    await Dispatcher(queuer_pool, publisher, LIMITS).dispatch()
    sends = await world.sends()
    assert {(send["status"], send["dispatch_no"]) for send in sends} == {("dispatched", 1)}
    for account in await pool.fetch("SELECT wake_at, lease_holder, lease_until - clock_timestamp() AS rest FROM accounts"):
        assert (account["wake_at"], account["lease_holder"]) == (None, "dispatch")
        assert timedelta(seconds=20) < account["rest"] <= timedelta(seconds=30)
    told = await read_all(kafka, {send["id"] for send in sends})
    assert told == {(str(send["account_id"]).encode(), send["id"], send["account_id"], 1) for send in sends}


async def test_a_leased_account_gets_no_second_send(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(3))
    await show(pool, LATER)
    dispatcher = Dispatcher(queuer_pool, publisher, LIMITS)
    await dispatcher.dispatch()
    await dispatcher.dispatch()
    assert sorted(send["status"] for send in await world.sends()) == ["dispatched", "pending", "pending"]


async def test_two_dispatchers_never_take_the_same_account(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=12)
    small = DispatchLimits(batch=2, unanswered=1_000, lease=LIMITS.lease, longest_lease=LIMITS.longest_lease)
    dispatchers = [Dispatcher(queuer_pool, publisher, small) for _ in range(4)]
    for _ in range(4):
        await asyncio.gather(*(dispatcher.dispatch() for dispatcher in dispatchers))
    assert {(send["status"], send["dispatch_no"]) for send in await world.sends()} == {("dispatched", 1)}


async def test_a_lease_that_ran_out_brings_the_send_back_and_doubles(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=1)
    dispatcher = Dispatcher(queuer_pool, publisher, LIMITS)
    await dispatcher.dispatch()
    await dispatcher.sweep()
    assert [send["status"] for send in await world.sends()] == ["dispatched"], "the lease still runs"
    await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - interval '1 second'")
    await dispatcher.sweep()
    [send] = await world.sends()
    assert (send["status"], send["dispatches_in_vain"]) == ("pending", 1)
    await dispatcher.dispatch()
    [send] = await world.sends()
    assert (send["status"], send["dispatch_no"]) == ("dispatched", 2)
    left = await pool.fetchval("SELECT lease_until - clock_timestamp() FROM accounts")
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


async def test_an_abandoned_read_gives_its_account_back_but_one_with_an_intent_is_left_to_the_healer(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=2)
    reading, leaving = world.accounts
    await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - interval '1 second', lease_holder = 'read:relations'")
    held = next(send["id"] for send in await world.sends() if send["account_id"] == leaving)
    await an_attempt(pool, held)
    await Dispatcher(queuer_pool, publisher, LIMITS).sweep()
    free = await pool.fetch("SELECT id FROM accounts WHERE lease_until IS NULL")
    assert [row["id"] for row in free] == [reading]


async def test_closed_lanes_paused_campaigns_and_a_running_spacing_hold_sends_back(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=3)
    closed, paused, busy = world.accounts
    until = LATER + timedelta(hours=20)
    await pool.execute("UPDATE lanes SET closed_until = $2 WHERE account_id = $1", closed, until)
    await pool.execute("UPDATE lanes SET condition = 'campaign_running' WHERE account_id = $1", paused)
    await pool.execute("UPDATE accounts SET next_free_at = $2 WHERE id = $1", busy, LATER + timedelta(seconds=90))
    await Dispatcher(queuer_pool, publisher, LIMITS).dispatch()
    assert {send["status"] for send in await world.sends()} == {"pending"}
    wakes = {row["id"]: row["wake_at"] for row in await pool.fetch("SELECT id, wake_at FROM accounts")}
    assert wakes == {closed: until, paused: None, busy: LATER + timedelta(seconds=90)}
    await pool.execute("UPDATE campaigns SET status = 'paused'")
    await pool.execute("UPDATE accounts SET wake_at = $1", LATER)
    await Dispatcher(queuer_pool, publisher, LIMITS).dispatch()
    assert await pool.fetchval("SELECT count(*) FROM accounts WHERE wake_at IS NOT NULL") == 0


async def test_a_reopened_send_without_words_waits_for_them(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await make_world(pool, message_templates={"connection_request": "Hi {firstName}"})
    [prospect] = await world.enrol(1, first_name="")
    await planner.plan([prospect])
    await pool.execute("UPDATE campaign_prospects SET status = 'pending' WHERE id = $1", prospect)
    await pool.execute("SELECT reopen(id, 'a person', 'the name is known now') FROM send_queue")
    await show(pool, LATER)
    dispatcher = Dispatcher(queuer_pool, publisher, LIMITS)
    await dispatcher.dispatch()
    assert [send["status"] for send in await world.sends()] == ["pending"]
    await pool.execute("UPDATE leads SET first_name = 'Ana'")
    await planner.plan([prospect])
    await show(pool, LATER + timedelta(minutes=1))
    await dispatcher.dispatch()
    assert [(send["status"], send["message"]) for send in await world.sends()] == [("dispatched", "Hi Ana")]


async def test_dispatching_pauses_while_the_topic_lags(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=4)
    narrow = DispatchLimits(batch=2, unanswered=2, lease=LIMITS.lease, longest_lease=LIMITS.longest_lease)
    dispatcher = Dispatcher(queuer_pool, publisher, narrow)
    for _ in range(3):
        await dispatcher.dispatch()
    assert sorted(send["status"] for send in await world.sends()) == ["dispatched", "dispatched", "pending", "pending"]


async def test_the_oldest_due_age_counts_what_may_leave_and_nothing_that_a_rule_holds(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=3)
    closed, paused, free = world.accounts
    await pool.execute("UPDATE lanes SET closed_until = $2 WHERE account_id = $1", closed, LATER + timedelta(hours=20))
    await pool.execute("UPDATE accounts SET status = 'paused' WHERE id = $1", paused)
    await pool.execute("UPDATE accounts SET next_free_at = $2 WHERE id = $1", free, LATER - timedelta(minutes=10))
    dispatcher = Dispatcher(queuer_pool, publisher, LIMITS)
    assert 600 <= await oldest_age(dispatcher) < 610, "allowed since its account was free, not since it was planned"
    await dispatcher.dispatch()
    assert 600 <= await oldest_age(dispatcher) < 610, "handed out and taken by nobody still waits"
    await pool.execute("UPDATE accounts SET next_free_at = $2 WHERE id = $1", free, LATER + timedelta(minutes=10))
    assert await oldest_age(dispatcher) == 0


async def test_lateness_runs_from_the_moment_a_send_was_allowed_and_travels_with_it(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher, kafka: str
) -> None:
    world = await planned_world(pool, planner, accounts=1)
    opened = LATER - timedelta(minutes=3)
    await pool.execute("UPDATE lanes SET closed_until = $1", opened)
    [send] = await world.sends()
    tick = await Dispatcher(queuer_pool, publisher, LIMITS).tick(account_id=world.accounts[0])
    assert [due.allowed_at for due in tick.due] == [opened]
    assert [event.allowed_at for _, event in await read_events(kafka, {send["id"]})] == [opened]


async def test_a_tick_of_one_account_or_workspace_leaves_the_others_alone(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, publisher: Publisher
) -> None:
    world = await planned_world(pool, planner, accounts=3)
    dispatcher = Dispatcher(queuer_pool, publisher, LIMITS)
    tick = await dispatcher.tick(account_id=world.accounts[1])
    assert [due.account_id for due in tick.due] == [world.accounts[1]]
    assert (await dispatcher.tick(workspace_id=world.accounts[1])).due == ()
    assert {due.account_id for due in (await dispatcher.tick(workspace_id=world.workspace)).due} == set(world.accounts) - {
        world.accounts[1]
    }


async def oldest_age(dispatcher: Dispatcher) -> float:
    """The gauge after a measurement, in seconds."""
    await dispatcher.measure()
    [metric] = OLDEST_DUE_AGE.collect()
    age: float = metric.samples[0].value
    return age


async def read_all(kafka: str, wanted: set[UUID]) -> set[tuple[bytes | None, UUID, UUID, int]]:
    """What sends.due says about these sends: key, send, account and number."""
    return {(key, event.send_id, event.account_id, event.dispatch_no) for key, event in await read_events(kafka, wanted)}


async def read_events(kafka: str, wanted: set[UUID]) -> list[tuple[bytes | None, SendDue]]:
    """The keys and events of these sends; ends when every one was seen."""
    consumer = AIOKafkaConsumer(SENDS_DUE.name, bootstrap_servers=kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    told: list[tuple[bytes | None, SendDue]] = []
    try:
        async with asyncio.timeout(20):
            while {event.send_id for _, event in told} != wanted:
                record = await consumer.getone()
                event = SendDue.model_validate_json(record.value)
                if event.send_id in wanted:
                    told.append((record.key, event))
    finally:
        await consumer.stop()
    return told
