"""A database that went back in time sends nothing that had left: a restored dump, a promoted standby, a copy with a Kafka of its own.

One stack runs, a dump and a physical copy are taken in the middle of its sends, and it goes on to the end. The simulator's log says
what left.
"""

import asyncio
import hashlib
import json
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest_asyncio

from embedded.kafka import KafkaServer
from embedded.ports import LOOPBACK, free_port, free_ports
from embedded.postgres import PostgresServer, installed
from embedded.ready import answers
from embedded.settings import StackSettings
from embedded.stack import Stack
from embedded.unprivileged import change_owner, server_user
from shared.db.pool import open_pool
from shared.fence import store as fences
from shared.fence.rules import FORGETFUL, SeenHeads, find_refusal
from shared.kafka.admin import create_topics
from shared.vocabulary.identity import send_id
from tests.support import builders
from tests.support.commands import tact
from tests.support.facts import eventually
from tests.support.processes import Programs

TUESDAY = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SPEED = 300.0
ALWAYS = {"working_hours_start": 0, "working_hours_end": 24, "skip_weekends": False, "skip_holidays": False}
"""However slow the machine is, no account's day is over before the tests are."""
INVITERS, WRITERS, EACH = 2, 2, 4
PEOPLE = (INVITERS + WRITERS) * EACH
QUICK = {"TACT_SENDER_ACT_WITHIN": "PT2S", "TACT_UNIPILE_TIMEOUT": "PT3S", "TACT_CHATS_EVERY": "P3D", "TACT_RELATIONS_EVERY": "P3D"}
QUICK |= {"TACT_INVITATIONS_EVERY": "P3D"}
"""The poller's own reads would take the accounts' turns."""
THEIR_HOOK, THEIR_CRM = "https://elsewhere.example/webhooks/unipile", "https://crm.example/hook"


@dataclass
class Past:
    """A stack that sent everything, and backups from when it had sent less."""

    stack: Stack
    server: PostgresServer
    dump: Path
    physical: Path
    left_before: int

    @property
    def api(self) -> str:
        """The simulator's, as the provider's."""
        return f"{self.stack.addresses.unipile_url}/api/v1"

    @property
    def levers(self) -> str:
        """The simulator's."""
        return f"{self.stack.addresses.unipile_url}/_sim"

    async def effects(self) -> list[str]:
        """Whom something has reached, by the simulator's log."""
        async with httpx.AsyncClient() as client:
            items = (await client.get(f"{self.levers}/effects")).json()["items"]
        return [f"{item['action']} {item['recipient']}" for item in items if item["action"] in {"invitation", "message"}]

    def environment(self, database: str, kafka: str) -> dict[str, str]:
        """Of services beside those of the stack."""
        a = self.stack.addresses
        ports = dict(zip(("TACT_QUEUER_PORT", "TACT_SENDER_PORT"), map(str, free_ports(2)), strict=True))
        servers = {"TACT_DATABASE_URL": database, "TACT_KAFKA": kafka, "TACT_UNIPILE_URL": a.unipile_url}
        return {**servers, "TACT_UNIPILE_API_KEY": a.unipile_api_key, **ports, **QUICK}


@pytest_asyncio.fixture(scope="module")
async def past(tmp_path_factory: Any, kafka_server: KafkaServer) -> AsyncIterator[Past]:
    """Every person was reached once; the backups know of some of it."""
    folder = tmp_path_factory.mktemp("past")
    server = PostgresServer(folder / "postgres", free_port())
    await server.start()
    await server.create_database("tact")
    names = StackSettings().ports()
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    settings = StackSettings().moved_to(ports, start=TUESDAY, speed=SPEED, leaps=False)
    settings = settings.model_copy(update={"database_url": server.dsn(), "kafka": kafka_server.bootstrap})
    stack = Stack(settings, folder / "stack", say=lambda _: None)
    stack.environment = QUICK
    try:
        await stack.up()
        past = Past(stack, server, folder / "tact.dump", folder / "physical", 0)
        await _someone_to_reach(past)
        await eventually(lambda: _reached(past, PEOPLE // 2), within=60, what="half of them to be reached")
        await eventually(lambda: _heads(past, 3), within=30, what="some heads; a dump from the first second has none that Kafka would miss")
        await asyncio.gather(_dump(past), _copy(past))
        await _let_the_others_go(server.dsn())
        await eventually(lambda: _reached(past, PEOPLE), within=120, what="all to be reached")
        yield past
    finally:
        await stack.down()
        await server.stop()


async def test_a_session_that_does_not_wait_for_the_disk_lets_nothing_leave(past: Past) -> None:
    connection = await asyncpg.connect(past.server.dsn())
    try:
        assert (await fences.read_fence(connection)).durable
        await connection.execute("SET synchronous_commit = off")
        row = await fences.read_fence(connection)
    finally:
        await connection.close()
    assert find_refusal(row, SeenHeads(), mark=0, now=0.0, throw_away=False) == FORGETFUL


async def test_a_lagging_standby_that_is_promoted_sends_nothing(past: Past, running: Programs) -> None:
    (past.physical / "standby.signal").touch()
    change_owner(past.physical, server_user(past.physical))
    standby = PostgresServer(past.physical, free_port())
    await standby.start()
    try:
        connection = await asyncpg.connect(standby.dsn())
        await connection.execute("SELECT pg_promote()")
        await connection.close()
        await _let_the_others_go(standby.dsn())
        env = past.environment(standby.dsn(), past.stack.addresses.kafka)
        why = await _read_only(running, env)
        assert "timeline 2" in why
        assert "a standby was promoted" in why
    finally:
        await asyncio.gather(running.stop("services.sender"), running.stop("services.queuer"))
        await standby.stop()
    assert Counter(await past.effects()).most_common(1)[0][1] == 1
    assert len(await past.effects()) == PEOPLE


async def test_a_copy_with_a_kafka_of_its_own_sends_nothing(past: Past, running: Programs, tmp_path: Path) -> None:
    await past.server.create_database("copied")
    await _tool("pg_restore", "-d", past.server.dsn("copied"), str(past.dump))
    await _let_the_others_go(past.server.dsn("copied"))
    kafka = KafkaServer(tmp_path / "kafka", *free_ports(2))
    await kafka.start()
    try:
        await create_topics(kafka.bootstrap)
        why = await _read_only(running, past.environment(past.server.dsn("copied"), kafka.bootstrap))
        assert "its topic is new" in why
    finally:
        await asyncio.gather(running.stop("services.sender"), running.stop("services.queuer"))
        await kafka.stop()
    assert len(await past.effects()) == PEOPLE


async def test_a_dump_restored_under_running_services_sends_nothing_until_it_is_adopted(past: Past) -> None:
    await past.server.drop_database("tact")
    await past.server.create_database("tact")
    await _tool("pg_restore", "-d", past.server.dsn(), str(past.dump))
    async with await open_pool(past.server.dsn(), role=None, size=2) as pool:
        await _let_the_others_go(past.server.dsn())
        await eventually(lambda: _says_read_only(past), within=40, what="the services to notice")
        await _another_stack_registers(past)
        await asyncio.gather(
            eventually(lambda: _everybody_is_told(pool), within=30, what="every workspace to be told"),
            eventually(lambda: pool.fetchval("SELECT foreign_webhooks <> '{}' FROM stack_fence"), within=60, what="it to be noticed"),
        )
        env = {"TACT_DATABASE_URL": past.server.dsn(), "TACT_KAFKA": past.stack.addresses.kafka, "TACT_BUILD_DIR": "/nonexistent"}

        dry, unsaid, late = await asyncio.gather(
            tact("adopt", env=env),
            tact("adopt", "--apply", env=env),
            tact("adopt", "--apply", "--webhooks", "remove", "--since", "2030-01-01", env=env),
        )
        assert (late.code, "would leave again" in late.err) == (1, True), late
        assert "the database was restored from an older state" in " ".join(dry.out.split()), dry
        assert max(map(len, dry.out.splitlines())) <= 80
        assert f"Another stack's webhooks point to {THEIR_HOOK}: --webhooks keep or remove." in " ".join(dry.out.split())
        assert (unsaid.code, "say --webhooks remove if that stack is gone" in " ".join(unsaid.err.split())) == (1, True), unsaid
        assert len(await past.effects()) == PEOPLE

        done = await tact("adopt", "--apply", "--webhooks", "remove", "--json", env=env, within=120)
        assert done.code == 0, done
        found = json.loads(done.out)
        assert found["applied"]
        assert found["result"]["invitations"] + found["result"]["messages"] > 0
        assert found["result"]["unreadable"] == 0

        await _someone_to_reach(past, first=EACH, each=1)  # the fifth of each is held by nothing
        await eventually(lambda: _all_sent(pool), within=120, what="the new ones to be reached and the old ones to be settled")
        again = await tact("adopt", env=env)
        assert "Nothing to adopt" in again.out
        assert [url for url in await _hooks(past) if url in {THEIR_HOOK, THEIR_CRM}] == [THEIR_CRM]
    effects = await past.effects()
    assert len(effects) == len(set(effects)) == PEOPLE + INVITERS + WRITERS


async def _someone_to_reach(past: Past, *, first: int = 0, each: int = EACH) -> None:
    """People who are invited by some accounts and written to by others; all of it is due."""
    numbers = range(first, first + each)
    names = [*(("invite", n) for n in range(INVITERS)), *(("write", n) for n in range(WRITERS))]
    async with httpx.AsyncClient(base_url=past.levers) as levers:
        if first == 0:
            (await levers.post("/accounts", json=[{"id": f"acc-{kind}-{n}"} for kind, n in names])).raise_for_status()
        people = [
            {
                "public_identifier": f"{kind}-{n}-{m}",
                "provider_id": _person(kind, n, m),
                "accepts_after_s": None,
                "replies_to": None,
                "connected_to": [f"acc-write-{n}"] if kind == "write" else [],
                **({"connected_at": (TUESDAY - timedelta(days=90)).isoformat()} if kind == "write" else {}),
            }
            for kind, n in names
            for m in numbers
        ]
        (await levers.post("/people", json=people)).raise_for_status()
    connection = await asyncpg.connect(past.server.dsn())
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    async with connection.transaction():
        for kind, n in names:
            await _due(connection, kind, n, numbers)
        await connection.execute("UPDATE accounts SET wake_at = $1", TUESDAY)
    await connection.close()


async def _due(connection: asyncpg.Connection, kind: str, n: int, numbers: range) -> None:
    action, step = ("invitation", "connection_request") if kind == "invite" else ("message", "direct_message_1")
    found = await connection.fetchrow("SELECT id, workspace_id FROM accounts WHERE provider_account_id = $1", f"acc-{kind}-{n}")
    if found is None:
        workspace = await builders.a_workspace(connection)
        account = await builders.an_account(connection, workspace, provider_account_id=f"acc-{kind}-{n}")
        kinds = {
            "campaign_type": "connector" if kind == "invite" else "messenger",
            "message_templates": {step: "Hello"},
            "schedule_settings": ALWAYS,
        }
        campaign = await builders.a_campaign(connection, workspace, [account], **kinds)
        await connection.execute("INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, $3)", account, campaign, action)
    else:
        account, workspace = found
        campaign = await connection.fetchval("SELECT campaign_id FROM campaign_accounts WHERE account_id = $1", account)
    for m in numbers:
        person, words = _person(kind, n, m), f"Hello number {m}"
        lead = await builders.a_lead(connection, workspace, linkedin_vanity=f"{kind}-{n}-{m}", linkedin_id=person)
        workflow = await connection.fetchval("SELECT id FROM workflows WHERE campaign_id = $1", campaign)
        prospect = await builders.a_prospect(connection, campaign, lead, workflow_id=workflow)
        await connection.execute(
            """INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, public_identifier, network_distance, resolved_at,
                                       connected_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            *(account, lead, workspace, person, f"{kind}-{n}-{m}"),
            *(("SECOND_DEGREE", TUESDAY, None) if kind == "invite" else ("FIRST_DEGREE", TUESDAY, TUESDAY)),
        )
        more: dict[str, Any] = {
            "message": words,
            "message_sha256": hashlib.sha256(words.encode()).digest(),
            "message_type": step,
            "action": action,
        }
        more |= {
            "held_for": "the backups" if m % 2 else None,
            "status": "pending",
            "dispatch_no": 0,
            "linkedin_user_id": person,
            "scheduled_for": TUESDAY,
        }
        await builders.a_send(connection, prospect, account, id=send_id(prospect, step), next_action=action, **more)


def _person(kind: str, n: int, m: int) -> str:
    return f"ACoAA{kind.title()}{n:03}{m:05}"


async def _let_the_others_go(database: str) -> None:
    """The half that was held while the backups were made: one that is restored would send it again."""
    connection = await asyncpg.connect(database)
    held = await connection.fetch("UPDATE send_queue SET held_for = NULL WHERE held_for IS NOT NULL RETURNING id")
    await connection.execute("UPDATE accounts SET wake_at = $1", TUESDAY)
    await connection.close()
    assert len(held) == PEOPLE // 2


async def _reached(past: Past, many: int) -> bool:
    connection = await asyncpg.connect(past.server.dsn())
    try:
        return bool(await connection.fetchval("SELECT count(*) >= $1 FROM send_queue WHERE status = 'sent'", many))
    finally:
        await connection.close()


async def _heads(past: Past, many: int) -> bool:
    connection = await asyncpg.connect(past.server.dsn())
    try:
        return bool(await connection.fetchval("SELECT seq >= $1 FROM stack_fence", many))
    finally:
        await connection.close()


async def _all_sent(pool: asyncpg.Pool) -> bool:
    return bool(await pool.fetchval("SELECT bool_and(status = 'sent') FROM send_queue"))


async def _says_read_only(past: Past) -> bool:
    async with httpx.AsyncClient() as client:
        said = [(await client.get(f"{url}/readyz")).json() for url in past.stack.addresses.services.values()]
    return all("restored from an older state" in (each.get("read_only") or "") for each in said)


async def _another_stack_registers(past: Past) -> None:
    """A registration by our name for an address that is not ours; and one that has nothing to do with us."""
    async with httpx.AsyncClient(base_url=past.api, headers={"X-API-KEY": past.stack.addresses.unipile_api_key}) as client:
        for name, url in (("tact messaging", THEIR_HOOK), ("their crm", THEIR_CRM)):
            answer = await client.post("/webhooks", json={"source": "messaging", "name": name, "request_url": url, "headers": []})
            assert answer.is_success, answer.text


async def _hooks(past: Past) -> list[str]:
    async with httpx.AsyncClient(base_url=past.api, headers={"X-API-KEY": past.stack.addresses.unipile_api_key}) as client:
        return [item["request_url"] for item in (await client.get("/webhooks")).json()["items"]]


async def _everybody_is_told(pool: asyncpg.Pool) -> bool:
    """A read-only stack still says that it is one."""
    told = "SELECT count(*) FROM notices WHERE kind = 'stack_read_only'"
    return bool(await pool.fetchval(f"SELECT count(*) = ({told}) FROM workspaces"))  # noqa: S608 - our own words


async def _read_only(running: Programs, env: dict[str, str]) -> str:
    """Start sender and queuer there; returns why they send nothing, once both say so."""

    async def one(name: str) -> str:
        url = f"http://{LOOPBACK}:{env[f'TACT_{name.upper()}_PORT']}/readyz"
        await running.start(f"services.{name}", env=env, ready=answers(url), within=60)

        async def says() -> str:
            async with httpx.AsyncClient() as client:
                return str((await client.get(url)).json()["read_only"] or "")

        return await eventually(says, within=30, what=f"the {name} to be read-only")

    return (await asyncio.gather(*(one(name) for name in ("sender", "queuer"))))[0]


async def _dump(past: Past) -> None:
    await _tool("pg_dump", "-Fc", "-f", str(past.dump), past.server.dsn())


async def _copy(past: Past) -> None:
    await _tool("pg_basebackup", "-d", past.server.dsn("postgres"), "-D", str(past.physical), "-X", "stream", "-c", "fast")


async def _tool(name: str, *words: str) -> None:
    """One of PostgreSQL's own."""
    argv = [str(installed() / "bin" / name), *words]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
