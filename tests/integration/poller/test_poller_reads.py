"""Reads of the provider: a simulator as its own process, in the same clock as the database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.poller.settings import PollerSettings
from services.poller.store.reads import ReadKind
from services.poller.workflows.register_webhooks import ensure_webhooks_registered
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.unipile.client import UnipileClient
from tests.integration.poller.poller_stage import CRON, SECRET, Enrolled, Stage
from tests.integration.simulator.simulator_process import Simulator, running
from tests.support.facts import eventually

ANA = "ACoAAAna00000001"
QUIET = {
    "acceptance_rate": 0,
    "reply_rate": 0,
    "delivery": {"relation_delay": {"shortest_h": 0, "longest_h": 0}},
}


@pytest.fixture
async def simulator(tmp_path: Path, database: str, stage: Stage) -> AsyncIterator[Simulator]:
    """The stage's account with twelve relations, and Ana, who does what she is told."""
    world: dict[str, Any] = {
        "behaviour": QUIET,
        "accounts": [{"id": stage.provider_account_id, "provider_user_id": stage.member_id, "connections": 12}],
        "people": [{"public_identifier": "ana-nunez", "provider_id": ANA, "accepts_after_s": None, "replies_to": None}],
    }
    async with running(tmp_path, "--clock-database", database, world=world) as one:
        yield one


@pytest.fixture
def provider_url(simulator: Simulator) -> str:
    return simulator.base


async def rested(stage: Stage) -> None:
    """The account's rest after a read is over."""
    await stage.owner.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account_id)


async def invited_ana(stage: Stage, simulator: Simulator) -> Enrolled:
    """She has our invitation."""
    answer = await simulator.invite(ANA, account=stage.provider_account_id)
    assert answer.status_code == 200, answer.text
    return await stage.enrol(person_id=ANA, contacted=timedelta(seconds=5))


async def read_row(stage: Stage, kind: ReadKind) -> asyncpg.Record:
    """The read as it is planned."""
    row = await stage.owner.fetchrow("SELECT * FROM account_reads WHERE account_id = $1 AND kind = $2", stage.account_id, kind.value)
    assert row is not None
    return row


async def test_the_first_read_is_a_baseline_and_the_next_one_sees_the_acceptance(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    ana = await invited_ana(stage, simulator)
    assert (await reader.read_all_now(ReadKind.RELATIONS)).accepted == 0
    assert {row["source"] for row in await stage.observations("relation")} == {"baseline"}
    assert (await read_row(stage, ReadKind.RELATIONS))["baseline_at"] is not None
    await simulator.lever(f"/people/{ANA}/accept", account_id=stage.provider_account_id)
    await rested(stage)
    assert (await reader.read_all_now(ReadKind.RELATIONS)).accepted == 1
    assert await stage.status(ana) == "connected"
    assert [event["seen_by"] for event in await stage.events("connections.accepted")] == ["poll"]
    calls = [entry for entry in await simulator.entries(kind="call") if entry["route"] == "GET /users/relations"]
    assert len(calls) == 2, "a page with somebody known is enough"


async def test_an_acceptance_before_the_first_read_is_no_baseline(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    ana = await invited_ana(stage, simulator)
    await simulator.lever(f"/people/{ANA}/accept", account_id=stage.provider_account_id)
    assert (await reader.read_all_now(ReadKind.RELATIONS)).accepted == 1
    assert await stage.status(ana) == "connected"


async def test_chats_show_the_reply_and_our_own_message_as_evidence(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    ana = await invited_ana(stage, simulator)
    await simulator.lever(f"/people/{ANA}/accept", account_id=stage.provider_account_id)
    await simulator.write(ANA, "Hello Ana", account=stage.provider_account_id)
    assert (await reader.read_all_now(ReadKind.CHATS)).replies == 0
    assert await stage.status(ana) == "connection_request_sent"
    await simulator.lever(f"/people/{ANA}/reply", account_id=stage.provider_account_id, text="Let us talk")
    await rested(stage)
    assert (await reader.read_all_now(ReadKind.CHATS)).replies == 1
    await rested(stage)
    assert (await reader.read_all_now(ReadKind.CHATS)).replies == 0, "the same message is shown again"
    assert await stage.status(ana) == "replied"
    kept = [(row["payload"]["is_sender"], row["payload"]["text"]) for row in await stage.observations("message")]
    assert kept == [(True, None), (False, "Let us talk")], "the list of an account does not name whom its owner wrote to"


async def test_a_read_lets_the_account_rest_and_wakes_it_afterwards(reader: ReadScheduler, stage: Stage) -> None:
    await reader.read_all_now(ReadKind.RELATIONS)
    account = await stage.owner.fetchrow(
        "SELECT lease_until, lease_holder, next_free_at, wake_at, business_now() AS now FROM accounts WHERE id = $1", stage.account_id
    )
    assert account is not None
    assert account["lease_until"] is None
    assert timedelta(seconds=110) < account["next_free_at"] - account["now"] <= timedelta(seconds=150)
    assert account["wake_at"] == account["next_free_at"]
    again = await reader.read_all_now(ReadKind.RELATIONS)
    assert again.outcomes == {"spacing": 1}


@pytest.mark.parametrize(
    "in_hand",
    [
        "UPDATE accounts SET lease_until = clock_timestamp() + interval '1 minute', lease_holder = 'dispatch'",
        "UPDATE send_attempts SET state = 'intent'",
    ],
)
async def test_an_account_in_somebodys_hand_is_not_read(reader: ReadScheduler, stage: Stage, simulator: Simulator, in_hand: str) -> None:
    await stage.enrol("pending", contacted=None, attempt="unknown")
    await stage.owner.execute(in_hand)
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"busy": 1}
    assert await simulator.entries(kind="call") == []


async def test_reads_whose_accounts_somebody_holds_keep_no_other_waiting(
    poller_pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings, stage: Stage, simulator: Simulator
) -> None:
    reader = ReadScheduler(poller_pool, client, settings.model_copy(update={"reads_at_once": 1}), instance="test")
    others = [Stage(stage.owner) for _ in range(3)]
    for other in others:
        await other.prepare()
    *held, free = [stage.account_id, *(other.account_id for other in others)]
    await reader.plan_first_reads()
    await stage.owner.execute("UPDATE account_reads SET next_at = CASE kind WHEN 'status' THEN business_now() ELSE 'infinity' END")
    await stage.owner.execute("UPDATE account_reads SET next_at = next_at - interval '1 h' WHERE account_id = ANY($1)", held)
    woken = asyncio.Event()
    reader.on_free = woken.set
    async with stage.owner.acquire() as frozen, frozen.transaction():
        await frozen.execute("SELECT FROM accounts WHERE id = ANY($1) FOR NO KEY UPDATE", held)
        await reader.begin_due_reads()
        while not await simulator.entries(kind="call"):
            await woken.wait()  # as the job is: there is room for two reads, and the three that are due longest cannot be made
            woken.clear()
            await reader.begin_due_reads()
    [asked] = await simulator.entries(kind="call")
    assert asked["account_id"] == others[-1].provider_account_id
    await reader.wait_until_idle()
    assert await stage.owner.fetchval("SELECT count(*) FROM account_reads WHERE next_at <= business_now()") == len(held), "due as before"
    assert free == others[-1].account_id


async def test_an_account_reads_no_more_than_its_budget_a_day(
    poller_pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings, stage: Stage
) -> None:
    reader = ReadScheduler(poller_pool, client, settings.model_copy(update={"reads_per_day": 1}), instance="test")
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"read": 1}
    await rested(stage)
    assert (await reader.read_all_now(ReadKind.CHATS)).outcomes == {"budget": 1}
    tomorrow = await read_row(stage, ReadKind.CHATS)
    assert tomorrow["next_at"] > await stage.now()


async def test_a_closed_account_is_read_when_it_opens(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    now = await stage.now()
    off = [(now + timedelta(days=days)).date().isoformat() for days in (-1, 0, 1)]
    await stage.owner.execute("UPDATE accounts SET schedule_settings = $2 WHERE id = $1", stage.account_id, {"extra_days_off": off})
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"holiday": 1}
    assert (await read_row(stage, ReadKind.RELATIONS))["next_at"] > now + timedelta(hours=12)
    assert await simulator.entries(kind="call") == []


async def test_a_read_that_finds_the_session_lost_disconnects_the_account(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await simulator.lever(f"/accounts/{stage.provider_account_id}/disconnect")
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"failed": 1}
    assert [event["status"] for event in await stage.events("accounts.status")] == ["disconnected"]
    assert (await read_row(stage, ReadKind.RELATIONS))["failures"] == 1
    assert (await reader.read_all_now(ReadKind.CHATS)).outcomes == {"disconnected": 1}


async def test_the_health_of_a_disconnected_account_is_still_read_and_brings_it_back(
    reader: ReadScheduler, stage: Stage, simulator: Simulator
) -> None:
    await reader.plan_first_reads()
    for lever, status in (("disconnect", "disconnected"), ("reconnect", "usable")):
        await simulator.lever(f"/accounts/{stage.provider_account_id}/{lever}")
        await stage.owner.execute("UPDATE account_reads SET next_at = business_now() WHERE kind = 'status'")
        await reader.begin_due_reads()
        await reader.wait_until_idle()
        assert await stage.owner.fetchval("SELECT status FROM accounts WHERE id = $1", stage.account_id) == status


async def test_a_provider_that_fails_is_asked_again_later(reader: ReadScheduler, stage: Stage, simulator: Simulator) -> None:
    await simulator.lever(
        "/faults", match={"route": "GET /users/relations"}, fault="status", status=503, type="errors/network_down", times=1
    )
    assert (await reader.read_all_now(ReadKind.RELATIONS)).outcomes == {"failed": 1}
    row = await read_row(stage, ReadKind.RELATIONS)
    assert row["next_at"] > await stage.now() + timedelta(minutes=10)
    assert row["baseline_at"] is None
    assert await stage.owner.fetchval("SELECT status FROM accounts WHERE id = $1", stage.account_id) == "usable"


async def test_first_reads_are_planned_at_random_and_once(reader: ReadScheduler, stage: Stage) -> None:
    await reader.plan_first_reads()
    before = await stage.owner.fetch("SELECT kind, next_at FROM account_reads ORDER BY kind")
    await reader.plan_first_reads()
    assert await stage.owner.fetch("SELECT kind, next_at FROM account_reads ORDER BY kind") == before
    assert [row["kind"] for row in before] == ["chats", "invitations_sent", "relations", "status"]
    assert len({row["next_at"].minute * 60 + row["next_at"].second for row in before}) > 1


async def test_the_cron_routes_look_at_once_and_say_what_they_saw(poller: httpx.AsyncClient, stage: Stage, simulator: Simulator) -> None:
    await invited_ana(stage, simulator)
    await simulator.lever(f"/people/{ANA}/accept", account_id=stage.provider_account_id)
    answer = await poller.post("/api/cron/poll-accepted-connections", headers={"x-cron-secret": CRON})
    assert answer.json() == {"success": True, "accounts": 1, "read": 1, "accepted": 1, "skipped": {}}
    answer = await poller.post("/api/cron/poll-message-replies", headers={"x-cron-secret": CRON})
    assert answer.json() == {"success": True, "accounts": 1, "read": 0, "replies": 0, "skipped": {"spacing": 1}}


async def test_what_the_provider_delivers_by_itself_arrives_even_when_it_comes_twice(
    poller: httpx.AsyncClient, client: UnipileClient, settings: PollerSettings, stage: Stage, simulator: Simulator
) -> None:
    public = settings.model_copy(update={"public_url": str(poller.base_url)})
    for _ in range(2):
        await ensure_webhooks_registered(client, public)
    registered = (await simulator.api.get("/webhooks")).json()["items"]
    assert len(registered) == 3
    assert {header["value"] for one in registered for header in one["headers"] if header["key"] == "Unipile-Auth"} == {SECRET}
    answer = await simulator.levers.put("/behaviour", json={"delivery": {"duplicate_percent": 100}})
    assert answer.status_code == 200, answer.text
    ana = await invited_ana(stage, simulator)
    await simulator.lever(f"/people/{ANA}/accept", account_id=stage.provider_account_id)

    async def connected() -> bool:
        return await stage.status(ana) == "connected"

    await eventually(connected, what="the acceptance to arrive by webhook")
    await simulator.lever(f"/people/{ANA}/reply", account_id=stage.provider_account_id, text="Hello!")

    async def replied() -> bool:
        return await stage.status(ana) == "replied"

    await eventually(replied, what="the reply to arrive by webhook")
    assert len(await stage.events("connections.accepted")) == 1
    assert len(await stage.events("replies.received")) == 1
