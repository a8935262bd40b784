"""The clock of a fast stack leaps over empty hours, and over nothing else."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.queuer.workflows.dispatch.clock_skip import ClockSkipper
from services.queuer.workflows.planning.plan import Planner
from shared.runtime.clock import LEAP_LOCK, StackClock
from tests.integration.queuer.world import World, an_attempt, make_world
from tests.support.builders import BASE, a_send, set_clock

MOMENT = BASE + timedelta(hours=5)
HAND = {
    "a leased account": "UPDATE accounts SET lease_until = clock_timestamp(), lease_holder = 'dispatch'",
    "an event to publish": "INSERT INTO outbox (service, topic, key, headers, payload) VALUES ('poller', 't', 'k', '{}', '{}')",
    "an intent": "attempt intent",
    "an unknown": "attempt unknown",
}


@pytest_asyncio.fixture
async def world(pool: asyncpg.Pool) -> World:
    """One account that has nothing to do for five hours, in a stack that leaps."""
    made = await make_world(pool)
    async with pool.acquire() as connection:
        await set_clock(connection, BASE, speed=1, leaps=True)
    await pool.execute("UPDATE accounts SET wake_at = $1", MOMENT)
    return made


@pytest_asyncio.fixture
async def leaper(queuer_pool: asyncpg.Pool, world: World) -> AsyncIterator[ClockSkipper]:
    """A leaper that needs no quiet."""
    clock = StackClock(queuer_pool)
    await clock.start()
    yield ClockSkipper(queuer_pool, clock, quiet=timedelta())
    await clock.stop()


async def now(pool: asyncpg.Pool) -> datetime:
    """Business time."""
    found: datetime = await pool.fetchval("SELECT business_now()")
    return found


async def test_the_clock_lands_a_quarter_of_an_hour_before_the_next_moment(pool: asyncpg.Pool, leaper: ClockSkipper) -> None:
    assert await leaper.leap()
    assert MOMENT - timedelta(minutes=15) <= await now(pool) < MOMENT - timedelta(minutes=14)
    assert not await leaper.leap(), "a quarter of an hour is run, not leapt"


async def test_a_read_that_comes_sooner_is_met_awake(pool: asyncpg.Pool, world: World, leaper: ClockSkipper) -> None:
    sooner = BASE + timedelta(hours=1)
    await pool.execute("INSERT INTO account_reads (account_id, kind, next_at) VALUES ($1, 'chats', $2)", world.accounts[0], sooner)
    assert await leaper.leap()
    assert sooner - timedelta(minutes=15) <= await now(pool) < sooner


async def test_a_look_up_that_falls_due_sooner_is_met_awake(pool: asyncpg.Pool, world: World, leaper: ClockSkipper) -> None:
    sooner = BASE + timedelta(hours=2)
    await attempt(pool, world, "unknown", look_after=sooner)
    assert await leaper.leap(), "what is not due yet holds no clock"
    assert sooner - timedelta(minutes=15) <= await now(pool) < sooner
    assert not await leaper.leap()
    async with pool.acquire() as connection:
        await set_clock(connection, sooner, speed=1, leaps=True)
    assert not await leaper.leap(), "from its moment on it is due, and holds the clock until somebody has looked or put it off"


@pytest.mark.parametrize("why", ["UPDATE send_attempts SET needs_person = true", "UPDATE accounts SET status = 'disconnected'"])
async def test_what_nobody_can_look_up_holds_no_clock(pool: asyncpg.Pool, world: World, leaper: ClockSkipper, why: str) -> None:
    sooner = BASE + timedelta(hours=1)
    await pool.execute(
        "INSERT INTO account_reads (account_id, kind, next_at) VALUES ($1, 'chats', $2)", await other_account(pool, world), sooner
    )
    await attempt(pool, world, "unknown", look_after=BASE)
    assert not await leaper.leap()
    await pool.execute(why + (" WHERE account_id = $1" if "attempts" in why else " WHERE id = $1"), world.accounts[0])
    assert await leaper.leap()
    assert await now(pool) >= sooner - timedelta(minutes=15)


@pytest.mark.parametrize("what", HAND)
async def test_nothing_in_hand_is_leapt_over(pool: asyncpg.Pool, world: World, leaper: ClockSkipper, what: str) -> None:
    if HAND[what].startswith("attempt"):
        await attempt(pool, world, HAND[what].split()[1])
    else:
        await pool.execute(HAND[what])
    assert not await leaper.leap()
    assert await now(pool) < BASE + timedelta(minutes=1)


async def test_prospects_are_planned_before_the_clock_leaps(
    pool: asyncpg.Pool, world: World, leaper: ClockSkipper, planner: Planner
) -> None:
    prospects = await world.enrol(1)
    assert not await leaper.leap()
    await planner.plan(prospects)
    await pool.execute("UPDATE accounts SET wake_at = $1", MOMENT)
    assert await leaper.leap()


async def test_a_sender_that_is_beginning_holds_the_clock(pool: asyncpg.Pool, leaper: ClockSkipper) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", LEAP_LOCK)
        assert not await leaper.leap()
    assert await leaper.leap()


async def test_a_stack_that_nobody_told_to_leap_never_does(pool: asyncpg.Pool, world: World, queuer_pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await set_clock(connection, BASE)
    clock = StackClock(queuer_pool)
    await clock.refresh()
    assert not await ClockSkipper(queuer_pool, clock, quiet=timedelta()).leap()


async def test_the_quiet_must_last_before_a_leap(pool: asyncpg.Pool, world: World, queuer_pool: asyncpg.Pool) -> None:
    clock = StackClock(queuer_pool)
    await clock.refresh()
    patient = ClockSkipper(queuer_pool, clock, quiet=timedelta(hours=1))
    assert not await patient.leap()
    assert not await patient.leap()


async def other_account(pool: asyncpg.Pool, world: World) -> UUID:
    """A second account beside the world's, with nothing to do."""
    made: UUID = await pool.fetchval(
        """INSERT INTO accounts (workspace_id, provider_account_id, name)
           SELECT workspace_id, 'other', 'Bo' FROM accounts WHERE id = $1 RETURNING id""",
        world.accounts[0],
    )
    return made


async def attempt(pool: asyncpg.Pool, world: World, state: str, look_after: datetime | None = None) -> None:
    """A live attempt in this state; an unknown one without `look_after` is due."""
    [prospect] = await world.enrol(1)
    async with pool.acquire() as connection:
        send = await a_send(connection, prospect, world.accounts[0])
    await an_attempt(pool, send, state=state, action="invitation")
    await pool.execute("UPDATE send_attempts SET look_after = $1", look_after)
