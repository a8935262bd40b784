"""A campaign whose people are all at an end is completed by itself, and goes on by itself when somebody is added."""

from uuid import UUID

import asyncpg
import pytest

from services.healer.rules.notices.notice_texts import word_completed_campaign
from services.healer.store.notices import notices
from services.queuer.workflows.campaigns import run
from services.queuer.workflows.campaigns.finish import finish_campaigns
from services.queuer.workflows.insight import failed_sends as desk
from services.queuer.workflows.people.approve import approve
from services.queuer.workflows.planning.plan import Planner
from shared.refusals import Conflict, Refused
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE, a_lead, a_send, insert


async def status(world: World) -> tuple[str, bool]:
    """The campaign's, and whether it came to it by itself."""
    row = await world.pool.fetchrow("SELECT status::text, completed_by_itself FROM campaigns WHERE id = $1", world.campaign)
    assert row is not None
    return tuple(row)


async def an_imported_row(world: World) -> UUID:
    """Somebody who waits for a person's yes."""
    async with world.pool.acquire() as connection:
        lead = await a_lead(connection, world.workspace)
        whose = {"workspace_id": world.workspace, "campaign_id": world.campaign}
        batch = await insert(connection, "lead_batches", **whose, file_name="x", file_format="csv")
        row: UUID = await insert(connection, "prospect_approval_data", **whose, lead_id=lead, batch_id=batch, line=1)
        return row


async def test_it_ends_with_its_last_person_and_goes_on_with_the_next(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool)
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("running", False), "a campaign that never had anybody waits for its people"
    one, two = await world.enrol(2)
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", one)
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("running", False)
    await pool.execute("UPDATE campaign_prospects SET status = 'not_interested' WHERE id = $1", two)
    row = await an_imported_row(world)
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("running", False), "somebody waits for a yes"
    await pool.execute("UPDATE prospect_approval_data SET status = 'rejected' WHERE id = $1", row)
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("completed", True)
    async with pool.acquire() as connection:
        [told] = await notices.fetch_completed_campaigns(connection, most=10)
        again = await approve(connection, campaign_id=world.campaign, actor="ana", now=BASE, ids=[row], again=True)
    assert (told.people, told.replied) == (2, 0)
    assert "2 people" in word_completed_campaign(told).text
    assert again.enrolled == 1
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("running", False)
    assert await planner.plan([await pool.fetchval("SELECT id FROM campaign_prospects WHERE status = 'pending'")]) == 1
    deeds = await pool.fetch("SELECT actor, verb FROM audit_log WHERE object = 'campaign' AND actor = 'queuer' ORDER BY id")
    assert [tuple(deed) for deed in deeds] == [("queuer", "complete"), ("queuer", "go_on")]


async def test_what_a_person_completes_stays_so(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    [person] = await world.enrol(1)
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", person)
    await finish_campaigns(queuer_pool)
    with pytest.raises(Conflict, match="goes on by itself as soon as a lead is approved"):
        await run.start(pool, world.campaign)
    assert (await run.complete(pool, world.campaign)).changed
    assert await status(world) == ("completed", False)
    row = await an_imported_row(world)
    async with pool.acquire() as connection:
        with pytest.raises(Refused, match="can be enrolled in it any more"):
            await approve(connection, campaign_id=world.campaign, actor="ana", now=BASE, ids=[row])
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("completed", False)


async def test_a_failed_send_that_is_retried_brings_its_campaign_back(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    [person] = await world.enrol(1)
    async with pool.acquire() as connection:
        send = await a_send(connection, person, world.accounts[0], status="failed", error_message="unusable")
    await pool.execute("UPDATE campaign_prospects SET status = 'failed' WHERE id = $1", person)
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("completed", True)
    assert (await desk.retry(pool, send, actor="ana")).changed
    await finish_campaigns(queuer_pool)
    assert await status(world) == ("running", False)
