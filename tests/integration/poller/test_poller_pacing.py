"""Reads are actions of their account: one call at a time, each with its rest, none starved and none lost between two pages."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.poller.settings import PollerSettings
from services.poller.store.reads import ReadKind
from services.poller.workflows.read_pages import PageSizes
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.unipile.client import UnipileClient
from tests.integration.poller.poller_stage import Stage
from tests.integration.simulator.simulator_process import Simulator, running, until
from tests.support.locks import held_up

ANA, BEA, CLEO = "ACoAAAna00000001", "ACoAABea00000001", "ACoAACleo0000001"
NAMES = {ANA: "ana", BEA: "bea", CLEO: "cleo"}
BUSY_SPEED = 1500.0


@pytest.fixture
async def simulator(tmp_path: Path, database: str, stage: Stage) -> AsyncIterator[Simulator]:
    """The stage's account with twelve relations, and three people who do what they are told."""
    world: dict[str, Any] = {
        "behaviour": {"acceptance_rate": 0, "reply_rate": 0},
        "accounts": [{"id": stage.provider_account_id, "provider_user_id": stage.member_id, "connections": 12}],
        "people": [{"public_identifier": NAMES[p], "provider_id": p, "accepts_after_s": None, "replies_to": None} for p in NAMES],
    }
    async with running(tmp_path, "--clock-database", database, world=world) as one:
        yield one


@pytest.fixture
def provider_url(simulator: Simulator) -> str:
    return simulator.base


@pytest.fixture
def reader(poller_pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings) -> ReadScheduler:
    """With pages so small that a few people fill several."""
    return ReadScheduler(poller_pool, client, settings, instance="test", pages=PageSizes(relations=2, baseline=5, messages=2))


async def rested(stage: Stage) -> None:
    """The account's rest is over, and what waited only for it is due."""
    await stage.owner.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account_id)


async def calls(simulator: Simulator, route: str) -> int:
    return sum(entry["route"] == route for entry in await simulator.entries(kind="call"))


async def plan(stage: Stage, kind: ReadKind) -> asyncpg.Record:
    row = await stage.owner.fetchrow(
        "SELECT *, next_at - business_now() AS ahead FROM account_reads WHERE account_id = $1 AND kind = $2", stage.account_id, kind.value
    )
    assert row is not None
    return row


async def read_wholly(reader: ReadScheduler, stage: Stage, kind: ReadKind) -> int:
    """One page after the other, each with its rest, until the next is due in hours; how many it took."""
    for number in range(1, 20):
        assert (await reader.read_all_now(kind)).outcomes == {"read": 1}
        await rested(stage)
        if "page" not in (await plan(stage, kind))["cursor"]:
            return number
    raise AssertionError("the read never came to an end")


async def accepted(stage: Stage, simulator: Simulator, *people: str) -> None:
    for person in people:
        await simulator.lever(f"/people/{person}/accept", account_id=stage.provider_account_id)


async def invited(stage: Stage, simulator: Simulator, person: str) -> Any:
    assert (await simulator.invite(person, account=stage.provider_account_id)).status_code == 200
    return await stage.enrol(person_id=person, contacted=timedelta(seconds=5))


async def test_a_page_is_a_read_of_its_own_and_the_baseline_ends_with_the_last(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"read": 1}
    first = await plan(stage, ReadKind.RELATIONS)
    assert first["baseline_at"] is None
    assert timedelta(seconds=110) < first["ahead"] <= timedelta(seconds=150), "the next page as soon as the spacing allows"
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"spacing": 1}
    await rested(stage)
    assert await read_wholly(reader, stage, ReadKind.RELATIONS) == 2
    assert await calls(simulator, "GET /users/relations") == 3, "twelve in pages of five"
    last = await plan(stage, ReadKind.RELATIONS)
    assert last["baseline_at"] is not None
    assert last["ahead"] > timedelta(hours=4)
    assert {row["source"] for row in await stage.observations("relation")} == {"baseline"}


async def test_acceptances_on_several_pages_are_all_seen_though_the_newest_was_known_and_a_page_failed(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    people = [await invited(stage, simulator, person) for person in NAMES]
    await read_wholly(reader, stage, ReadKind.RELATIONS)
    mark = (await plan(stage, ReadKind.RELATIONS))["cursor"]["mark"]
    await accepted(stage, simulator, *NAMES)
    await stage.owner.execute(  # as its webhook would have stored it
        """INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, observed_at, payload)
           VALUES ($1, $2, 'relation', $3, $3, 'webhook', business_now(), '{}')""",
        stage.workspace_id,
        stage.account_id,
        CLEO,
    )
    assert (await reader.read_all_now(ReadKind.RELATIONS)).accepted == 2
    await rested(stage)
    assert (await plan(stage, ReadKind.RELATIONS))["cursor"]["mark"] == mark, "it moves when the read is whole"
    await simulator.lever(
        "/faults", match={"route": "GET /users/relations"}, fault="status", status=503, type="errors/network_down", times=1
    )
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"failed": 1}
    await rested(stage)
    assert (await reader.read_all_now(ReadKind.RELATIONS)).accepted == 1
    assert [await stage.status(one) for one in people] == ["connected"] * 3
    assert (await plan(stage, ReadKind.RELATIONS))["cursor"]["mark"] > mark


async def test_a_cursor_that_fails_twice_is_given_up_and_the_read_begins_anew(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await reader.read_all_now(ReadKind.RELATIONS)
    await stage.owner.execute(
        "UPDATE account_reads SET cursor = jsonb_set(cursor, '{page}', '\"stale\"') WHERE account_id = $1 AND kind = 'relations'",
        stage.account_id,
    )
    for _ in range(2):
        await rested(stage)
        assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"failed": 1}
    await rested(stage)
    assert await read_wholly(reader, stage, ReadKind.RELATIONS) == 3
    assert len(await stage.observations("relation")) == 12


async def test_replies_on_several_pages_are_all_seen_and_one_that_comes_meanwhile_by_the_next_read(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await read_wholly(reader, stage, ReadKind.CHATS)
    wholly_read_at = (await plan(stage, ReadKind.CHATS))["last_read_at"]
    people = [await invited(stage, simulator, person) for person in NAMES]
    await accepted(stage, simulator, *NAMES)
    for person in (ANA, BEA):
        await simulator.lever(f"/people/{person}/reply", account_id=stage.provider_account_id, text="Let us talk")
    for text in ("One more", "And another"):
        await simulator.lever(f"/people/{BEA}/reply", account_id=stage.provider_account_id, text=text)
    assert (await reader.read_all_now(ReadKind.CHATS)).replies == 2
    await rested(stage)
    since = (await plan(stage, ReadKind.CHATS))["cursor"]["since"]
    assert (await plan(stage, ReadKind.CHATS))["last_read_at"] == wholly_read_at, "half a read shows nobody's silence"
    await simulator.lever(f"/people/{CLEO}/reply", account_id=stage.provider_account_id, text="Hello from me too")
    assert (await reader.read_all_now(ReadKind.CHATS)).replies == 2
    await rested(stage)
    assert [await stage.status(one) for one in people] == ["replied", "replied", "connection_request_sent"]
    assert datetime.fromisoformat((await plan(stage, ReadKind.CHATS))["cursor"]["since"]) > datetime.fromisoformat(since)
    await read_wholly(reader, stage, ReadKind.CHATS)
    assert await stage.status(people[2]) == "replied"
    assert await calls(simulator, "GET /chats") + await calls(simulator, "GET /chats/{id}/messages") == 0


async def test_an_empty_page_moves_no_mark(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    assert simulator
    await read_wholly(reader, stage, ReadKind.CHATS)
    before = (await plan(stage, ReadKind.CHATS))["cursor"]
    await stage.owner.execute("UPDATE stack_clock SET business_at = business_now() + interval '9 h', anchored_at = clock_timestamp()")
    await read_wholly(reader, stage, ReadKind.CHATS)
    assert (await plan(stage, ReadKind.CHATS))["cursor"] == before


async def test_our_own_message_is_told_by_its_conversation(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    ana = await invited(stage, simulator, ANA)
    await accepted(stage, simulator, ANA)
    chat_id = (await simulator.write(ANA, "Hello Ana", account=stage.provider_account_id)).json()["chat_id"]
    await stage.owner.execute("UPDATE recipients SET chat_id = $2 WHERE lead_id = $1", ana.lead_id, chat_id)
    await read_wholly(reader, stage, ReadKind.CHATS)
    kept = await stage.observations("message")
    assert [(row["person_id"], row["payload"]["is_sender"], row["payload"]["text"]) for row in kept] == [(ANA, True, "Hello Ana")]


async def test_the_next_read_is_planned_for_hours_in_which_the_account_is_open(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    assert simulator
    now = await stage.now()
    off = [(now + timedelta(days=days)).date().isoformat() for days in (1, 2, 3, 4)]
    always = {"working_hours_start": 0, "working_hours_end": 24, "skip_weekends": False, "skip_holidays": False, "extra_days_off": off}
    await stage.owner.execute("UPDATE accounts SET schedule_settings = $2, timezone = 'UTC' WHERE id = $1", stage.account_id, always)
    await stage.owner.execute("UPDATE stack_clock SET business_at = $1, anchored_at = clock_timestamp()", now.replace(hour=22, minute=30))
    await rested(stage)
    await reader.read_all_now(ReadKind.CHATS)
    assert (await plan(stage, ReadKind.CHATS))["next_at"].date() == (now + timedelta(days=5)).date()


async def test_an_account_whose_sends_are_due_all_the_time_is_read_within_half_an_hour(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await reader.plan_first_reads()
    await stage.owner.execute(
        "UPDATE stack_clock SET business_at = business_now(), anchored_at = clock_timestamp(), speed = $1", BUSY_SPEED
    )
    await stage.owner.execute("UPDATE account_reads SET next_at = CASE WHEN kind = 'chats' THEN business_now() ELSE 'infinity' END")
    asked_at = await stage.now()
    taken = 0

    async def send_always() -> None:
        """As dispatch and sender do with a queue that is never empty: taken the moment it is free, and answered soon."""
        nonlocal taken
        while True:
            held = await stage.owner.fetchval(
                """UPDATE accounts SET lease_until = clock_timestamp() + interval '30 s', lease_holder = 'dispatch'
                    WHERE lease_until IS NULL AND (next_free_at IS NULL OR next_free_at <= business_now()) RETURNING lease_until"""
            )
            if held is not None:
                taken += 1
                await stage.owner.execute(
                    """UPDATE accounts SET lease_until = NULL, lease_holder = NULL, next_free_at = business_now() + interval '130 s'
                        WHERE lease_until = $1""",
                    held,
                )
            await asyncio.sleep(0)

    async def read_when_it_can() -> datetime:
        """As the two jobs do."""
        while not await calls(simulator, "GET /messages"):
            await reader.begin_due_reads()
            await reader.wait_until_idle()
            await reader.begin_starved_reads()
            await reader.wait_until_idle()
        return await stage.now()

    sending = asyncio.create_task(send_always())
    try:
        async with asyncio.timeout(20):
            read_at = await read_when_it_can()
    finally:
        sending.cancel()
    assert taken > 1
    assert read_at - asked_at < timedelta(minutes=30)


async def test_a_read_whose_turn_comes_after_the_closing_waits_for_the_opening(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await reader.plan_first_reads()
    hours = {"working_hours_start": 9, "working_hours_end": 17, "skip_weekends": False, "skip_holidays": False}
    await stage.owner.execute("UPDATE accounts SET schedule_settings = $2, timezone = 'UTC' WHERE id = $1", stage.account_id, hours)
    closing = (await stage.now()).replace(hour=17, minute=0, second=0, microsecond=0)
    await stage.owner.execute("UPDATE account_reads SET next_at = $1", closing - timedelta(hours=1))
    await stage.owner.execute("UPDATE accounts SET next_free_at = $1", closing + timedelta(seconds=30))
    await stage.owner.execute(
        "UPDATE stack_clock SET business_at = $1, anchored_at = clock_timestamp(), speed = 40", closing - timedelta(seconds=60)
    )
    await reader.begin_starved_reads()
    await reader.wait_until_idle()
    assert await simulator.entries(kind="call") == []
    assert await stage.owner.fetchval("SELECT lease_until FROM accounts") is None
    assert await stage.owner.fetchval("SELECT max(next_at) FROM account_reads WHERE kind <> 'status'") > closing


async def test_a_poller_that_lost_the_account_while_it_rested_does_not_read(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await reader.plan_first_reads()
    await stage.owner.execute("UPDATE account_reads SET next_at = business_now() - interval '1 h'")
    await stage.owner.execute("UPDATE accounts SET next_free_at = business_now() + interval '3 s'")
    await reader.begin_starved_reads()
    await until(lambda: stage.owner.fetchval("SELECT lease_holder LIKE 'read:%' FROM accounts"))
    await stage.owner.execute("UPDATE accounts SET lease_holder = 'dispatch', lease_until = clock_timestamp() + interval '1 minute'")
    await reader.wait_until_idle()
    assert await simulator.entries(kind="call") == []
    assert await stage.owner.fetchval("SELECT lease_holder FROM accounts") == "dispatch", "and lets nobody else's account go"


async def test_a_read_that_was_held_up_past_its_time_is_not_begun_and_stays_due(
    reader: ReadScheduler, stage: Stage, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.poller.workflows.make_read.WITHIN", 0.2)
    await reader.plan_first_reads()
    await stage.owner.execute("UPDATE account_reads SET next_at = CASE WHEN kind = 'chats' THEN business_now() ELSE 'infinity' END")
    async with held_up(stage.owner, "SELECT FROM account_reads FOR UPDATE", longer_than=timedelta(seconds=0.2)):
        await reader.begin_due_reads()
    await reader.wait_until_idle()
    assert await simulator.entries(kind="call") == [], "its lease may be over, and the account in other hands"
    assert await stage.owner.fetchval("SELECT lease_until IS NULL AND next_free_at <= business_now() FROM accounts")
    monkeypatch.undo()
    assert (await reader.read_all_now(ReadKind.CHATS)).outcomes == {"read": 1}
