"""Two accounts, one loses its session: the simulator's log says that nobody is invited twice and nobody is forgotten."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest_asyncio

from services.queuer.store.dispatch import dispatch as queue
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.reassign_account import AccountReassignment
from shared.contracts.sends_due import SendDue
from shared.db.pool import open_pool
from shared.db.statements import business_now
from tests.integration.sender.conftest import Stage
from tests.support import builders
from tests.support.builders import BASE

A_DAY = timedelta(hours=24)
PEOPLE = 10


@pytest_asyncio.fixture
async def queuer_pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections as the queuer has them."""
    async with await open_pool(database, role="tact_queuer") as opened:
        yield opened


async def show(stage: Stage, at: datetime) -> None:
    """Set the business clock for everybody."""
    async with stage.pool.acquire() as connection:
        await builders.set_clock(connection, at)
    await stage.sender._clock.refresh()


async def second_account(stage: Stage) -> UUID:
    """Another account for the campaign, known to the simulator too."""
    await stage.simulator.lever("/accounts", id="acc-second", name="Nina Roth", type="premium")
    async with stage.pool.acquire() as connection:
        account = await builders.an_account(connection, stage.workspace, provider_account_id="acc-second")
        await connection.execute(
            "INSERT INTO campaign_accounts (campaign_id, account_id, position) VALUES ($1, $2, 2)", stage.campaign, account
        )
    return account


async def enrol(stage: Stage) -> dict[UUID, str]:
    """New prospects by id, with the provider's id of each."""
    found = {}
    for _ in range(PEOPLE):
        async with stage.pool.acquire() as connection:
            lead = await builders.a_lead(connection, stage.workspace)
            vanity = await connection.fetchval("SELECT linkedin_vanity FROM leads WHERE id = $1", lead)
            prospect = await builders.a_prospect(connection, stage.campaign, lead)
        known = await stage.simulator.lever("/people", public_identifier=vanity, first_name="Ana", accepts_after_s=None, replies_to=None)
        found[prospect] = known["items"][0]["provider_id"]
    return found


async def act(stage: Stage, queuer: asyncpg.Pool) -> bool:
    """Go to the next moment at which an account may act, and let it: what the dispatcher, Kafka and the sender do together."""
    at = await stage.pool.fetchval("SELECT min(wake_at) FROM accounts WHERE lease_until IS NULL AND status = 'usable'")
    if at is None:
        return False
    await show(stage, max(at, await stage.pool.fetchval("SELECT business_now()")))
    async with queuer.acquire() as connection, connection.transaction():
        now = await business_now(connection)
        awake = await queue.lock_awake(connection, now=now, most=10)
        due = await queue.dispatch(connection, awake, now=now, lease=timedelta(seconds=30), longest=timedelta(minutes=1))
        busy = {each.account_id for each in due}
        await queue.set_next_check(connection, [each for each in awake if each not in busy], now=now, least=timedelta(seconds=5))
    await stage.sender.send_batch([SendDue(send_id=d.send_id, account_id=d.account_id, dispatch_no=d.dispatch_no) for d in due])
    await stage.settled()
    return True


async def test_nobody_is_invited_twice_and_nobody_is_forgotten(stage: Stage, queuer_pool: asyncpg.Pool) -> None:
    other = await second_account(stage)
    people = await enrol(stage)
    planner = Planner(queuer_pool, batch=500, recipients_stay_fresh=timedelta(days=30))
    hand_over = AccountReassignment(queuer_pool, planner, batch=500, after=A_DAY)
    await planner.plan(list(people))
    while len(await stage.simulator.effects(account_id="acc-premium")) < 2:
        assert await act(stage, queuer_pool)
    await stage.simulator.lever("/accounts/acc-premium/disconnect")
    while await stage.pool.fetchval("SELECT status = 'usable' FROM accounts WHERE id = $1", stage.account):
        assert await act(stage, queuer_pool)
    await hand_over.round()
    assert await planned_of(stage, stage.account) == PEOPLE / 2 - 2, "it may come back"

    await show(stage, max(BASE, await stage.pool.fetchval("SELECT business_now()")) + A_DAY)
    await hand_over.round()
    assert await planned_of(stage, stage.account) == 0
    while await planned_of(stage, other):
        assert await act(stage, queuer_pool)

    invited = Counter(effect["recipient"] for effect in await stage.simulator.effects())
    assert invited == dict.fromkeys(people.values(), 1)
    by = Counter(effect["account_id"] for effect in await stage.simulator.effects())
    assert by == {"acc-premium": 2, "acc-second": PEOPLE - 2}
    kept = await stage.pool.fetchval(
        "SELECT count(*) FROM campaign_prospects WHERE account_id = $1 AND status = 'connection_request_sent'", stage.account
    )
    assert kept == 2, "whoever it has written to stays with it"


async def planned_of(stage: Stage, account: UUID) -> int:
    """How many sends the account still has to make."""
    count: int = await stage.pool.fetchval(
        "SELECT count(*) FROM send_queue WHERE account_id = $1 AND status IN ('pending', 'dispatched', 'sending')", account
    )
    return count
