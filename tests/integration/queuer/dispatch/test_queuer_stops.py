"""What ends planned sends, and what lets accounts go on."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from services.queuer.workflows.campaigns.fold_counters import fold_counters
from services.queuer.workflows.dispatch.stop import Stopper
from services.queuer.workflows.planning.plan import Planner
from shared.contracts.mail_feedback import Feedback, MailFeedback
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE, a_send


async def lead_of(world: World) -> tuple[UUID, UUID]:
    """The first prospect and its lead."""
    return world.prospects[0], (await world.prospect(world.prospects[0]))["lead_id"]


async def test_a_reply_cancels_what_is_pending_or_dispatched_and_frees_the_account(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(1))
    _, lead = await lead_of(world)
    await pool.execute("UPDATE send_queue SET status = 'dispatched'")
    await pool.execute("UPDATE accounts SET wake_at = NULL, lease_until = clock_timestamp() + interval '30 s', lease_holder = 'dispatch'")
    await pool.execute("UPDATE leads SET last_reply_at = $1", BASE)
    assert await Stopper(queuer_pool).leads([lead]) == 1
    [send] = await world.sends()
    assert (send["status"], send["error_message"]) == ("cancelled", "replied")
    account = await pool.fetchrow("SELECT lease_until, wake_at IS NOT NULL AS awake FROM accounts")
    assert account is not None
    assert (account["lease_until"], account["awake"]) == (None, True)


async def test_a_send_that_is_leaving_is_past_the_line(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(1))
    _, lead = await lead_of(world)
    await pool.execute("UPDATE send_queue SET status = 'dispatched'")
    await pool.execute("UPDATE send_queue SET status = 'sending'")
    await pool.execute("UPDATE leads SET last_reply_at = $1", BASE)
    assert await Stopper(queuer_pool).leads([lead]) == 0
    assert [send["status"] for send in await world.sends()] == ["sending"]


async def test_an_old_reply_told_again_does_not_stop_what_a_person_resumed(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1, last_reply_at=BASE - timedelta(days=9))
    await pool.execute("UPDATE campaign_prospects SET resumed_at = $1", BASE - timedelta(days=1))
    await planner.plan([prospect])
    _, lead = await lead_of(world)
    assert await Stopper(queuer_pool).leads([lead]) == 0
    assert [send["status"] for send in await world.sends()] == ["pending"]


async def test_an_answer_that_is_no_reply_stops_nothing(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(1))
    _, lead = await lead_of(world)
    assert await Stopper(queuer_pool).leads([lead]) == 0  # out of office: the lead's row knows no reply


async def test_who_has_left_gets_nothing_more_and_who_is_back_keeps_it(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool)
    gone, back = await world.enrol(2)
    await planner.plan([gone, back])
    await pool.execute("UPDATE campaign_prospects SET status = 'not_interested' WHERE id = $1", gone)
    assert await Stopper(queuer_pool).prospects([gone, back]) == 1
    assert {send["prospect_id"]: send["status"] for send in await world.sends()} == {gone: "cancelled", back: "pending"}


async def test_a_bounce_stops_the_mail_to_that_address_alone(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    world = await make_world(pool, campaign_type="email", message_templates={"email_1": "Hi"})
    [bounced] = await world.enrol(1, email="Ana@Example.com")
    [corrected] = await world.enrol(1, email="new@example.com")
    async with pool.acquire() as connection:
        for prospect in (bounced, corrected):
            await a_send(connection, prospect, world.accounts[0], action="email", message_type="email_1", status="pending")
    feedback = [
        MailFeedback(
            lead_id=(await world.prospect(prospect))["lead_id"],
            workspace_id=world.workspace,
            account_id=world.accounts[0],
            address=address,
            feedback=Feedback.BOUNCED,
            at=BASE,
        )
        for prospect, address in ((bounced, "ana@example.com"), (corrected, "old@example.com"))
    ]
    assert await Stopper(queuer_pool).mail(feedback) == 1
    assert {send["prospect_id"]: send["status"] for send in await world.sends()} == {bounced: "cancelled", corrected: "pending"}


async def test_an_account_that_may_act_again_wakes_if_it_has_work(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, accounts=3)
    await planner.plan(await world.enrol(2))
    working, lost, idle = world.accounts
    await pool.execute("UPDATE accounts SET wake_at = NULL")
    await pool.execute("UPDATE accounts SET status = 'disconnected' WHERE id = $1", lost)
    assert await Stopper(queuer_pool).accounts([working, lost, idle]) == 1
    assert await pool.fetchval("SELECT array_agg(id) FROM accounts WHERE wake_at IS NOT NULL") == [working]


async def test_counters_are_folded_once(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    await world.enrol(5)
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", world.prospects[0])
    await fold_counters(queuer_pool)
    await fold_counters(queuer_pool)
    row = await pool.fetchrow("SELECT prospects_count, active_leads_count, opted_out_count FROM campaigns")
    assert row is not None
    assert tuple(row) == (5, 4, 1)
    assert await pool.fetchval("SELECT count(*) FROM campaign_counter_deltas") == 0
