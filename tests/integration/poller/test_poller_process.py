"""The poller as its own process: from a delivery over HTTP to the event on the topic, and an orderly stop."""

import asyncio

import httpx
import orjson
from aiokafka import AIOKafkaConsumer

from embedded.ports import free_port
from shared.kafka.admin import create_topics
from tests.integration.poller.poller_stage import SECRET, Stage
from tests.support.facts import eventually
from tests.support.processes import Programs


async def test_a_delivered_acceptance_reaches_the_topic_keyed_by_its_account(
    running: Programs, database: str, kafka: str, stage: Stage
) -> None:
    await create_topics(kafka)
    port, one = free_port(), await stage.enrol()
    env = {
        "TACT_DATABASE_URL": database,
        "TACT_KAFKA": kafka,
        "TACT_POLLER_PORT": str(port),
        "TACT_WEBHOOK_SECRET": SECRET,
        "TACT_UNIPILE_URL": "http://127.0.0.1:9",
        "TACT_UNIPILE_API_KEY": "key",
    }
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as caller:

        async def ready() -> bool:
            try:
                return (await caller.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        child = await running.start("services.poller", env=env)
        await eventually(ready, within=30, what="the poller to be ready")
        body = {"event": "new_relation", "account_id": stage.provider_account_id, "user_provider_id": one.person_id}
        answer = await caller.post("/webhooks/unipile", content=orjson.dumps(body), headers={"Unipile-Auth": SECRET})
        assert answer.status_code == 200, answer.text
        consumer = AIOKafkaConsumer("connections.accepted", bootstrap_servers=kafka, auto_offset_reset="earliest", group_id=None)
        await consumer.start()
        try:
            async with asyncio.timeout(20):
                while (record := await consumer.getone()).key != str(stage.account_id).encode():
                    pass
        finally:
            await consumer.stop()
        assert orjson.loads(record.value)["prospect_id"] == str(one.prospect_id)
        assert dict(record.headers)["ce_type"] == b"tact.connection.accepted.v1"
        metrics = (await caller.get("/metrics")).text
        assert 'tact_webhooks_total{kind="relation"} 1.0' in metrics
    await running.stop("services.poller")
    assert child.returncode == 0
