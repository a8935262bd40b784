"""Invitations that nobody answers are planned to be taken back: where the campaign says so, once, at moments of their account."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from services.queuer.store.dispatch import dispatch
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.withdraw import WithdrawalPlanner
from shared.db.statements import business_now
from shared.refusals import Refused
from tests.integration.queuer.world import World, make_world
from tests.support.builders import BASE, set_clock

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


async def waiting(
    pool: asyncpg.Pool, planner: Planner, count: int = 1, *, ref: str | None = "70", **campaign: Any
) -> tuple[World, list[UUID]]:
    """So many people invited at BASE; the clock shows 22 days later."""
    world = await make_world(pool, **{"withdraw_after_days": 21, **campaign})
    people = await world.enrol(count)
    await planner.plan(people)
    await pool.execute("UPDATE send_queue SET status = 'dispatched', linkedin_user_id = 'ACoAA' || left(id::text, 8)")
    await pool.execute("UPDATE send_queue SET status = 'sending'")
    await pool.execute("UPDATE send_queue SET status = 'sent', sent_at = $1", BASE)
    await pool.execute(
        """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                      dispatch_no, recipient_id, decided_at, valid_until, act_by, counted_on, provider_ref)
           SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, 'invitation', 'accepted', 'a sender', 1,
                  linkedin_user_id, $1, $1, clock_timestamp(), $2, $3::text || id FROM send_queue""",
        BASE,
        BASE.date(),
        ref,
    )
    await pool.execute("UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = $1", BASE)
    async with pool.acquire() as connection:
        await set_clock(connection, BASE + 22 * DAY)
    return world, people


async def planned(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await pool.fetch("SELECT * FROM send_queue WHERE action = 'withdrawal' ORDER BY scheduled_for")
    return rows


async def test_an_invitation_that_waited_long_enough_is_planned_once_and_dispatched(
    pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool
) -> None:
    _, [prospect] = await waiting(pool, planner)
    withdrawer = WithdrawalPlanner(queuer_pool)
    for _ in range(3):
        assert await withdrawer.sweep() is False
    [send] = await planned(pool)
    assert (send["prospect_id"], send["message_type"], send["status"]) == (prospect, "withdrawal", "pending")
    assert send["linkedin_user_id"].startswith("ACoAA")
    follow_up = await pool.fetchval("SELECT follow_up_due_at FROM campaign_prospects WHERE id = $1", prospect)
    assert follow_up < BASE + DAY, "a withdrawal is no follow-up"
    async with queuer_pool.acquire() as connection, connection.transaction():
        now = await business_now(connection)
        awake = await dispatch.lock_awake(connection, now=now, most=10)
        due = await dispatch.dispatch(connection, awake, now=now, lease=timedelta(minutes=1), longest=timedelta(minutes=1))
    assert [each.send_id for each in due] == [send["id"]]


async def test_nothing_is_taken_back_unless_the_campaign_says_so_and_before_its_time(
    pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool
) -> None:
    world, _ = await waiting(pool, planner, withdraw_after_days=None)
    await WithdrawalPlanner(queuer_pool).sweep()
    assert await planned(pool) == []
    assert (await change_campaign(pool, world.campaign, CampaignChanges(settings={"withdraw_after_days": 30}))).changed
    await WithdrawalPlanner(queuer_pool).sweep()
    assert await planned(pool) == []
    assert (await change_campaign(pool, world.campaign, CampaignChanges(settings={"withdraw_after_days": 21}))).changed
    await WithdrawalPlanner(queuer_pool).sweep()
    assert len(await planned(pool)) == 1


async def test_withdrawals_are_spaced_and_capped_like_everything_an_account_does(
    pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool
) -> None:
    await waiting(pool, planner, 45)
    await WithdrawalPlanner(queuer_pool).sweep()
    moments = [send["scheduled_for"] for send in await planned(pool)]
    assert all(later - earlier >= timedelta(seconds=120) for earlier, later in pairwise(moments))
    local = [moment.astimezone(NEW_YORK) for moment in moments]
    assert all(7 <= at.hour < 18 and at.weekday() < 5 for at in local)
    days = [at.date() for at in local]
    assert [days.count(day) for day in sorted(set(days))] == [40, 5]


async def test_who_accepted_or_answered_is_not_taken_back(pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool) -> None:
    _, [accepted, answered] = await waiting(pool, planner, 2)
    await pool.execute("UPDATE campaign_prospects SET status = 'connected' WHERE id = $1", accepted)
    await pool.execute(
        "UPDATE leads SET last_reply_at = $2 WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", answered, BASE + DAY
    )
    await WithdrawalPlanner(queuer_pool).sweep()
    assert [(send["prospect_id"], send["status"]) for send in await planned(pool)] == [(answered, "skipped")]


async def test_an_invitation_without_an_id_waits_until_the_list_has_shown_it(
    pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool
) -> None:
    await waiting(pool, planner, ref=None)
    await WithdrawalPlanner(queuer_pool).sweep()
    assert await planned(pool) == []
    await pool.execute("UPDATE send_attempts SET provider_ref = '71'")
    await WithdrawalPlanner(queuer_pool).sweep()
    assert len(await planned(pool)) == 1


async def test_what_was_skipped_while_it_was_off_is_planned_again(pool: asyncpg.Pool, planner: Planner, queuer_pool: asyncpg.Pool) -> None:
    world, _ = await waiting(pool, planner)
    await WithdrawalPlanner(queuer_pool).sweep()
    await change_campaign(pool, world.campaign, CampaignChanges(settings={"withdraw_after_days": 0}))
    await pool.execute("UPDATE send_queue SET status = 'skipped', error_message = 'withdrawal_off' WHERE action = 'withdrawal'")
    await WithdrawalPlanner(queuer_pool).sweep()
    assert (await planned(pool))[0]["status"] == "skipped"
    await change_campaign(pool, world.campaign, CampaignChanges(settings={"withdraw_after_days": 14}))
    await WithdrawalPlanner(queuer_pool).sweep()
    assert [send["status"] for send in await planned(pool)] == ["pending"]


async def test_only_a_campaign_that_invites_takes_back_and_only_after_a_number_of_days(pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    for days in (-1, 366):
        with pytest.raises(Refused, match="write 1 to 365 days"):
            await change_campaign(pool, world.campaign, CampaignChanges(settings={"withdraw_after_days": days}))
    messenger = await make_world(pool, campaign_type="messenger", message_templates={"direct_message_1": "Hi"})
    with pytest.raises(Refused, match="sends no invitations"):
        await change_campaign(pool, messenger.campaign, CampaignChanges(settings={"withdraw_after_days": 21}))


async def test_whom_a_member_invited_by_hand_is_not_planned(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1, linkedin_vanity="ana-by-hand")
    await pool.execute(
        """INSERT INTO foreign_invitations (account_id, invitation_id, workspace_id, recipient_id, public_identifier, sent_at, counted,
                                            listed_at)
           VALUES ($1, '7', $2, 'ACoAAana', 'ana-by-hand', $3, false, $3)""",
        world.accounts[0],
        world.workspace,
        BASE - DAY,
    )
    await planner.plan([prospect])
    [send] = await world.sends()
    assert (send["status"], send["error_message"]) == ("skipped", "invited_by_hand")
    assert (await world.prospect(prospect))["status"] == "failed"


async def test_invitations_by_hand_take_their_place_in_the_planned_week(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await pool.execute(
        """INSERT INTO foreign_invitations (account_id, invitation_id, workspace_id, sent_at, counted_on, counted, listed_at)
           SELECT $1, n::text, $2, $3::timestamptz + n * interval '1 minute', $4, true, $3 FROM generate_series(1, 100) n""",
        world.accounts[0],
        world.workspace,
        BASE - 2 * DAY,
        (BASE - 2 * DAY).date(),
    )
    await planner.plan(await world.enrol(1))
    [send] = await world.sends()
    assert send["scheduled_for"] > BASE + 5 * DAY, "the week is full until then"
