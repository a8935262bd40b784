"""The sender ends in the middle of a batch: killed, every send is found once; asked to stop, nothing is left in doubt."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
import pytest_asyncio

from embedded.ports import free_ports
from embedded.settings import StackSettings
from embedded.stack import Stack
from shared.db.pool import open_pool
from shared.vocabulary.identity import send_id
from tests.support import builders
from tests.support.facts import eventually
from tests.support.processes import crash

ACCOUNTS = 24
TUESDAY = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SPEED = 200.0
"""A minute of business time in 0.3 s: what the healer must wait for comes soon, and the day is not over before."""


def settings() -> StackSettings:
    """A stack of its own, on ports of its own."""
    names = StackSettings().ports()
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    return StackSettings().moved_to(ports, start=TUESDAY, speed=SPEED, leaps=False)


@dataclass(frozen=True, slots=True)
class Scene:
    """A running stack and its database; every test invites people of its own from accounts of its own."""

    stack: Stack
    pool: asyncpg.Pool

    @property
    def simulator(self) -> str:
        """The simulator's address."""
        return self.stack.addresses.unipile_url


@pytest_asyncio.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    stack = Stack(settings(), tmp_path_factory.mktemp("stack"), say=lambda _: None)
    stack.environment = {"TACT_SENDER_ACT_WITHIN": "PT2S", "TACT_UNIPILE_TIMEOUT": "PT4S"}
    try:
        await stack.up()
        async with await open_pool(stack.addresses.database_url, role=None, size=4) as pool:
            yield Scene(stack, pool)
    finally:
        await stack.down()


async def test_a_sender_that_is_asked_to_stop_leaves_nothing_unknown(scene: Scene) -> None:
    await _plan_invitations(scene, "calm")
    await _in_the_middle(scene, "calm")
    sender = scene.stack.processes.detach("sender")
    sender.send(signal.SIGTERM)
    assert await sender.wait() == 0, "it ended by itself, within its own deadline of 25 s"
    assert await scene.pool.fetchval("SELECT count(*) FROM send_attempts WHERE state IN ('intent', 'unknown')") == 0
    await scene.stack.start_service("sender")
    await eventually(lambda: _all_invited(scene, "calm"), within=150, what="every prospect to be invited by the next sender")
    assert await scene.pool.fetchval("SELECT count(*) FROM send_attempts WHERE evidence IS NOT NULL") == 0, "nothing had to be looked up"
    await _every_prospect_invited_once(scene, "calm")


async def test_every_send_of_a_batch_leaves_once_although_the_sender_is_killed_in_the_middle(scene: Scene) -> None:
    await _plan_invitations(scene, "crash")
    await _in_the_middle(scene, "crash")
    sender = scene.stack.processes.detach("sender")
    crash(sender)
    await asyncio.wait_for(sender.wait(), 5)
    assert await scene.pool.fetchval("SELECT count(*) FROM send_attempts WHERE state = 'intent'") > 0
    await scene.stack.start_service("sender")
    await eventually(lambda: _all_invited(scene, "crash"), within=150, what="every prospect to be invited after the crash")
    await _every_prospect_invited_once(scene, "crash")


async def _plan_invitations(scene: Scene, batch: str) -> None:
    """One due invitation on each account, all at once; every call takes a while, so that a batch has a middle."""
    async with httpx.AsyncClient(base_url=f"{scene.simulator}/_sim") as levers:
        accounts = [{"id": f"{batch}-{n}", "type": "premium"} for n in range(ACCOUNTS)]
        (await levers.post("/accounts", json=accounts)).raise_for_status()
        people = [
            {"public_identifier": f"{batch}-person-{n}", "provider_id": _person(batch, n), "accepts_after_s": None, "replies_to": None}
            for n in range(ACCOUNTS)
        ]
        (await levers.post("/people", json=people)).raise_for_status()
        (await levers.post("/latency", json={"ms_min": 200, "ms_max": 900})).raise_for_status()
    async with scene.pool.acquire() as connection, connection.transaction():
        workspace = await builders.a_workspace(connection)
        for n in range(ACCOUNTS):
            account = await builders.an_account(connection, workspace, provider_account_id=f"{batch}-{n}")
            campaign = await builders.a_campaign(connection, workspace, [account])
            lead = await builders.a_lead(connection, workspace, linkedin_vanity=f"{batch}-person-{n}")
            prospect = await builders.a_prospect(connection, campaign, lead)
            words = f"Hello number {n}"
            await builders.a_send(
                connection,
                prospect,
                account,
                id=send_id(prospect, "connection_request"),
                status="pending",
                dispatch_no=0,
                linkedin_user_id=_person(batch, n),
                message=words,
                message_sha256=hashlib.sha256(words.encode()).digest(),
                scheduled_for=TUESDAY,
            )
            await connection.execute(
                "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation'), ($1, $2, 'profile_lookup')",
                account,
                campaign,
            )
        await connection.execute("UPDATE accounts SET wake_at = $1 WHERE workspace_id = $2", TUESDAY, workspace)


def _person(batch: str, number: int) -> str:
    return f"ACoAA{batch:x<8}{number:06}"


async def _in_the_middle(scene: Scene, batch: str) -> None:
    """When some calls have taken effect and others are under way or not begun."""

    async def reached() -> bool:
        return len(await _recipients(scene, batch)) >= ACCOUNTS // 4

    await eventually(reached, within=60, what="a quarter of the batch to take effect")


async def _all_invited(scene: Scene, batch: str) -> bool:
    count: int = await scene.pool.fetchval(
        """SELECT count(*) FROM campaign_prospects p JOIN accounts a ON a.id = p.account_id
            WHERE p.status = 'connection_request_sent' AND a.provider_account_id LIKE $1""",
        f"{batch}-%",
    )
    return count == ACCOUNTS


async def _every_prospect_invited_once(scene: Scene, batch: str) -> None:
    assert sorted(await _recipients(scene, batch)) == [_person(batch, n) for n in range(ACCOUNTS)]


async def _recipients(scene: Scene, batch: str) -> list[str]:
    async with httpx.AsyncClient() as client:
        items: list[dict[str, str]] = (await client.get(f"{scene.simulator}/_sim/effects", params={"action": "invitation"})).json()["items"]
        return [item["recipient"] for item in items if item["account_id"].startswith(f"{batch}-")]
