"""The clean-up as its callers know it, a hundred of them at once, and findings as people of a workspace see and decide them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer

from embedded.ports import free_port
from services.queuer.workflows.accounts.healer_watchdog import watch_healer
from services.queuer.workflows.accounts.tokens import create_token
from shared.kafka.admin import create_topics
from shared.vocabulary import Role
from tests.integration.healer.healer_rows import MONDAY_NINE, House, a_house, a_person, one
from tests.support.facts import eventually
from tests.support.processes import Programs

CRON = {"x-cron-secret": "secret-of-cron"}
PATH = "/api/cron/cleanup-corrupted-statuses"


@dataclass(frozen=True, slots=True)
class Healer:
    """The running service, which looks by itself only when it is told to, and a workspace."""

    caller: httpx.AsyncClient
    kafka: str
    house: House


@pytest.fixture
async def healer(running: Programs, database: str, pool: asyncpg.Pool, kafka: str) -> AsyncIterator[Healer]:
    await create_topics(kafka)
    port = free_port()
    env = {
        "TACT_DATABASE_URL": database,
        "TACT_KAFKA": kafka,
        "TACT_HEALER_PORT": str(port),
        "TACT_CRON_SECRET": "secret-of-cron",
        "TACT_UNIPILE_URL": "http://127.0.0.1:9",
        "TACT_UNIPILE_API_KEY": "key",
        "TACT_HEALER_FIND_EVERY": "PT1H",
        "TACT_HEALER_UPKEEP_EVERY": "PT1H",
    }
    house = await a_house(pool)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as caller:

        async def ready() -> bool:
            try:
                return (await caller.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await running.start("services.healer", env=env)
        await eventually(ready, within=30, what="the healer to be ready")
        yield Healer(caller, kafka, house)
    await running.stop("services.healer")


async def test_a_hundred_callers_at_once_mend_each_row_once_and_a_failure_is_said(healer: Healer, pool: asyncpg.Pool) -> None:
    for headers in ({}, {"x-cron-secret": "wrong"}):
        refused = await healer.caller.post(PATH, headers=headers)
        assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
    for n in range(40):
        await a_person(pool, healer.house, name=f"many{n}", status="connection_request_sent", send_status="sent", corrupt=True)
    token = (await create_token(pool, workspace_id=None, role=Role.OPERATOR, name="all")).token
    person = {"authorization": f"Bearer {token}"}
    answers = await asyncio.gather(
        *(healer.caller.post(path, headers=who) for _ in range(50) for path, who in ((PATH, CRON), ("/api/admin/data-integrity", person)))
    )
    bodies = [answer.json() for answer in answers]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(body["fixed_count"] for body in bodies) == 40
    assert {frozenset(body) for body in bodies[1::2]} == {frozenset(("success", "fixed_count", "affected_campaigns", "message"))}
    assert {body["message"] for body in bodies[1::2]} == {f"Fixed {body['fixed_count']} corrupted prospects" for body in bodies[1::2]}
    await a_person(pool, healer.house, name="last", status="connection_request_sent", send_status="sent", corrupt=True)
    first = (await healer.caller.post(PATH, headers=CRON)).json()
    assert set(first) == {"success", "fixed_count", "affected_campaigns", "before", "after", "message"}
    assert (first["success"], first["affected_campaigns"]) == (True, [str(healer.house.campaign)])
    assert (first["fixed_count"], first["before"]["corrupted_sent"], first["after"]["corrupted_sent"]) == (1, 1, 0)
    assert first["message"] == f"Fixed {first['fixed_count']} corrupted prospect statuses"
    assert {tuple(body["affected_campaigns"]) for body in bodies if not body["fixed_count"]} == {()}
    assert await pool.fetchval("SELECT count(*) FROM integrity_history") == 41
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 41
    await a_person(pool, healer.house, name="broken", status="failed", contacted_at=MONDAY_NINE, corrupt=True)
    await pool.execute("ALTER TABLE audit_log ADD CONSTRAINT broken CHECK (verb <> 'mend') NOT VALID")
    failed = await healer.caller.post(PATH, headers=CRON)
    assert (failed.status_code, failed.json()["error"]) == (500, "Cleanup failed")
    assert "broken" in failed.json()["details"]


async def test_an_event_from_any_service_leads_to_the_repair_and_people_decide_the_rest(healer: Healer, pool: asyncpg.Pool) -> None:
    house = healer.house
    person = await a_person(pool, house, name="ana", status="connection_request_sent", send_status="sent", corrupt=True)
    waits = await a_person(pool, house, name="bea", status="connection_request_sent", contacted_at=MONDAY_NINE, send_status="sent")
    producer = AIOKafkaProducer(bootstrap_servers=healer.kafka)
    await producer.start()
    try:
        for kind, prospect in (("corrupted_sent", person.prospect), ("contacted_without_attempt", waits.prospect)):
            event = {"kind": kind, "table_name": "campaign_prospects", "row_id": str(prospect), "workspace_id": str(house.workspace)}
            await producer.send_and_wait("integrity.events", orjson.dumps(event), key=str(house.workspace).encode())
    finally:
        await producer.stop()

    async def both() -> bool:
        states = await pool.fetch("SELECT kind, state FROM integrity_findings ORDER BY kind")
        return [tuple(row) for row in states] == [("contacted_without_attempt", "proposed"), ("corrupted_sent", "repaired")]

    await eventually(both, within=30, what="one repair and one proposal")

    token = (await create_token(pool, workspace_id=house.workspace, role=Role.OPERATOR, name="ours")).token
    ours = {"authorization": f"Bearer {token}"}
    other = await pool.fetchval("INSERT INTO workspaces (company_name, email) VALUES ('Other', 'o@example.test') RETURNING id")
    token = (await create_token(pool, workspace_id=other, role=Role.OPERATOR, name="theirs")).token
    theirs = {"authorization": f"Bearer {token}"}
    assert (await healer.caller.get("/api/findings")).status_code == 401
    assert (await healer.caller.get("/api/findings", headers=theirs)).json()["findings"] == []
    [finding] = (await healer.caller.get("/api/findings", headers=ours)).json()["findings"]
    assert (finding["kind"], finding["state"], finding["repair"]) == ("contacted_without_attempt", "proposed", "back_to_pending")
    path = f"/api/findings/{finding['id']}"
    for method, url in (("GET", path), ("POST", f"{path}/apply"), ("POST", f"{path}/undo")):
        assert (await healer.caller.request(method, url, headers=theirs)).status_code == 404
    assert (await healer.caller.post(f"{path}/undo", headers=ours)).status_code == 409, "it is not applied yet"
    done = await healer.caller.post(f"{path}/apply", headers=ours)
    assert (done.status_code, done.json()["finding"]["state"]) == (200, "repaired")
    assert (await one(pool, "SELECT status FROM campaign_prospects WHERE id = $1", waits.prospect))["status"] == "pending"
    undone = await healer.caller.post(f"{path}/undo", headers=ours)
    assert undone.json()["finding"]["state"] == "undone"
    row = await one(pool, "SELECT status, contacted_at FROM campaign_prospects WHERE id = $1", waits.prospect)
    assert tuple(row) == ("connection_request_sent", MONDAY_NINE)

    async def beats() -> bool:
        return bool(await pool.fetchval("SELECT count(*) > 0 FROM heartbeats"))

    await eventually(beats, within=10, what="the heartbeat")


async def test_the_queuer_says_once_that_the_healer_is_silent_and_takes_it_back(pool: asyncpg.Pool) -> None:
    assert not await watch_healer(pool), "there never was one"
    await pool.execute(
        "INSERT INTO heartbeats (service, instance, beaten_at) VALUES ('healer', 'h', clock_timestamp() - interval '1 minute')"
    )
    assert await watch_healer(pool)
    assert await watch_healer(pool)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'integrity.events'") == 1
    await pool.execute("UPDATE heartbeats SET beaten_at = clock_timestamp()")
    assert not await watch_healer(pool)
    states = [row["state"] for row in await pool.fetch("SELECT state FROM integrity_findings WHERE kind = 'healer_silent'")]
    assert states == ["gone"]
