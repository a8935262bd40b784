"""Warm-up, cool-downs, sequences and what piled up while an account was away, judged by what the provider saw."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from services.queuer.workflows.planning.release_held import HeldSequenceRelease
from shared.contracts.sends_completed import SendCompleted
from shared.policy import SPACING, jitter
from tests.integration.sender.conftest import BASE, Stage
from tests.support import builders

SPEED = 120
"""Business seconds in a real one: the spacing takes a second."""


async def test_a_new_account_stops_at_the_share_of_its_first_day(stage: Stage) -> None:
    await stage.pool.execute("UPDATE accounts SET warm_up_from = $2 WHERE id = $1", stage.account, BASE.date())
    await stage.pool.execute("INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', 8)",
                             stage.account, BASE.date())  # fmt: skip
    send, _ = await stage.due()
    await an_open_lane(stage)
    await stage.begin(send)
    await stage.settled()
    assert (await stage.send_row(send))["status"] == "pending"
    assert await stage.effects() == []
    lane = await stage.pool.fetchrow(
        "SELECT reason, closed_until FROM lanes WHERE account_id = $1 AND action = 'invitation'", stage.account
    )
    assert lane is not None
    assert (lane["reason"], lane["closed_until"]) == ("warm_up", datetime.fromisoformat("2026-03-11T07:00:00-04:00"))


async def test_a_workspaces_weekly_limit_holds_before_the_default(stage: Stage) -> None:
    await stage.pool.execute("UPDATE workspaces SET weekly_cr_limit = 1 WHERE id = $1", stage.workspace)
    first, _ = await stage.due()
    await stage.begin(first)
    await stage.settled()
    await stage.pool.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account)
    second, _ = await stage.due()
    await an_open_lane(stage)
    await stage.begin(second)
    await stage.settled()
    assert (await stage.send_row(second))["status"] == "pending"
    assert len(await stage.effects()) == 1
    assert await stage.pool.fetchval("SELECT reason FROM lanes WHERE action = 'invitation'") == "weekly_cap"


@pytest.mark.parametrize(("status", "type_"), [(422, "cannot_resend_yet"), (422, "limit_exceeded"), (429, "too_many_requests")])
async def test_after_a_limit_signal_invitations_rest_other_actions_go_on_and_success_starts_over(
    stage: Stage, status: int, type_: str
) -> None:
    await stage.pool.execute(
        "INSERT INTO account_cool_downs (account_id, action, until, level, reason) VALUES ($1, 'invitation', $2, 1, 'earlier')",
        stage.account,
        BASE - timedelta(hours=1),
    )
    fault = {"fault": "status", "status": status, "type": f"errors/{type_}", "effect": False, "times": 1}
    await stage.simulator.lever("/faults", match={"action": "invitation"}, **fault)
    send, _ = await stage.due()
    await stage.begin(send)
    await stage.settled()
    rest = await stage.pool.fetchrow("SELECT until, level FROM account_cool_downs WHERE account_id = $1", stage.account)
    assert rest is not None
    assert rest["level"] == 2
    assert timedelta(hours=11) < rest["until"] - BASE < timedelta(hours=13)
    await stage.pool.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account)
    message, _ = await stage.due(
        action="message",
        next_action="message",
        message_type="direct_message_1",
        prospect={"status": "connected", "connected_at": BASE, "contacted_at": BASE},
        person={"connected_to": ["acc-premium"]},
    )
    await stage.begin(message)
    await stage.settled()
    assert (await stage.send_row(message))["status"] == "sent"
    await stage.pool.execute("UPDATE account_cool_downs SET until = $1", BASE - timedelta(minutes=1))
    await stage.pool.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account)
    await stage.pool.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = 2 WHERE id = $1", send)
    await stage.begin(send, dispatch_no=2)
    await stage.settled()
    assert (await stage.send_row(send))["status"] == "sent"
    assert await stage.pool.fetchval("SELECT count(*) FROM account_cool_downs") == 0


async def test_what_piled_up_while_an_account_was_away_leaves_one_by_one(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        await builders.set_clock(connection, BASE, speed=SPEED)
    await stage.sender._clock.refresh()
    overdue = [(await stage.due(scheduled_for=BASE - timedelta(hours=hours), status="pending"))[0] for hours in range(50)]
    away = "UPDATE accounts SET status = $2, status_version = status_version + 1 WHERE id = $1"
    await stage.pool.execute(away, stage.account, "disconnected")
    await dispatch_all(stage, overdue)
    assert await stage.effects() == []  # nothing is lost, nothing leaves
    await stage.pool.execute(away, stage.account, "usable")
    while len(await stage.effects()) < 5:
        await dispatch_all(stage, overdue)
    seen = sorted(datetime.fromisoformat(line["real_at"]) for line in await stage.effects())
    gaps = [(later - earlier) * SPEED for earlier, later in pairwise(seen)]
    assert all(gap >= SPACING * 0.95 for gap in gaps), gaps  # a call takes milliseconds, each a part of a second here
    attempts = await stage.pool.fetch("SELECT id, decided_at, answered_at FROM send_attempts ORDER BY decided_at")
    waits = [later["decided_at"] - earlier["answered_at"] - jitter(earlier["id"]) for earlier, later in pairwise(attempts)]
    assert all(wait >= SPACING for wait in waits), waits
    left = await stage.pool.fetchval("SELECT count(*) FROM send_queue WHERE status IN ('pending', 'dispatched')")
    assert left >= 44


async def dispatch_all(stage: Stage, sends: list[UUID]) -> None:
    """What many dispatchers at once could do at worst: tell the sender of everything that is due, leases and rests ignored."""
    await stage.pool.execute(
        "UPDATE send_queue SET status = 'dispatched', dispatch_no = dispatch_no + 1 WHERE id = ANY($1) AND status = 'pending'", sends
    )
    rows = await stage.pool.fetch("SELECT id, dispatch_no FROM send_queue WHERE id = ANY($1) AND status = 'dispatched'", sends)
    for number in {row["dispatch_no"] for row in rows}:
        await stage.begin(*[row["id"] for row in rows if row["dispatch_no"] == number], dispatch_no=number)
    await stage.settled()


async def test_a_second_sequence_of_a_lead_waits_until_the_other_is_over_and_then_goes_on(stage: Stage) -> None:
    send, prospect = await stage.due()
    async with stage.pool.acquire() as connection:
        other = await builders.a_campaign(connection, stage.workspace, [stage.account])
        lead = await connection.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect)
        elsewhere = await builders.a_prospect(connection, other, lead, status="messaging", contacted_at=BASE)
        await connection.execute("UPDATE leads SET campaign_id = $2 WHERE id = $1", lead, other)
    await stage.begin(send)
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["held_for"]) == ("pending", "other_sequence")
    assert await stage.effects() == []
    go_on = HeldSequenceRelease(stage.pool)
    assert not await go_on.sweep()
    assert (await stage.send_row(send))["held_for"] == "other_sequence"
    await stage.pool.execute("UPDATE campaign_prospects SET status = 'completed' WHERE id = $1", elsewhere)
    assert await go_on.sweep()
    assert await stage.pool.fetchval("SELECT wake_at <= business_now() FROM accounts WHERE id = $1", stage.account)
    await stage.pool.execute("UPDATE send_queue SET status = 'dispatched' WHERE id = $1 AND held_for IS NULL", send)
    await stage.begin(send)
    await stage.settled()
    assert (await stage.send_row(send))["status"] == "sent"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("person", "id:ACoAABcdefghijklmno"), ("email", "ana@mail.acme.example"), ("domain", "acme.example"), ("company", "acme inc")],
)
async def test_whoever_is_on_a_do_not_contact_list_is_skipped_at_the_last_moment(stage: Stage, kind: str, value: str) -> None:
    send, prospect = await stage.due()
    await stage.pool.execute(
        """UPDATE leads SET email = 'Ana@mail.acme.example', company = 'ACME,  Inc.', linkedin_id = 'ACoAABcdefghijklmno'
            WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)""",
        prospect,
    )
    await stage.pool.execute("INSERT INTO suppressions (kind, value, reason) VALUES ($1, $2, 'a customer')", kind, value)
    await stage.begin(send)
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["error_message"]) == ("skipped", "suppressed")
    assert await stage.effects() == []


async def test_a_failure_for_good_says_so_with_its_cause_and_a_deferral_does_not(stage: Stage) -> None:
    fault = {"fault": "status", "status": 425, "type": "errors/auth_in_progress", "effect": False, "times": 2}
    await stage.simulator.lever("/faults", match={"action": "invitation"}, **fault)
    first, _ = await stage.due()
    last, _ = await stage.due(retries=3)
    for send in (first, last):
        await stage.pool.execute("UPDATE accounts SET next_free_at = NULL WHERE id = $1", stage.account)
        await stage.begin(send)
        await stage.settled()
    told = [row["payload"] for row in await stage.pool.fetch("SELECT payload FROM outbox WHERE topic = 'sends.completed' ORDER BY id")]
    events = [SendCompleted.model_validate_json(each) for each in told]
    assert [(event.outcome, event.for_good, event.retries) for event in events] == [("deferred", False, 0), ("failed", True, 3)]
    assert events[1].reason == "auth_in_progress"
    assert "logging in" in str(events[1].detail)


async def an_open_lane(stage: Stage) -> None:
    """The lane the planner would have opened."""
    await stage.pool.execute(
        "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation') ON CONFLICT DO NOTHING",
        stage.account,
        stage.campaign,
    )
