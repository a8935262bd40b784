"""The sealing job on the real database: every attempt once, late changes as further links, nothing changed by hand."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.sender.workflows.seal import Sealer
from shared.db.pool import open_pool
from shared.ledger.chain import NOTHING, link_hash
from shared.ledger.facts import read_facts
from tests.integration.operations.proof.prove_stage import World, a_world, seal


@pytest.fixture
async def sender_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections in the sender's own role, which may do no more than it must."""
    async with await open_pool(database, role="tact_sender", size=4) as opened:
        yield opened


async def links(world: World) -> list[asyncpg.Record]:
    """The first account's chain, each link hanging on the one before."""
    rows = await world.pool.fetch(
        "SELECT link_no, attempt_id, form, facts, hash, sealed_at FROM attempt_seals WHERE account_id = $1 ORDER BY link_no",
        world.accounts[0],
    )
    before = NOTHING
    for number, row in enumerate(rows, 1):
        assert row["link_no"] == number
        before = link_hash(
            before,
            account_id=world.accounts[0],
            link_no=number,
            attempt_id=row["attempt_id"],
            form=row["form"],
            facts=row["facts"],
            sealed_at=row["sealed_at"],
        )
        assert row["hash"] == before
    head = await world.pool.fetchrow("SELECT links, head FROM account_seals WHERE account_id = $1", world.accounts[0])
    assert (head["links"], head["head"]) == (len(rows), before) if head else not rows
    return list(rows)


def states(rows: list[asyncpg.Record]) -> list[tuple[int, str]]:
    """What each link says."""
    return [(row["attempt_id"], read_facts(row["form"], row["facts"])["state"]) for row in rows]


async def test_every_attempt_is_sealed_once_however_many_senders_seal(pool: asyncpg.Pool, sender_pool: asyncpg.Pool) -> None:
    world = await a_world(pool, attempts=30)
    sealers = [Sealer(sender_pool, most=7) for _ in range(3)]
    for _ in range(20):
        await asyncio.gather(*(sealer.round() for sealer in sealers))
    assert states(await links(world)) == [(each, "accepted") for each in world.attempts]


async def test_an_intent_is_sealed_when_it_is_answered_and_a_late_answer_is_a_further_link(
    pool: asyncpg.Pool, sender_pool: asyncpg.Pool
) -> None:
    world = await a_world(pool, attempts=3)
    first, second, third = world.attempts
    await pool.execute("UPDATE send_attempts SET state = 'intent' WHERE id = $1", second)
    await pool.execute("DELETE FROM seal_queue")
    await seal(sender_pool)
    assert states(await links(world)) == [(first, "accepted"), (third, "accepted")]
    await pool.execute("UPDATE send_attempts SET state = 'unknown' WHERE id = $1", second)
    await seal(sender_pool)
    await pool.execute("UPDATE send_attempts SET looks = 1 WHERE id = $1", second)  # says nothing that is sealed
    await seal(sender_pool)
    await pool.execute("UPDATE send_attempts SET state = 'accepted', evidence = '[{\"look\": 1}]' WHERE id = $1", second)
    await pool.execute("UPDATE send_attempts SET withdrawn_at = answered_at + interval '22 days' WHERE id = $1", first)
    await seal(sender_pool)
    assert states(await links(world))[2:] == [(second, "unknown"), (first, "accepted"), (second, "accepted")]
    assert await pool.fetchval("SELECT count(*) FROM seal_queue") == 0


async def test_what_an_open_transaction_may_still_bring_is_waited_for(pool: asyncpg.Pool, sender_pool: asyncpg.Pool) -> None:
    world = await a_world(pool, attempts=4)
    async with pool.acquire() as connection:
        begun = connection.transaction()
        await begun.start()
        await connection.fetchval("SELECT pg_current_xact_id()")  # as begin, which locks accounts before it makes an attempt
        sealer = Sealer(sender_pool)
        for _ in range(3):
            await sealer.round()
        assert await links(world) == []
        await begun.commit()
    for _ in range(3):
        await sealer.round()
    assert states(await links(world)) == [(each, "accepted") for each in world.attempts]


async def test_what_somebody_changed_by_hand_is_not_sealed(pool: asyncpg.Pool, sender_pool: asyncpg.Pool) -> None:
    world = await a_world(pool, attempts=3)
    await seal(sender_pool)
    await pool.execute("UPDATE send_attempts SET decided_at = decided_at - interval '1 day' WHERE id = $1", world.attempts[1])
    await seal(sender_pool)
    assert len(await links(world)) == 3
    assert await pool.fetchval("SELECT count(*) FROM seal_queue") == 0


async def test_a_seal_is_neither_changed_nor_deleted(pool: asyncpg.Pool, sender_pool: asyncpg.Pool) -> None:
    await a_world(pool, attempts=3)
    await seal(sender_pool)
    for change in ("UPDATE attempt_seals SET facts = '[]'", "DELETE FROM attempt_seals", "TRUNCATE attempt_seals"):
        with pytest.raises(asyncpg.CheckViolationError, match="never changed"):
            await pool.execute(change)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sender_pool.execute(change)
