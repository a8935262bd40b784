"""Planning on the real database: who gets which message, from which account, at which moment."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from services.queuer.workflows.people.timezones import derive_zones
from services.queuer.workflows.planning.plan import Planner
from shared.vocabulary.identity import send_id
from tests.integration.queuer.world import make_world
from tests.support.builders import BASE, a_campaign, a_prospect

NEW_YORK = ZoneInfo("America/New_York")
SPACING = timedelta(seconds=120)


async def test_planning_twice_is_one_row(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1)
    await asyncio.gather(planner.plan([prospect]), planner.plan([prospect]))
    await planner.plan([prospect, prospect])
    [send] = await world.sends()
    assert send["id"] == send_id(prospect, "connection_request")
    assert (send["status"], send["next_action"], send["message"]) == ("pending", "profile_lookup", "Hi Ana")
    assert (await world.prospect(prospect))["workflow_id"] is not None


async def test_accounts_take_turns_and_keep_their_prospects(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, accounts=3)
    first, second = await world.enrol(4), await world.enrol(2)
    await planner.plan(first)
    before = {p: (await world.prospect(p))["account_id"] for p in first}
    await planner.plan([*first, *second])
    assert {p: (await world.prospect(p))["account_id"] for p in first} == before
    counts = await pool.fetch("SELECT count(*) AS n FROM send_queue GROUP BY account_id")
    assert [row["n"] for row in counts] == [2, 2, 2]


async def test_accounts_share_by_what_each_may_still_send(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, accounts=3)
    day = BASE.astimezone(NEW_YORK).date()
    one, two, _ = world.accounts
    await pool.executemany(
        "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', $3)",
        [(one, day, 30), (two, day, 20)],
    )
    await planner.plan(await world.enrol(21))  # 10, 20 and 40 are left
    assert await per_account(pool, world.accounts) == [3, 6, 12]
    for prospect in await world.enrol(14):
        await planner.plan([prospect])  # one by one, as events come
    assert await per_account(pool, world.accounts) == [5, 10, 20]
    await planner.plan(await world.enrol(35))
    assert await per_account(pool, world.accounts) == [10, 20, 40], "everybody's day is full"
    planned = await pool.fetch("SELECT account_id, scheduled_for FROM send_queue")
    assert {row["scheduled_for"].astimezone(NEW_YORK).date() for row in planned} == {day}
    await planner.plan(await world.enrol(60))
    assert await per_account(pool, world.accounts) == [30, 40, 60], "60, 60 and 60 were left of the week"


async def per_account(pool: asyncpg.Pool, accounts: list[UUID]) -> list[int]:
    """How many sends each of these accounts has."""
    counts = {row["account_id"]: row["n"] for row in await pool.fetch("SELECT account_id, count(*) AS n FROM send_queue GROUP BY 1")}
    return [counts.get(account, 0) for account in accounts]


async def test_an_account_that_cannot_act_is_passed_over(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, accounts=2)
    await pool.execute("UPDATE accounts SET status = 'disconnected' WHERE id = $1", world.accounts[0])
    await planner.plan(await world.enrol(3))
    assert {send["account_id"] for send in await world.sends()} == {world.accounts[1]}


async def test_planned_moments_keep_spacing_hours_and_the_daily_cap(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(60))
    await planner.plan(await world.enrol(30))  # goes on behind the first sixty
    sends = await world.sends()
    moments = [send["scheduled_for"] for send in sends]
    assert len(moments) == 90
    assert moments[0] >= BASE
    # A look-up and an invitation each: twice the spacing.
    assert all(later - earlier >= 2 * SPACING for earlier, later in pairwise(moments))
    local = [moment.astimezone(NEW_YORK) for moment in moments]
    assert all(7 <= at.hour < 18 and at.weekday() < 5 for at in local)
    days = [at.date() for at in local]
    assert [days.count(day) for day in sorted(set(days))] == [40, 40, 10]


async def test_a_new_accounts_days_are_planned_by_its_warm_up(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, account={"warm_up_from": BASE.date()})
    await planner.plan(await world.enrol(30))
    await planner.plan(await world.enrol(15))
    days = [send["scheduled_for"].astimezone(NEW_YORK).date() for send in await world.sends()]
    # 20, 26, 32 and 38 % of 40, then over the weekend 56 %
    assert [days.count(day) for day in sorted(set(days))] == [8, 10, 12, 15]
    await planner.plan(await world.enrol(30))
    days = [send["scheduled_for"].astimezone(NEW_YORK).date() for send in await world.sends()]
    assert [days.count(day) for day in sorted(set(days))][4] == 22


async def test_a_week_of_the_accounts_own_holds_no_more_than_that(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, account={"weekly_cr_limit": 10})
    await planner.plan(await world.enrol(25))
    moments = [send["scheduled_for"] for send in await world.sends()]
    assert all(moments[n + 10] - moments[n] >= timedelta(hours=168) for n in range(15))


async def test_a_lead_who_is_in_another_sequence_by_now_is_planned_all_the_same(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [first] = await world.enrol(1)
    async with pool.acquire() as connection:
        other = await a_campaign(connection, world.workspace, world.accounts, campaign_name="Spring")
        lead = (await world.prospect(first))["lead_id"]
        await a_prospect(connection, other, lead, status="messaging", contacted_at=BASE)
        await connection.execute("UPDATE leads SET campaign_id = $2 WHERE id = $1", lead, other)
    await planner.plan([first])
    [send] = [each for each in await world.sends() if each["prospect_id"] == first]
    assert (send["status"], (await world.prospect(first))["status"]) == ("pending", "pending")


async def test_a_week_holds_no_more_invitations_than_its_cap(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(130))
    moments = [send["scheduled_for"] for send in await world.sends()]
    assert all(later - earlier >= timedelta(hours=168) for earlier, later in zip(moments, moments[100:], strict=False))


async def test_what_left_today_counts_against_todays_cap(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    day = BASE.astimezone(NEW_YORK).date()
    await pool.execute(
        "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', 38)", *world.accounts, day
    )
    await planner.plan(await world.enrol(5))
    days = [send["scheduled_for"].astimezone(NEW_YORK).date() for send in await world.sends()]
    assert days == [day] * 2 + [day + timedelta(days=1)] * 3


async def test_a_missing_value_blocks_skips_or_stays_blank_as_the_campaign_says(pool: asyncpg.Pool, planner: Planner) -> None:
    seen = {}
    for choice in ("block", "skip", "blank"):
        world = await make_world(pool, on_missing=choice, message_templates={"connection_request": "Hi {firstName}!"})
        [prospect] = await world.enrol(1, first_name="")
        await planner.plan([prospect])
        send = await pool.fetchrow("SELECT status, message, error_message FROM send_queue WHERE prospect_id = $1", prospect)
        row = await world.prospect(prospect)
        assert send is not None
        seen[choice] = (send["status"], send["message"], row["status"], row["outcome"])
        assert (send["error_message"] is None) == (choice == "blank")
    assert seen == {
        "block": ("failed", "", "failed", "blocked"),
        "skip": ("skipped", "", "failed", "skipped"),
        "blank": ("pending", "Hi!", "pending", None),
    }


async def test_a_note_too_long_for_its_account_is_refused_with_both_numbers(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, account={"account_type": "free"}, message_templates={"connection_request": "x" * 201})
    [prospect] = await world.enrol(1)
    await planner.plan([prospect])
    [send] = await world.sends()
    assert send["status"] == "failed"
    assert "201" in send["error_message"]
    assert "200" in send["error_message"]
    assert (await world.prospect(prospect))["status"] == "failed"


async def test_a_long_note_goes_to_an_account_that_may_say_so_much(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, accounts=2, message_templates={"connection_request": "x" * 201})
    await pool.execute("UPDATE accounts SET account_type = 'free' WHERE id = $1", world.accounts[0])
    await planner.plan(await world.enrol(4))
    assert {(send["account_id"], send["status"]) for send in await world.sends()} == {(world.accounts[1], "pending")}


async def test_an_empty_template_invites_without_a_note(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, message_templates={"connection_request": ""})
    await planner.plan(await world.enrol(1))
    [send] = await world.sends()
    assert (send["status"], send["message"]) == ("pending", "")


async def test_a_lead_without_any_linkedin_address_is_refused(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(1, linkedin_vanity=None, identity="mail:ana@example.com"))
    [send] = await world.sends()
    assert send["status"] == "failed"
    assert "LinkedIn" in send["error_message"]


async def test_a_classic_id_and_a_known_recipient_need_no_look_up(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [direct] = await world.enrol(1, linkedin_id="ACoAAdirect")
    [known] = await world.enrol(1)
    lead = (await world.prospect(known))["lead_id"]
    await pool.execute(
        "INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, resolved_at) VALUES ($1, $2, $3, 'ACoAAknown', $4)",
        world.accounts[0],
        lead,
        world.workspace,
        BASE - timedelta(days=2),
    )
    await planner.plan([direct, known])
    sends = {send["prospect_id"]: (send["next_action"], send["linkedin_user_id"]) for send in await world.sends()}
    assert sends == {direct: ("invitation", "ACoAAdirect"), known: ("invitation", "ACoAAknown")}


async def test_lanes_open_and_the_account_wakes_for_its_first_send(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(3))
    lanes = await pool.fetch("SELECT action FROM lanes ORDER BY action")
    assert [row["action"] for row in lanes] == ["invitation", "profile_lookup"]
    assert await pool.fetchval("SELECT wake_at FROM accounts") == (await world.sends())[0]["scheduled_for"]


async def test_an_accepted_connection_gets_its_follow_up_after_the_delay(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1, linkedin_id="ACoAAone")
    await planner.plan([prospect])
    await deliver(pool, prospect, "connection_request")
    await pool.execute(
        "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = $2 WHERE id = $1",
        prospect,
        BASE - timedelta(days=1),
    )
    await planner.plan([prospect])
    assert len(await world.sends()) == 1, "nothing follows an invitation that nobody has accepted"
    await pool.execute("UPDATE campaign_prospects SET status = 'connected', connected_at = $2 WHERE id = $1", prospect, BASE)
    await planner.plan([prospect])
    await planner.plan([prospect])
    _, follow_up = await world.sends()
    due = BASE + timedelta(days=3)
    assert (follow_up["message_type"], follow_up["message"]) == ("direct_message_1", "Thanks, Ana")
    assert due <= follow_up["scheduled_for"] < due + timedelta(hours=1)
    assert (await world.prospect(prospect))["follow_up_due_at"] == due

    await deliver(pool, prospect, "direct_message_1")
    await pool.execute("UPDATE campaign_prospects SET status = 'messaging' WHERE id = $1", prospect)
    await planner.plan([prospect])
    row = await world.prospect(prospect)
    assert (row["status"], row["outcome"]) == ("completed", "finished")
    assert row["completed_at"] is not None


async def test_follow_ups_keep_their_distance_from_planned_invitations(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    await planner.plan(await world.enrol(100))
    async with pool.acquire() as connection:
        connected = await world.enrol(20, linkedin_id=None)
        await connection.execute(
            "UPDATE campaign_prospects SET status = 'connected', connected_at = $2, account_id = $3 WHERE id = ANY($1)",
            connected,
            BASE - timedelta(days=2),
            world.accounts[0],
        )
    await planner.plan(connected)
    moments = [send["scheduled_for"] for send in await world.sends()]
    assert len(moments) == 120
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))


async def test_a_paused_campaign_is_not_begun_but_its_sequences_go_on(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, status="paused")
    fresh, connected = await world.enrol(2)
    await pool.execute(
        "UPDATE campaign_prospects SET status = 'connected', connected_at = $2, account_id = $3 WHERE id = $1",
        connected,
        BASE,
        *world.accounts,
    )
    await planner.plan([fresh, connected])
    assert [send["prospect_id"] for send in await world.sends()] == [connected]


async def test_a_lead_who_opted_out_gets_a_row_that_says_so(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool)
    [prospect] = await world.enrol(1, opted_out_at=BASE)
    await planner.plan([prospect])
    [send] = await world.sends()
    assert (send["status"], send["error_message"]) == ("skipped", "opted_out")
    assert (await world.prospect(prospect))["status"] == "opted_out"


async def test_the_sweep_finds_what_no_event_told_and_campaigns_take_turns(pool: asyncpg.Pool, queuer_pool: asyncpg.Pool) -> None:
    worlds = [await make_world(pool), await make_world(pool)]
    for world in worlds:
        await world.enrol(3)
    planner = Planner(queuer_pool, batch=2, recipients_stay_fresh=timedelta(days=30))
    for _ in worlds:
        await planner.sweep()
    assert await pool.fetchval("SELECT count(DISTINCT campaign_id) FROM send_queue") == 2
    while await planner.sweep():
        pass
    assert await pool.fetchval("SELECT count(*) FROM send_queue") == 6


async def test_unreadable_hours_plan_nothing_and_do_not_keep_the_sweep_busy(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, schedule_settings={"timezone": "Mars/Olympus"})
    await world.enrol(1)
    rounds = 0
    while await planner.sweep():
        rounds += 1
        assert rounds < 5
    assert await world.sends() == []


async def deliver(pool: asyncpg.Pool, prospect_id: object, message_type: str) -> None:
    """Let a send take its legal way to sent."""
    for status in ("dispatched", "sending", "sent"):
        await pool.execute(
            """UPDATE send_queue SET status = $3::send_status, dispatch_no = 1, sent_at = business_now()
                WHERE prospect_id = $1 AND message_type = $2""",
            prospect_id,
            message_type,
            status,
        )


async def test_each_prospect_is_planned_in_its_own_hours_and_no_zone_waits_for_another(pool: asyncpg.Pool, planner: Planner) -> None:
    world = await make_world(pool, schedule_settings={"window_zone": "prospect", "working_hours_end": 9})
    zones = {"Pacific/Auckland": 7, "Europe/London": 7, "": 7}
    people = {zone: [(await world.enrol(1, timezone=zone))[0] for _ in range(12)] for zone in zones}
    everybody = [one for three in zip(*people.values(), strict=True) for one in three]
    await planner.plan(everybody[:18])
    await planner.plan(everybody[18:])
    by_person = {send["prospect_id"]: send["scheduled_for"] for send in await world.sends()}
    for zone, opens in zones.items():
        local = [by_person[one].astimezone(ZoneInfo(zone) if zone else NEW_YORK) for one in people[zone]]
        assert all(opens <= at.hour < 9 and at.weekday() < 5 for at in local)
        assert max(by_person[one] for one in people[zone]) - BASE < timedelta(days=2)
    moments = sorted(by_person.values())
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))


async def test_leads_from_before_anybody_asked_get_the_zone_of_their_location(pool: asyncpg.Pool) -> None:
    world = await make_world(pool)
    for place, zone in (("Berlin, Germany", None), ("Remote", None), ("", None), ("Berlin, Germany", "Asia/Tokyo")):
        await world.enrol(1, location=place, timezone=zone)
    assert await derive_zones(pool) is False
    rows = await pool.fetch("SELECT location, timezone FROM leads ORDER BY created_at, id")
    assert sorted((row["location"], row["timezone"] or "") for row in rows) == [
        ("", ""),
        ("Berlin, Germany", "Asia/Tokyo"),
        ("Berlin, Germany", "Europe/Berlin"),
        ("Remote", ""),
    ]
    assert await pool.fetchval("SELECT count(*) FROM leads WHERE timezone IS NULL AND location <> ''") == 0
