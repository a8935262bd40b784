"""The queuer as a process: it plans what it finds, hands out what is due, hears a reply, and stops in order."""

from functools import partial
from uuid import uuid4

import asyncpg
import httpx

from embedded.ports import free_port
from shared.contracts.envelope import enclose
from shared.contracts.replies_received import ReplyReceived
from shared.contracts.topics import REPLIES_RECEIVED
from shared.kafka.admin import create_topics
from shared.kafka.publisher import Publisher
from shared.vocabulary import Reply
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE
from tests.support.facts import eventually
from tests.support.processes import Programs

NAME = "services.queuer"


async def test_the_process_plans_dispatches_hears_a_reply_and_stops(
    pool: asyncpg.Pool, database: str, kafka: str, running: Programs
) -> None:
    await create_topics(kafka, replication=1)
    world = await make_world(pool)
    [prospect] = await world.enrol(1)
    port = free_port()
    env = {"TACT_DATABASE_URL": database, "TACT_KAFKA": kafka, "TACT_QUEUER_PORT": str(port), "TACT_PLANNING_EVERY": "PT0.2S"}
    child = await running.start(NAME, env=env)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await eventually(lambda: ready(client), within=40, what="the queuer to be ready")
        await eventually(lambda: status(world, "dispatched"), what="the prospect to be planned and, as it is due, handed out")
        for line in ('tact_planned_sends_total{outcome="pending"} 1.0', "tact_dispatched_sends_total 1.0"):
            await eventually(partial(measures, client, line), what=line)

    await say_a_reply(pool, kafka, world)
    await eventually(lambda: status(world, "cancelled"), what="the reply to cancel the send")
    assert (await world.prospect(prospect))["account_id"] == world.accounts[0]
    await running.stop(NAME)
    assert child.returncode == 0, running.output(NAME)


async def test_a_wrong_setting_is_named_in_one_sentence(running: Programs) -> None:
    child = await running.start(NAME, env={"TACT_DISPATCH_BATCH": "many"})
    await eventually(lambda: child.returncode is not None, what="the queuer to refuse")
    assert child.returncode == 2
    assert "TACT_DISPATCH_BATCH" in running.output(NAME)


async def ready(client: httpx.AsyncClient) -> bool:
    """Whether it is ready to work."""
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def measures(client: httpx.AsyncClient, line: str) -> bool:
    """Whether /metrics says so."""
    return line in (await client.get("/metrics")).text


async def status(world: World, wanted: str) -> bool:
    """Whether the one send stands there."""
    return [send["status"] for send in await world.sends()] == [wanted]


async def say_a_reply(pool: asyncpg.Pool, kafka: str, world: World) -> None:
    """What the poller does when a lead answers: the row, then the event."""
    lead = (await world.prospect(world.prospects[0]))["lead_id"]
    await pool.execute("UPDATE leads SET last_reply_at = business_now() WHERE id = $1", lead)
    event = ReplyReceived(
        lead_id=lead, workspace_id=world.workspace, account_id=world.accounts[0], message_id=uuid4(), kind=Reply.HUMAN, said_at=BASE
    )
    publisher = Publisher(kafka, client_id="test", fatal=lambda _why: None)
    await publisher.start()
    await publisher.publish([enclose(REPLIES_RECEIVED, event, source="poller", key=world.accounts[0], at=BASE)])
    await publisher.stop()
