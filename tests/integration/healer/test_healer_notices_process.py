"""The healer as a process: events from the topics become notices once, and one killed between delivery and record repeats itself."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaProducer

from embedded.child import Child
from embedded.ports import free_port
from services.healer.workflows.notices import channels as keep_channels
from services.healer.workflows.notices.channels import ChannelPolicy
from shared.kafka.admin import create_topics
from shared.vocabulary import NoticeMedium
from tests.integration.healer.healer_rows import MONDAY_NINE, House, a_house, a_person
from tests.integration.healer.receivers import Receiver, receiver
from tests.support.facts import eventually
from tests.support.processes import Programs, crash

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()


@dataclass(frozen=True, slots=True)
class Healer:
    """How to start the service, and where it delivers to."""

    running: Programs
    env: dict[str, str]
    kafka: str
    house: House
    to: Receiver

    async def start(self, name: str) -> Child:
        """One process."""
        port = free_port()

        async def ready() -> bool:
            async with httpx.AsyncClient(trust_env=False) as client:
                try:
                    return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

        child = await self.running.start("services.healer", env={**self.env, "TACT_HEALER_PORT": str(port)}, name=name)
        await eventually(ready, within=30, what="the healer to be ready")
        return child

    async def say(self, topic: str, events: Sequence[dict[str, Any]]) -> None:
        """Write events to a topic."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka)
        await producer.start()
        try:
            for event in events:
                await producer.send_and_wait(topic, json.dumps(event).encode(), key=str(self.house.account).encode())
        finally:
            await producer.stop()


@pytest.fixture
async def healer(running: Programs, database: str, kafka: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Healer]:
    await create_topics(kafka)
    house = await a_house(pool)
    env = {
        "TACT_DATABASE_URL": database,
        "TACT_KAFKA": kafka,
        "TACT_UNIPILE_URL": "http://127.0.0.1:9",
        "TACT_UNIPILE_API_KEY": "key",
        "TACT_NOTICES_TO_PRIVATE": "true",
        "TACT_HEALER_NOTICES_EVERY": "PT0.2S",
    }
    async with receiver() as to:
        await keep_channels.add_channel(
            pool,
            ChannelPolicy(mail=False, private=True),
            workspace_id=house.workspace,
            name="ops",
            medium=NoticeMedium.WEBHOOK,
            target=f"{to.url}/hook?token=hidden",
            secret=SECRET,
        )
        yield Healer(running, env, kafka, house, to)


async def a_failure(pool: asyncpg.Pool, house: House, name: str) -> dict[str, Any]:
    """Somebody whose send failed, as the topic says it."""
    person = await a_person(pool, house, name=name, send_status="failed")
    return {
        "send_id": str(person.send),
        "prospect_id": str(person.prospect),
        "campaign_id": str(house.campaign),
        "workspace_id": str(house.workspace),
        "account_id": str(house.account),
        "message_type": "connection_request",
        "outcome": "failed",
        "reason": "refused",
        "at": MONDAY_NINE.isoformat(),
    }


async def test_topics_read_anew_make_no_second_notice(healer: Healer, pool: asyncpg.Pool) -> None:
    await healer.start("first")
    first = await a_failure(pool, healer.house, "ana")
    version = await pool.fetchval(
        "UPDATE accounts SET status = 'disconnected', status_version = status_version + 1 WHERE id = $1 RETURNING status_version",
        healer.house.account,
    )
    lost = {
        "account_id": str(healer.house.account),
        "workspace_id": str(healer.house.workspace),
        "status": "disconnected",
        "version": version,
    }
    await healer.say("sends.completed", [first, first])
    await healer.say("accounts.status", [lost, lost])
    await eventually(lambda: len(healer.to.requests) >= 2, within=20, what="both notices to arrive")
    await healer.say("accounts.status", [lost])
    await healer.say("sends.completed", [first, await a_failure(pool, healer.house, "bo")])
    await eventually(lambda: len(healer.to.requests) >= 3, within=20, what="the third to arrive, behind the repetitions")
    kinds = sorted(json.loads(request.body)["type"] for request in healer.to.requests)
    assert kinds == ["account_disconnected", "send_failed", "send_failed"]
    await healer.running.stop("first")
    printed = healer.running.output("first")
    assert SECRET not in printed
    assert "hidden" not in printed


async def test_a_healer_killed_between_delivery_and_record_repeats_it_with_the_same_id(healer: Healer, pool: asyncpg.Pool) -> None:
    healer.to.held = asyncio.Event()
    first = await healer.start("first")
    await healer.say("sends.completed", [await a_failure(pool, healer.house, "ana")])
    await eventually(lambda: len(healer.to.requests) == 1, within=20, what="the notice to be under way")
    crash(first)
    await first.wait()
    healer.to.held.set()
    assert await pool.fetchval("SELECT state = 'waiting' AND attempts = 1 AND next_at > clock_timestamp() FROM notice_deliveries")
    await healer.start("second")
    await pool.execute("UPDATE notice_deliveries SET next_at = clock_timestamp()")  # its lease is over

    async def recorded() -> bool:
        return bool(await pool.fetchval("SELECT state = 'delivered' AND attempts = 2 FROM notice_deliveries"))

    await eventually(recorded, within=20, what="the delivery to be recorded")
    ids = [UUID(request.headers["webhook-id"]) for request in healer.to.requests]
    assert ids == [await pool.fetchval("SELECT id FROM notice_deliveries")] * 2
    await healer.running.stop("second")
