"""The healer as its own process and role: its routes, an event from the topic, a repair's event to the topic, an orderly stop."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from embedded.child import Child
from embedded.ports import free_port
from shared.kafka.admin import create_topics
from tests.integration.healer.healer_rows import a_house, a_person, an_attempt, one
from tests.support.facts import eventually
from tests.support.processes import Programs

SECRET = "secret-of-cron"
CRON = {"x-cron-secret": SECRET}


@dataclass(frozen=True, slots=True)
class Healer:
    """The running service and somebody who calls it."""

    caller: httpx.AsyncClient
    kafka: str
    child: Child


@pytest.fixture
async def healer(running: Programs, database: str, kafka: str) -> AsyncIterator[Healer]:
    await create_topics(kafka)
    port = free_port()
    env = {
        "TACT_DATABASE_URL": database,
        "TACT_KAFKA": kafka,
        "TACT_HEALER_PORT": str(port),
        "TACT_CRON_SECRET": SECRET,
        "TACT_UNIPILE_URL": "http://127.0.0.1:9",
        "TACT_UNIPILE_API_KEY": "key",
        "TACT_HEALER_UPKEEP_EVERY": "PT0.2S",
        "TACT_HEALER_FIND_EVERY": "PT1H",  # what a call is to mend, no look may mend first
    }
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as caller:

        async def ready() -> bool:
            try:
                return (await caller.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        child = await running.start("services.healer", env=env)
        await eventually(ready, within=30, what="the healer to be ready")
        yield Healer(caller, kafka, child)
    await running.stop("services.healer")
    assert child.returncode == 0


async def test_the_clean_up_answers_as_its_callers_know_and_the_repair_reaches_the_topic(healer: Healer, pool: asyncpg.Pool) -> None:
    for headers in ({}, {"x-cron-secret": "wrong"}):
        refused = await healer.caller.post("/api/cron/cleanup", headers=headers)
        assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    done = (await healer.caller.post("/api/cron/cleanup", headers=CRON)).json()
    assert (done["success"], done["fixed_count"], done["campaign_ids"]) == (True, 1, [str(house.campaign)])
    assert (done["before"]["corrupted_sent"], done["after"]["corrupted_sent"]) == (1, 0)
    consumer = AIOKafkaConsumer("prospects.ready", bootstrap_servers=healer.kafka, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            while (record := await consumer.getone()).key != str(house.account).encode():
                pass
    finally:
        await consumer.stop()
    assert orjson.loads(record.value)["prospect_id"] == str(person.prospect)
    assert 'tact_integrity_violations{rule="corrupted_sent"} 0.0' in (await healer.caller.get("/metrics")).text


async def test_a_clean_up_that_fails_changes_nothing_and_says_why(healer: Healer, pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="failed", contacted_at=await pool.fetchval("SELECT business_now()"), corrupt=True)
    await pool.execute("ALTER TABLE integrity_history ADD CONSTRAINT broken CHECK (false) NOT VALID")
    answer = await healer.caller.post("/api/cron/cleanup", headers=CRON)
    assert answer.status_code == 500
    assert answer.json()["error"] == "Cleanup failed"
    assert "broken" in answer.json()["details"]
    assert (await one(pool, "SELECT status FROM campaign_prospects WHERE id = $1", person.prospect))["status"] == "failed"
    assert "broken" in (await one(pool, "SELECT error FROM cleanup_runs"))["error"]


async def test_an_integrity_event_becomes_a_finding_and_a_dead_senders_intent_an_unknown(healer: Healer, pool: asyncpg.Pool) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=healer.kafka)
    await producer.start()
    body = orjson.dumps(
        {"kind": "duplicate_effect", "severity": "critical", "table_name": "send_attempts", "row_id": "7", "evidence": {"n": 1}}
    )
    alert = orjson.dumps({"kind": "corruption_high", "severity": "critical", "table_name": "health_alerts", "row_id": "1"})
    try:
        await producer.send_and_wait("integrity.events", alert, key=b"-")
        for _ in range(2):
            await producer.send_and_wait("integrity.events", body, key=b"-")
    finally:
        await producer.stop()

    async def found() -> bool:
        return bool(await pool.fetchval("SELECT count(*) = 1 FROM integrity_findings WHERE kind = 'duplicate_effect'"))

    await eventually(found, what="the finding")
    assert await pool.fetchval("SELECT count(*) FROM integrity_findings WHERE table_name = 'health_alerts'") == 0, "an alert is its own"
    house = await a_house(pool)
    person = await a_person(pool, house, send_status="sending")
    attempt = await an_attempt(pool, house, person, state="intent")

    async def unknown() -> bool:
        return bool(await pool.fetchval("SELECT state = 'unknown' FROM send_attempts WHERE id = $1", attempt))

    await eventually(unknown, what="the intent to be taken over")
