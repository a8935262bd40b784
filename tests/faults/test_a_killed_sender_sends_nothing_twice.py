"""SIGKILL of the sender in the middle of a batch: the simulator's log finds every send once, and nobody is forgotten."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

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
    return StackSettings().moved_to(ports, start=TUESDAY, speed=SPEED).model_copy(update={"clock_leaps": False})


async def test_every_send_of_a_batch_leaves_once_although_the_sender_is_killed_in_the_middle(tmp_path: Path) -> None:
    stack = Stack(settings(), tmp_path / "stack", say=lambda _: None)
    stack.environment = {"TACT_SENDER_ACT_WITHIN": "PT2S", "TACT_UNIPILE_TIMEOUT": "PT4S"}
    try:
        await stack.up()
        async with await open_pool(stack.addresses.database_url, role=None, size=4) as pool:
            await _invite_everybody(pool, stack.addresses.unipile_url)
            await _crash_in_the_middle(stack, pool)
            await stack.start_service("sender")
            await eventually(lambda: _all_invited(pool), within=150, what="everybody to be invited after the crash")
        effects = await _effects(stack.addresses.unipile_url)
    finally:
        await stack.down()
    recipients = [effect["recipient"] for effect in effects]
    assert len(recipients) == ACCOUNTS
    assert len(set(recipients)) == ACCOUNTS


async def _invite_everybody(pool: asyncpg.Pool, simulator: str) -> None:
    """One due invitation on each account, all at once; every call takes a while, so that a batch has a middle."""
    async with httpx.AsyncClient(base_url=f"{simulator}/_sim") as levers:
        accounts = [{"id": f"acc-{n}", "type": "premium"} for n in range(ACCOUNTS)]
        (await levers.post("/accounts", json=accounts)).raise_for_status()
        people = [
            {"public_identifier": f"person-{n}", "provider_id": f"ACoAAPerson{n:06}", "accepts_after_s": None, "replies_to": None}
            for n in range(ACCOUNTS)
        ]
        (await levers.post("/people", json=people)).raise_for_status()
        (await levers.post("/latency", json={"ms_min": 200, "ms_max": 900})).raise_for_status()
    async with pool.acquire() as connection, connection.transaction():
        workspace = await builders.a_workspace(connection)
        for n in range(ACCOUNTS):
            account = await builders.an_account(connection, workspace, provider_account_id=f"acc-{n}")
            campaign = await builders.a_campaign(connection, workspace, [account])
            lead = await builders.a_lead(connection, workspace, linkedin_vanity=f"person-{n}")
            prospect = await builders.a_prospect(connection, campaign, lead)
            words = f"Hello number {n}"
            await builders.a_send(
                connection,
                prospect,
                account,
                id=send_id(prospect, "connection_request"),
                status="pending",
                dispatch_no=0,
                linkedin_user_id=f"ACoAAPerson{n:06}",
                message=words,
                message_sha256=hashlib.sha256(words.encode()).digest(),
                scheduled_for=TUESDAY,
            )
            await connection.execute(
                "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation'), ($1, $2, 'profile_lookup')",
                account,
                campaign,
            )
        await connection.execute("UPDATE accounts SET wake_at = $1", TUESDAY)


async def _crash_in_the_middle(stack: Stack, pool: asyncpg.Pool) -> None:
    """When some calls have taken effect and others are under way or not begun."""

    async def in_the_middle() -> bool:
        return len(await _effects(stack.addresses.unipile_url)) >= ACCOUNTS // 4

    await eventually(in_the_middle, within=60, what="a quarter of the batch to take effect")
    sender = stack.child("sender")
    stack.forget("sender")
    crash(sender)
    await asyncio.wait_for(sender.wait(), 5)
    assert await pool.fetchval("SELECT count(*) FROM send_attempts WHERE state = 'intent'") > 0


async def _all_invited(pool: asyncpg.Pool) -> bool:
    count: int = await pool.fetchval("SELECT count(*) FROM campaign_prospects WHERE status = 'connection_request_sent'")
    return count == ACCOUNTS


async def _effects(simulator: str) -> list[dict[str, str]]:
    async with httpx.AsyncClient() as client:
        items: list[dict[str, str]] = (await client.get(f"{simulator}/_sim/effects", params={"action": "invitation"})).json()["items"]
        return items
