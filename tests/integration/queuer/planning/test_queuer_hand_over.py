"""An account that is gone leaves those it has not written to to the campaign's others, and nobody else."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.queuer.store.planning import reassign_account as store
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.reassign_account import AccountReassignment
from tests.integration.queuer.world import World, an_attempt, make_world
from tests.support.builders import BASE, set_clock
from tests.support.facts import eventually

A_DAY = timedelta(hours=24)


@pytest.fixture
def hand_over(queuer_pool: asyncpg.Pool, planner: Planner) -> AccountReassignment:
    """As production runs it."""
    return AccountReassignment(queuer_pool, planner, batch=500, after=A_DAY)


async def planned(pool: asyncpg.Pool, planner: Planner, people: int, **world: Any) -> World:
    """A campaign of two accounts whose people are planned."""
    made = await make_world(pool, accounts=2, **world)
    await planner.plan(await made.enrol(people))
    return made


async def lose(pool: asyncpg.Pool, account: UUID, *, at: timedelta = timedelta(), now: timedelta = A_DAY) -> None:
    """The account lost its session at one moment, and it is another now; both after BASE."""
    await pool.execute(
        "UPDATE accounts SET status = 'disconnected', status_reason = 'CREDENTIALS', status_changed_at = $2 WHERE id = $1",
        account,
        BASE + at,
    )
    async with pool.acquire() as connection:
        await set_clock(connection, BASE + now)


async def has(pool: asyncpg.Pool, account: UUID) -> int:
    """How many people have this account, by their own row and by that of their send."""
    row = await pool.fetchrow(
        """SELECT (SELECT count(*) FROM campaign_prospects WHERE account_id = $1) AS people,
                  (SELECT count(*) FROM send_queue WHERE account_id = $1) AS sends""",
        account,
    )
    assert row is not None
    assert row["people"] == row["sends"]
    return int(row["people"])


async def test_people_without_contact_go_to_the_other_account_with_a_new_moment_and_a_look_up(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 6)
    gone, other = world.accounts
    mine = await pool.fetchval("SELECT id FROM send_queue WHERE account_id = $1 ORDER BY scheduled_for LIMIT 1", gone)
    await pool.execute("UPDATE send_queue SET next_action = 'invitation', linkedin_user_id = 'ACoAAseenByGone' WHERE id = $1", mine)
    last = await pool.fetchval("SELECT max(scheduled_for) FROM send_queue WHERE account_id = $1", other)
    await lose(pool, gone)
    await hand_over.round()
    assert (await has(pool, gone), await has(pool, other)) == (0, 6)
    moved = await pool.fetchrow("SELECT * FROM send_queue WHERE id = $1", mine)
    assert moved is not None
    assert (moved["status"], moved["next_action"], moved["linkedin_user_id"], moved["message"]) == (
        "pending",
        "profile_lookup",
        None,
        "Hi Ana",
    )
    assert moved["scheduled_for"] > max(last, BASE + A_DAY - timedelta(seconds=1))
    lanes = await pool.fetch("SELECT action FROM lanes WHERE account_id = $1 AND campaign_id = $2 ORDER BY action", other, world.campaign)
    assert [row["action"] for row in lanes] == ["invitation", "profile_lookup"]
    assert await pool.fetchval("SELECT wake_at IS NOT NULL FROM accounts WHERE id = $1", other)
    line = await pool.fetchrow("SELECT * FROM audit_log WHERE verb = 'hand over'")
    assert line is not None
    assert (line["object_id"], line["workspace_id"], line["details"]["given_to"]) == (str(gone), world.workspace, {str(other): 3})
    assert "CREDENTIALS" in line["details"]["why"]
    await hand_over.round()
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'hand over'") == 1, "once"


async def test_a_session_that_was_lost_a_moment_ago_hands_over_nobody_unless_the_setting_says_at_once(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 4)
    gone = world.accounts[0]
    await lose(pool, gone, now=A_DAY - timedelta(minutes=1))
    await hand_over.round()
    assert await has(pool, gone) == 2
    await AccountReassignment(queuer_pool, planner, batch=500, after=timedelta(0)).round()
    assert await has(pool, gone) == 0


async def test_whoever_was_or_may_have_been_written_to_stays(pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment) -> None:
    world = await planned(pool, planner, 14)
    gone = world.accounts[0]
    sends = await pool.fetch("SELECT id, prospect_id FROM send_queue WHERE account_id = $1 ORDER BY id", gone)
    invited, unknown, looking, looked, refused, dispatched, held = sends
    await pool.execute(
        "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = $2 WHERE id = $1", invited["prospect_id"], BASE
    )
    await an_attempt(pool, unknown["id"], state="unknown", action="invitation")
    await an_attempt(pool, looking["id"], state="intent")
    await an_attempt(pool, looked["id"], state="accepted")
    await an_attempt(pool, refused["id"], state="refused", action="invitation")
    await pool.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = 1 WHERE id = $1", dispatched["id"])
    await pool.execute("UPDATE send_queue SET held_for = 'connection' WHERE id = $1", held["id"])
    await lose(pool, gone)
    await hand_over.round()
    stayed = {row["id"] for row in await pool.fetch("SELECT id FROM send_queue WHERE account_id = $1", gone)}
    assert stayed == {each["id"] for each in (invited, unknown, looking, dispatched, held)}
    for each in (looked, refused):
        assert await pool.fetchval("SELECT account_id FROM campaign_prospects WHERE id = $1", each["prospect_id"]) == world.accounts[1]
    await pool.execute("UPDATE send_queue SET status = 'pending' WHERE id = $1", dispatched["id"])  # no sender took it: its lease ran out
    await hand_over.round()
    assert await has(pool, gone) == 4


async def test_a_send_that_is_being_dispatched_at_this_moment_is_not_moved(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 4)
    gone = world.accounts[0]
    one = await pool.fetchval("SELECT id FROM send_queue WHERE account_id = $1 ORDER BY id LIMIT 1", gone)
    await lose(pool, gone)
    async with pool.acquire() as connection:
        begun = connection.transaction()
        await begun.start()
        await connection.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = dispatch_no + 1 WHERE id = $1", one)
        await asyncio.wait_for(hand_over.round(), 10)
        await begun.commit()
    assert await pool.fetchval("SELECT account_id FROM send_queue WHERE id = $1", one) == gone
    assert await has(pool, gone) == 1


async def test_an_account_that_comes_back_while_its_lock_is_waited_for_keeps_everybody(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 4)
    gone = world.accounts[0]
    await lose(pool, gone)
    async with pool.acquire() as connection:
        back = connection.transaction()
        await back.start()
        await connection.execute("UPDATE accounts SET status = 'usable' WHERE id = $1", gone)
        waiting = asyncio.create_task(hand_over.round())
        await eventually(lambda: _somebody_waits(pool), what="the hand-over to wait for the account")
        await back.commit()
    await waiting
    assert await has(pool, gone) == 2


async def _somebody_waits(pool: asyncpg.Pool) -> bool:
    waits: bool = await pool.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
    )
    return waits


async def test_without_another_account_that_can_act_everybody_waits(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 4)
    for account in world.accounts:
        await lose(pool, account)
    await hand_over.round()
    assert [await has(pool, account) for account in world.accounts] == [2, 2]


async def test_an_account_taken_out_of_its_campaign_hands_over_at_once(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 6)
    out, other = world.accounts
    await pool.execute("DELETE FROM campaign_accounts WHERE account_id = $1", out)
    while await hand_over.round():
        pass
    assert (await has(pool, out), await has(pool, other)) == (0, 6)
    assert "removed" in await pool.fetchval("SELECT details ->> 'why' FROM audit_log WHERE verb = 'hand over'")


async def test_a_paused_account_or_campaign_keeps_its_people(pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment) -> None:
    world = await planned(pool, planner, 4)
    await pool.execute("UPDATE accounts SET status = 'paused', status_changed_at = $2 WHERE id = $1", world.accounts[0], BASE - A_DAY)
    await hand_over.round()
    assert await has(pool, world.accounts[0]) == 2
    await lose(pool, world.accounts[0])
    await pool.execute("UPDATE campaigns SET status = 'paused'")
    await hand_over.round()
    assert await has(pool, world.accounts[0]) == 2


async def test_words_are_found_anew_within_the_new_accounts_limit(
    pool: asyncpg.Pool, planner: Planner, hand_over: AccountReassignment
) -> None:
    world = await planned(pool, planner, 2, message_templates={"connection_request": "x" * 250})
    gone, other = world.accounts
    await pool.execute("UPDATE accounts SET account_type = 'free' WHERE id = $1", other)
    await lose(pool, gone)
    await hand_over.round()
    send = await pool.fetchrow("SELECT * FROM send_queue WHERE prospect_id = (SELECT id FROM campaign_prospects WHERE status = 'failed')")
    assert send is not None
    assert (send["account_id"], send["status"]) == (other, "failed")
    assert "250" in send["error_message"]
    assert "200" in send["error_message"]


async def test_several_at_once_hand_everybody_over_once(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner) -> None:
    world = await planned(pool, planner, 20)
    gone, other = world.accounts
    await lose(pool, gone)
    many = [AccountReassignment(queuer_pool, planner, batch=3, after=A_DAY) for _ in range(3)]
    await asyncio.gather(*(_until_done(each) for each in many))
    assert (await has(pool, gone), await has(pool, other)) == (0, 20)
    moments = [row["scheduled_for"] for row in await pool.fetch("SELECT scheduled_for FROM send_queue ORDER BY scheduled_for")]
    assert len(set(moments)) == 20
    handed = await pool.fetch("SELECT jsonb_array_elements_text(details -> 'prospects') AS who FROM audit_log WHERE verb = 'hand over'")
    assert len(handed) == len({row["who"] for row in handed}) == 10


async def _until_done(hand_over: AccountReassignment) -> None:
    while await hand_over.round():
        pass


async def test_no_lock_is_taken_for_an_account_with_nobody_left_to_hand_over(
    pool: asyncpg.Pool, queuer_pool: asyncpg.Pool, planner: Planner
) -> None:
    world = await make_world(pool, accounts=2)
    async with pool.acquire() as holder, holder.transaction(), queuer_pool.acquire() as connection:
        await holder.execute("SELECT FROM accounts FOR UPDATE")
        work = store.AccountCampaign(world.accounts[0], world.campaign)
        assert await asyncio.wait_for(store.detach_prospects(connection, work, lost_before=BASE, most=5), 5) is None
