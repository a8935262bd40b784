"""The bench's rows fit the schema as it is today, and lie as planning would have left them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest_asyncio

from bench import seeding
from bench.seeding import NOT_TODAY, OPEN, Turn, queries
from shared.db.statements import business_now


@pytest_asyncio.fixture
async def owner(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may seed."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_a_turn_is_due_for_its_accounts_and_nobody_else(owner: asyncpg.Connection) -> None:
    burst = Turn(1, 0, 59, OPEN)
    await seeding.seed_accounts(owner, 120)
    await seeding.seed_turn(owner, burst)
    await seeding.seed_turn(owner, Turn(0, 60, 119, OPEN + NOT_TODAY))
    await seeding.settle(owner)
    assert await queries.awake(owner) == 0

    await seeding.wake(owner, Turn(1, 0, 19, OPEN))
    assert await queries.awake(owner) == 20
    await seeding.wake(owner, burst)
    assert await queries.awake(owner) == 60
    assert [(row["status"], row["many"]) async for row in queries.states(owner)] == [("pending", 120)]


async def test_every_reference_of_the_seeded_rows_leads_somewhere(owner: asyncpg.Connection) -> None:
    """They are written without the checks of foreign keys, so the keys are checked here."""
    await seeding.seed_accounts(owner, 120)
    await seeding.seed_turn(owner, Turn(1, 0, 119, OPEN))
    await seeding.settle(owner)
    await owner.execute("SET session_replication_role = origin")
    keys = await owner.fetch(
        """SELECT conrelid::regclass::text AS name, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
            WHERE contype = 'f' AND conrelid::regclass::text = ANY($1::text[])""",
        list(seeding.FILLED),
    )
    assert keys
    for key in keys:
        await owner.execute(f'ALTER TABLE {key["name"]} DROP CONSTRAINT "{key["conname"]}"')
        await owner.execute(f'ALTER TABLE {key["name"]} ADD CONSTRAINT "{key["conname"]}" {key["definition"]}')


async def test_a_streams_sends_fall_due_one_after_the_other(owner: asyncpg.Connection) -> None:
    stream = Turn(1, 0, 9, OPEN, timedelta(milliseconds=100))
    await seeding.seed_accounts(owner, 10)
    await seeding.seed_turn(owner, stream)
    await seeding.wake(owner, stream)
    due = [row["wake_at"] - OPEN for row in await owner.fetch("SELECT wake_at FROM accounts ORDER BY wake_at")]
    assert due == [timedelta(milliseconds=100) * nth for nth in range(10)]


async def test_a_leap_takes_the_clock_over_every_spacing(owner: asyncpg.Connection) -> None:
    await seeding.seed_accounts(owner, 1)
    before = await business_now(owner)
    await queries.leap(owner, over=seeding.OVER_THE_SPACING)
    assert await business_now(owner) - before >= timedelta(seconds=150)
