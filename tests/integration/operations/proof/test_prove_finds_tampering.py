"""Rows changed behind the sender's back, one kind after the other: each is found, and named with what it should say."""

from collections.abc import Awaitable, Callable
from datetime import date

import asyncpg
import pytest

from operations.proof.ledger_reader import snapshot
from operations.proof.prove_ledger import Proof, prove
from operations.proof.scope import ProofScope
from shared.db.pool import Connection
from shared.ledger.chain import Head, link_hash
from shared.ledger.facts import AttemptFacts, encode_facts
from tests.integration.operations.proof.prove_stage import World, a_world, seal

Change = Callable[[Connection, World], Awaitable[object]]


async def proved(world: World, scope: ProofScope | None = None, kept: Head | None = None) -> Proof:
    """What the proof finds without the topic, on a connection that may only read."""
    async with snapshot(world.pool) as reading:
        await reading.learn()
        accounts = [scope.account] if scope and scope.account else None
        heads = {world.accounts[0]: kept} if kept else {}
        return await prove(reading, world.pool, scope or ProofScope(), accounts, kafka=None, kept=heads)


def told(proof: Proof) -> list[tuple[str, str]]:
    """Which check found which row."""
    return [(each.check, each.row) for each in proof.found.breaks]


def by_update(column: str, value: str) -> Change:
    """Change a column of the third attempt, as somebody with psql would."""

    async def change(connection: Connection, world: World) -> None:
        await connection.execute(f"UPDATE send_attempts SET {column} = {value} WHERE id = {world.attempts[2]}")  # noqa: S608 - our own words

    return change


async def delete_row(connection: Connection, world: World) -> None:
    """With its message, or the message would keep it."""
    await connection.execute("DELETE FROM campaign_messages WHERE attempt_id = $1", world.attempts[2])
    await connection.execute("DELETE FROM send_attempts WHERE id = $1", world.attempts[2])


async def delete_link(connection: Connection, world: World) -> None:
    """The third of the chain."""
    await connection.execute("DELETE FROM attempt_seals WHERE attempt_id = $1", world.attempts[2])


async def delete_last_link(connection: Connection, world: World) -> None:
    """And the head moved back to fit, which leaves the attempt without a link."""
    await connection.execute("DELETE FROM attempt_seals WHERE attempt_id = $1", world.attempts[-1])
    await connection.execute(
        "UPDATE account_seals h SET links = l.link_no, head = l.hash FROM attempt_seals l"
        " WHERE h.account_id = $1 AND l.account_id = $1 AND l.attempt_id = $2",
        world.accounts[0],
        world.attempts[-2],
    )


async def insert_row(connection: Connection, world: World) -> None:
    """One that nobody sent, under a number that was never given: the third again, to somebody else and two minutes later."""
    made_up = {"id": "0", "send_id": "gen_random_uuid()", "recipient_id": "'ACoNobody'", "provider_ref": "'inv-made-up'"}
    made_up |= {name: f"{name} + interval '2 minutes'" for name in ("decided_at", "answered_at")}
    names = await connection.fetchval(
        "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'send_attempts'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
    )
    values = ", ".join(made_up.get(name, name) for name in names.split(", "))
    await connection.execute(
        f"INSERT INTO send_attempts ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM send_attempts WHERE id = $1",  # noqa: S608 - its own names
        world.attempts[2],
    )


async def swap_rows(connection: Connection, world: World) -> None:
    """The third and the fourth said to have happened in the other order, every other column as it was."""
    await connection.execute(
        """UPDATE send_attempts a SET decided_at = b.decided_at, valid_until = b.valid_until, answered_at = b.answered_at
             FROM send_attempts b WHERE (a.id, b.id) IN (($1::bigint, $2::bigint), ($2, $1))""",
        world.attempts[2],
        world.attempts[3],
    )


async def swap_links(connection: Connection, world: World) -> None:
    """The third and the fourth link change places."""
    for was, becomes in ((3, 1003), (4, 3), (1003, 4)):
        await connection.execute(
            "UPDATE attempt_seals SET link_no = $3 WHERE account_id = $1 AND link_no = $2", world.accounts[0], was, becomes
        )


async def change_use(connection: Connection, _: World) -> None:
    """One less was used than left."""
    await connection.execute("UPDATE account_usage SET used = used - 1 WHERE local_date = '2026-03-11'")


async def change_head(connection: Connection, _: World) -> None:
    """A head that is not the chain's."""
    await connection.execute("UPDATE account_seals SET links = links + 1")


async def remake_link(connection: Connection, world: World) -> None:
    """The row changed, and its link made anew so that the two agree: the next one hangs on the old."""
    await connection.execute("UPDATE send_attempts SET decided_at = decided_at - interval '1 minute' WHERE id = $1", world.attempts[2])
    await reseal(connection, world, world.attempts[2])


async def reseal(connection: Connection, world: World, attempt: int) -> None:
    """Make one link anew from its row, as somebody would who can read our code."""
    link = await connection.fetchrow("SELECT * FROM attempt_seals WHERE attempt_id = $1", attempt)
    assert link is not None
    before = await connection.fetchval(
        "SELECT hash FROM attempt_seals WHERE account_id = $1 AND link_no = $2", world.accounts[0], link["link_no"] - 1
    )
    row = await connection.fetchrow("SELECT * FROM attempt_facts WHERE id = $1", attempt)
    assert row is not None
    facts = encode_facts(AttemptFacts(**dict(row)))
    made = link_hash(
        before, account_id=world.accounts[0], link_no=link["link_no"], attempt_id=attempt, form=1, facts=facts, sealed_at=link["sealed_at"]
    )
    await connection.execute("UPDATE attempt_seals SET facts = $2, hash = $3 WHERE attempt_id = $1", attempt, facts, made)


CHANGES: dict[str, tuple[Change, str, str]] = {
    "time": (by_update("decided_at", "decided_at - interval '1 minute'"), "send_attempts 3", "decided_at 2026-03-10T15:09:00"),
    "answer": (by_update("answered_at", "answered_at + interval '1 second'"), "send_attempts 3", "answered_at 2026-03-10T15:10:02"),
    "status": (by_update("state", "'refused'"), "send_attempts 3", "state refused"),
    "reference": (by_update("provider_ref", "'inv-other'"), "send_attempts 3", "provider_ref inv-other"),
    "use": (by_update("given_back", "true"), "send_attempts 3", "given_back True"),
    "account": (by_update("account_id", "(SELECT id FROM accounts WHERE name = 'Account 1')"), "send_attempts 3", "account_id"),
    "row gone": (delete_row, "send_attempts 3", "no such row"),
    "row inserted": (insert_row, "send_attempts 0", "no link in its account's chain"),
    "rows in another order": (swap_rows, "send_attempts 4", "decided_at 2026-03-10T15:10:00"),
    "links in another order": (swap_links, "link 3 (attempt 4)", "hash"),
    "link gone": (delete_link, "link 4 (attempt 4)", "follows link 2"),
    "last link gone": (delete_last_link, "send_attempts 12", "no link in its account's chain"),
    "counter": (change_use, "account_usage", "used 4"),
    "head": (change_head, "account_seals", "13 links"),
    "link made anew": (remake_link, "link 4 (attempt 4)", "hash"),
}


@pytest.fixture
async def world(pool: asyncpg.Pool) -> World:
    """Two accounts of twelve invitations each, sealed."""
    made = await a_world(pool, accounts=2)
    await seal(pool)
    return made


async def as_superuser(world: World, change: Change) -> None:
    """With triggers off, as whoever owns the database can."""
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await change(connection, world)


@pytest.mark.parametrize("kind", CHANGES)
async def test_what_was_tampered_with_is_named(world: World, kind: str) -> None:
    change, row, says = CHANGES[kind]
    assert told(await proved(world)) == []
    await as_superuser(world, change)
    found = (await proved(world)).found.breaks
    assert [each for each in found if row in each.row and says in each.says], found


async def test_what_is_changed_with_the_triggers_on_is_not_sealed_as_if_it_were_ours(world: World) -> None:
    async with world.pool.acquire() as connection:
        await by_update("answered_at", "answered_at + interval '1 hour'")(connection, world)
    assert (await proved(world)).waiting == 1
    await seal(world.pool)
    assert ("chain", "send_attempts 3") in told(await proved(world))


@pytest.mark.parametrize("kind", ["time", "row gone", "link gone", "link made anew"])
async def test_a_day_shows_what_was_done_to_it_and_nothing_of_another(world: World, kind: str) -> None:
    change, row, says = CHANGES[kind]
    await as_superuser(world, change)
    found = (await proved(world, ProofScope(account=world.accounts[0], day=date(2026, 3, 10)))).found.breaks
    assert [each for each in found if row in each.row and says in each.says], found
    assert told(await proved(world, ProofScope(account=world.accounts[0], day=date(2026, 3, 12)))) == []
    assert told(await proved(world, ProofScope(account=world.accounts[1]))) == []


async def test_a_chain_that_was_made_anew_to_its_end_is_found_by_a_head_that_was_kept(world: World) -> None:
    kept = (await proved(world)).heads
    head = next(each for account, each in kept if account == world.accounts[0])
    assert told(await proved(world, kept=head)) == []

    async def all_anew(connection: Connection, _: World) -> None:
        await connection.execute("UPDATE send_attempts SET owner = 'nobody' WHERE id = $1", world.attempts[2])
        for attempt in world.attempts[2:]:
            await reseal(connection, world, attempt)
        await connection.execute(
            "UPDATE account_seals h SET head = l.hash FROM attempt_seals l WHERE l.account_id = h.account_id AND l.link_no = h.links"
        )

    await as_superuser(world, all_anew)
    assert told(await proved(world)) == []  # nothing inside the database can tell
    assert [each.should for each in (await proved(world, kept=head)).found.breaks] == [f"{head.hash.hex()[:16]}…, the head that was kept"]


async def test_limits_that_were_broken_are_found_by_rules_of_its_own(world: World) -> None:
    await world.pool.execute("UPDATE workspaces SET daily_cr_limit = 3, weekly_cr_limit = 10")
    await world.pool.execute("DELETE FROM history")  # as if it had always been so
    found = (await proved(world)).found.breaks
    assert {each.check for each in found} == {"caps", "week"}
    assert ("invitation number 4 of 2026-03-10", "3 at most on that day") in {(each.says, each.should) for each in found}
    assert [each.says for each in found if each.check == "week"] == [
        "invitation number 11 in 168 hours",
        "invitation number 12 in 168 hours",
    ] * 2


async def test_a_cap_that_was_lowered_later_breaks_nothing(world: World) -> None:
    await world.pool.execute("UPDATE workspaces SET daily_cr_limit = 1")
    assert told(await proved(world)) == []


async def test_two_sends_too_close_are_found(pool: asyncpg.Pool) -> None:
    world = await a_world(pool)
    await pool.execute("UPDATE send_attempts SET decided_at = decided_at - interval '4 minutes' WHERE id = $1", world.attempts[1])
    await seal(pool)
    assert [(each.check, each.says) for each in (await proved(world)).found.breaks] == [
        ("spacing", "decided 59 s after the answer to attempt 1")
    ]


async def test_books_that_disagree_are_found(world: World) -> None:
    async def disagree(connection: Connection, _: World) -> None:
        await connection.execute("UPDATE send_queue SET status = 'failed' WHERE id = (SELECT send_id FROM send_attempts WHERE id = 1)")
        await connection.execute("UPDATE campaign_messages SET text = 'Something else' WHERE attempt_id = 2")
        await connection.execute("DELETE FROM campaign_messages WHERE attempt_id = 3")
        await connection.execute("UPDATE send_attempts SET state = 'released' WHERE id = 4")

    await as_superuser(world, disagree)
    checks = [(check, row.split(" ")[0]) for check, row in told(await proved(world))]
    assert ("sends", "send_queue") in checks  # twice: one that is not sent and was, one that is sent and was not
    assert checks.count(("sends", "send_queue")) == 2
    assert ("answers", "campaign_messages") in checks
    assert ("answers", "send_attempts") in checks


async def test_a_campaign_is_proved_without_the_rest(world: World) -> None:
    async with snapshot(world.pool) as reading:
        await reading.learn()
        _, campaign = await reading.find(account=None, campaign="spring")
        assert campaign is not None
        accounts, scope = await reading.campaign_scope(campaign, ProofScope())
        proof = await prove(reading, world.pool, scope, accounts, kafka=None, kept={})
    assert (told(proof), proof.found.looked_at["attempts"], proof.found.looked_at["links"]) == ([], 24, 24)
