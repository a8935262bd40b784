"""The two cron routes on the real stack: queuer and sender as processes, and the simulator, whose log judges "once".

One stack for all of it; the last test stops its sender.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from embedded.kafka import KafkaServer
from embedded.ports import free_port
from embedded.postgres import PostgresServer
from services.queuer.workflows.accounts import tokens
from shared.db.pool import open_pool
from shared.kafka.admin import create_topics
from shared.vocabulary import Role
from tests.integration.queuer.world import World, make_world
from tests.integration.simulator.simulator_process import KEY, WORLD, Simulator
from tests.integration.simulator.simulator_process import running as simulator_of
from tests.support.builders import BASE, a_lead, a_prospect, a_send, set_clock
from tests.support.commands import tact
from tests.support.facts import eventually
from tests.support.processes import Programs, programs

SECRET = "a secret of the tests"
PROCESS, PLAN = "/api/cron/process-send-queue", "/api/cron/queue-pending-prospects"
ACCOUNTS = [f"acc-{n}" for n in range(6)]
SATURDAY = BASE + timedelta(days=4)
SPEED = 1.001
"""Whoever runs beside a clock of another speed than 1 reads it again within a tenth of a second."""


@dataclass
class Premises:
    """Two queuers whose own jobs sleep, a sender, and an outside world: one for all of these tests."""

    pool: asyncpg.Pool
    queuers: list[str]
    simulator: Simulator
    env: dict[str, str]
    programs: Programs


@dataclass
class Stack:
    """The premises with a workspace of the test's own and nothing else in the database."""

    pool: asyncpg.Pool
    world: World
    queuers: list[str]
    simulator: Simulator
    env: dict[str, str]
    seen: int

    async def effects(self) -> list[dict[str, Any]]:
        """What took effect outside since the test began."""
        return (await self.simulator.effects())[self.seen :]

    async def post(self, path: str, *, queuer: int = 0, secret: str | None = SECRET, **query: str) -> httpx.Response:
        """Call a cron route."""
        headers = {} if secret is None else {"x-cron-secret": secret}
        async with httpx.AsyncClient(base_url=self.queuers[queuer], timeout=60) as client:
            return await client.post(path, headers=headers, params=query)

    async def process(self, **query: Any) -> dict[str, Any]:
        """Process the queue; the answer of a call that succeeded."""
        answer = await self.post(PROCESS, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def due(self, account: UUID, count: int = 1, **values: Any) -> None:
        """That many invitations of the account, due now, to people the simulator knows; the first wakes the account."""
        async with self.pool.acquire() as connection:
            for n in range(count):
                lead = await a_lead(connection, self.world.workspace, last_name=f"Prova {n}")
                vanity = await connection.fetchval("SELECT linkedin_vanity FROM leads WHERE id = $1", lead)
                person = {
                    "public_identifier": vanity,
                    "first_name": "Ana",
                    "last_name": f"Prova {n}",
                    "accepts_after_s": None,
                    "replies_to": None,
                }
                known = await self.simulator.levers.post("/people", json=person)
                recipient = known.json()["items"][0]["provider_id"]
                prospect = await a_prospect(connection, self.world.campaign, lead)
                given = {"status": "pending", "dispatch_no": 0, "linkedin_user_id": recipient, "scheduled_for": BASE + timedelta(seconds=n)}
                await a_send(connection, prospect, account, **given | values)
            await connection.execute(
                "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation') ON CONFLICT DO NOTHING",
                account,
                self.world.campaign,
            )
            await connection.execute("UPDATE accounts SET wake_at = $2 WHERE id = $1", account, BASE)

    async def show(self, at: datetime) -> None:
        """Set the business clock."""
        async with self.pool.acquire() as connection:
            await set_clock(connection, at, speed=SPEED)


@pytest_asyncio.fixture(scope="module")
async def premises(
    postgres_server: PostgresServer, template_database: str, kafka_server: KafkaServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Premises]:
    folder = tmp_path_factory.mktemp("process_queue")
    database = await postgres_server.create_database("process_queue", template=template_database)
    await create_topics(kafka_server.bootstrap, replication=1)
    outside = WORLD | {"accounts": [{"id": name, "name": name, "type": "premium"} for name in ACCOUNTS], "people": []}
    async with (
        await open_pool(database, role=None) as pool,
        simulator_of(folder, "--clock-database", database, world=outside) as simulator,
        programs(folder / "logs") as running,
    ):
        async with pool.acquire() as connection:
            await set_clock(connection, speed=SPEED)
        env = {
            "TACT_DATABASE_URL": database,
            "TACT_KAFKA": kafka_server.bootstrap,
            "TACT_CRON_SECRET": SECRET,
            "TACT_QUEUE_WAIT": "PT10S",
            "TACT_DISPATCH_EVERY": "PT1H",
            "TACT_PLANNING_EVERY": "PT1H",
            "TACT_UNIPILE_URL": simulator.base,
            "TACT_UNIPILE_API_KEY": KEY,
        }
        ports = [free_port() for _ in range(3)]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        for n in range(2):
            await running.start("services.queuer", name=f"queuer {n}", env=env | {"TACT_QUEUER_PORT": str(ports[n])})
        await running.start("services.sender", env=env | {"TACT_SENDER_PORT": str(ports[2])})
        await eventually(lambda: all_ready(urls), within=60, what="queuers and sender to be ready")
        yield Premises(pool, urls[:2], simulator, env, running)
    await postgres_server.drop_database("process_queue")


@pytest_asyncio.fixture
async def stack(premises: Premises) -> Stack:
    """A workspace in an empty database."""
    pool = premises.pool
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # what is append-only goes as well
        await connection.execute("TRUNCATE workspaces, outbox CASCADE")
    world = await make_world(pool, accounts=len(ACCOUNTS))
    for account, name in zip(world.accounts, ACCOUNTS, strict=True):
        await pool.execute("UPDATE accounts SET provider_account_id = $2, name = $2 WHERE id = $1", account, name)
    stack = Stack(pool, world, premises.queuers, premises.simulator, premises.env, len(await premises.simulator.effects()))
    await stack.show(BASE)
    return stack


async def all_ready(urls: list[str]) -> bool:
    """Whether every process takes work."""
    async with httpx.AsyncClient() as client:
        try:
            return all([(await client.get(f"{url}/readyz")).status_code == 200 for url in urls])
        except httpx.TransportError:
            return False


async def test_a_due_message_is_sent_at_once_and_the_answer_says_so_in_the_words_callers_know(stack: Stack) -> None:
    account = stack.world.accounts[0]
    await stack.due(account, 3)
    sent = await stack.process()
    words = {name: sent[name] for name in ("success", "processed", "sent_to", "remaining_in_queue", "message", "pending")}
    assert words == {
        "success": True,
        "processed": 1,
        "sent_to": "Ana Prova 0",
        "remaining_in_queue": 2,
        "message": "Connection request sent. 2 messages remaining in queue",
        "pending": 0,
    }
    [standing] = sent["accounts"]
    assert (standing["reason"], standing["account"]) == ("spacing", "acc-0")
    assert sent["next_at"] == standing["next_at"] > "2026-03-10T15:02:00"
    again = await stack.process()
    assert (again["success"], again["processed"], again["message"], again["sent_to"]) == (True, 0, "No messages due", None)
    assert again["accounts"][0]["reason"] == "spacing"
    assert len(await stack.effects()) == 1


async def test_the_command_line_does_the_same(stack: Stack) -> None:
    await stack.due(stack.world.accounts[0], 2)
    token = (await tokens.create_token(stack.pool, workspace_id=None, role=Role.OPERATOR, name="a command")).token
    env = {"TACT_URL": stack.queuers[0], "TACT_TOKEN": token, "TZ": "UTC"}
    said = await tact("queue", "process", "--account", "acc-0", env=env)
    assert (said.code, said.out.splitlines()[0]) == (0, "Connection request sent. 1 message remaining in queue"), said
    assert max(map(len, said.out.splitlines())) <= 80
    assert "Ana Prova 0" in said.out
    again = json.loads((await tact("queue", "process", "--json", env=env)).out)
    assert (again["processed"], again["message"]) == (0, "No messages due")
    assert len(await stack.effects()) == 1


async def test_called_by_many_at_once_every_message_leaves_once(stack: Stack) -> None:
    for account in stack.world.accounts:
        await stack.due(account, 2)
    calls = [stack.process(queuer=n % 2) for n in range(12)] + [stack.post(PLAN, queuer=n % 2) for n in range(4)]
    answers: list[Any] = await asyncio.gather(*calls)
    processed = [answer for answer in answers if isinstance(answer, dict)]
    assert sum(answer["processed"] for answer in processed) == len(ACCOUNTS)
    assert all(answer["pending"] == 0 for answer in processed)
    effects = await stack.effects()
    assert Counter(effect["account_id"] for effect in effects) == dict.fromkeys(ACCOUNTS, 1)
    assert await stack.pool.fetchval("SELECT count(*) FROM send_attempts") == len(ACCOUNTS)


async def test_prospects_are_planned_at_once_and_by_many_callers_once(stack: Stack) -> None:
    await stack.world.enrol(30)
    answers = [answer.json() for answer in await asyncio.gather(*(stack.post(PLAN, queuer=n % 2) for n in range(6)))]
    assert sum(answer["planned"] for answer in answers) == 30
    assert {(answer["success"], answer["failed"], answer["skipped"]) for answer in answers} == {(True, 0, 0)}
    assert len(await stack.world.sends()) == 30
    quiet = (await stack.post(PLAN)).json()
    assert (quiet["planned"], quiet["remaining"], quiet["message"]) == (0, 0, "No prospects to plan. 0 prospects remaining")


async def test_only_the_secret_opens_them_and_what_is_not_there_is_named(stack: Stack) -> None:
    for path in (PROCESS, PLAN):
        for secret in (None, "", "wrong"):
            refused = await stack.post(path, secret=secret)
            assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
    assert (await stack.post(PROCESS, secret=None, account="no id")).status_code == 401
    assert (await stack.post(PROCESS, account="no id")).status_code == 422
    unknown = await stack.post(PROCESS, account=str(stack.world.workspace))
    assert unknown.status_code == 404
    assert "tact account list" in unknown.json()["error"]


async def test_closed_days_spent_caps_and_an_empty_queue_each_have_their_answer(stack: Stack) -> None:
    assert (await stack.process())["message"] == "No messages due"
    account, other = stack.world.accounts[:2]
    await stack.due(account, 2)
    await stack.pool.execute(
        "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', 40)", account, BASE.date()
    )
    capped = await stack.process()
    assert (capped["processed"], capped["message"]) == (0, "Daily limit reached (40/40)")
    [standing] = capped["accounts"]
    assert (standing["reason"], standing["next_at"]) == ("daily_cap", "2026-03-11T11:00:00Z")
    assert standing["detail"] == "Daily limit reached (40/40) for invitations."
    assert [send["outcome"] for send in capped["sends"]] == ["deferred"]

    await stack.show(SATURDAY)
    await stack.due(other)
    closed = await stack.process(account=str(other))
    assert (closed["processed"], closed["message"], closed["remaining_in_queue"]) == (0, "Skipped due to schedule restrictions", 1)
    assert [(each["account"], each["reason"], each["next_at"]) for each in closed["accounts"]] == [
        ("acc-1", "weekend", "2026-03-16T11:00:00Z")
    ]
    assert await stack.effects() == []


async def test_what_still_runs_when_the_wait_is_over_is_said_to_be_pending(stack: Stack, premises: Premises) -> None:
    await premises.programs.stop("services.sender")
    await stack.due(stack.world.accounts[0])
    answer = await stack.process()
    assert (answer["processed"], answer["pending"]) == (0, 1)
    assert answer["message"] == "Not known yet whether it was sent. 0 messages remaining in queue"
    assert answer["accounts"][0]["reason"] == "in_hand"
