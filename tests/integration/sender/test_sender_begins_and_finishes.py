"""Begin, act and finish on the real database, against a provider that keeps its own log."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from services.sender.metrics import BUSY
from shared.contracts.sends_due import SendDue
from tests.integration.sender.conftest import BASE, Stage
from tests.support import builders
from tests.support.facts import eventually

LATE = "tact_send_lateness_seconds_sum"


async def test_an_invitation_leaves_once_and_its_prospect_is_contacted_only_then(stage: Stage) -> None:
    send, prospect = await stage.due()
    await stage.begin(send)
    await stage.settled()
    row, person = await stage.send_row(send), await stage.prospect_row(prospect)
    assert (row["status"], person["status"]) == ("sent", "connection_request_sent")
    assert person["contacted_at"] >= BASE
    assert [line["recipient"] for line in await stage.effects()] == [row["linkedin_user_id"]]
    used = await stage.pool.fetchval("SELECT used FROM account_usage WHERE account_id = $1 AND action = 'invitation'", stage.account)
    account = await stage.pool.fetchrow("SELECT lease_until, next_free_at, wake_at FROM accounts WHERE id = $1", stage.account)
    assert account is not None
    assert (used, account["lease_until"]) == (1, None)
    assert account["next_free_at"] >= person["contacted_at"] + timedelta(seconds=120)
    topics = [row["topic"] for row in await stage.pool.fetch("SELECT topic FROM outbox ORDER BY id")]
    assert topics == ["sends.completed"]


async def test_lateness_runs_from_the_moment_the_send_was_allowed(stage: Stage) -> None:
    send, _ = await stage.due(scheduled_for=BASE - timedelta(days=1))
    before = REGISTRY.get_sample_value(LATE, {"kind": "invitation"}) or 0.0
    event = SendDue(send_id=send, account_id=stage.account, dispatch_no=1, allowed_at=BASE - timedelta(seconds=30))
    await stage.sender.send_batch([event])
    await stage.settled()
    late = (REGISTRY.get_sample_value(LATE, {"kind": "invitation"}) or 0.0) - before
    assert 30 <= late < 60, "not the day it stood behind a closed lane"


async def test_the_same_event_a_second_time_and_an_old_dispatch_lead_to_nothing(stage: Stage) -> None:
    send, _ = await stage.due(dispatch_no=2)
    await stage.begin(send, dispatch_no=1)
    await stage.begin(send, dispatch_no=2)
    await stage.begin(send, dispatch_no=2)
    await stage.settled()
    assert len(await stage.effects()) == 1
    assert await stage.pool.fetchval("SELECT count(*) FROM send_attempts") == 1


async def test_two_sends_of_one_account_in_a_batch_leave_one_after_the_other(stage: Stage) -> None:
    first, _ = await stage.due()
    second, _ = await stage.due()
    await stage.begin(first, second)
    await stage.settled()
    statuses = sorted([(await stage.send_row(each))["status"] for each in (first, second)])
    assert statuses == ["pending", "sent"]
    assert len(await stage.effects()) == 1


async def test_one_person_is_invited_once_in_a_workspace_whichever_account_asks(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        other = await builders.an_account(connection, stage.workspace, provider_account_id="acc-free", account_type="free")
    first, _ = await stage.due()
    recipient = (await stage.send_row(first))["linkedin_user_id"]
    second, _ = await stage.due(account=other, linkedin_user_id=recipient)
    await stage.begin(first)
    await stage.settled()
    await stage.begin(second)
    await stage.settled()
    row = await stage.send_row(second)
    assert (row["status"], row["error_message"]) == ("skipped", "already_invited")
    assert len(await stage.effects()) == 1


async def test_begin_sees_what_was_committed_while_it_waited_for_the_lead(stage: Stage) -> None:
    send, prospect = await stage.due()
    async with stage.pool.acquire() as connection:
        reply = connection.transaction()
        await reply.start()
        await connection.execute(
            "UPDATE leads SET last_reply_at = $2 WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", prospect, BASE
        )
        begun = asyncio.create_task(stage.begin(send))
        await eventually(
            lambda: stage.pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'"
            ),
            what="begin to wait for the lead",
        )
        await reply.commit()
    await begun
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["error_message"]) == ("skipped", "replied")
    assert await stage.effects() == []


async def test_an_opt_out_while_the_call_is_under_way_stays_and_the_contact_is_recorded(stage: Stage) -> None:
    await stage.simulator.lever("/hold", match={"action": "invitation"})
    send, prospect = await stage.due()
    await stage.begin(send)
    await stage.pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", prospect)
    await stage.simulator.levers.post("/release", json={})
    await stage.settled()
    person = await stage.prospect_row(prospect)
    assert person["status"] == "opted_out"
    assert person["contacted_at"] is not None


async def test_a_look_up_resolves_the_recipient_and_leaves_the_send_pending_for_its_turn(stage: Stage) -> None:
    send, _ = await stage.due(next_action="profile_lookup")
    recipient = (await stage.send_row(send))["linkedin_user_id"]
    await stage.pool.execute("UPDATE send_queue SET linkedin_user_id = NULL WHERE id = $1", send)
    await stage.begin(send)
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["next_action"], row["linkedin_user_id"]) == ("pending", "invitation", recipient)
    assert await stage.pool.fetchval("SELECT provider_id FROM recipients WHERE account_id = $1", stage.account) == recipient


async def test_a_stranger_in_place_of_the_person_ends_the_send(stage: Stage) -> None:
    send, prospect = await stage.due(next_action="profile_lookup")
    lead = (await stage.prospect_row(prospect))["lead_id"]
    await stage.pool.execute(
        "UPDATE leads SET linkedin_vanity = NULL, linkedin_id = $2, first_name = 'Bo', last_name = 'Li' WHERE id = $1", lead, "x"
    )
    vanity = "somebody-else-entirely"
    await stage.pool.execute("UPDATE leads SET linkedin_id = $2 WHERE id = $1", lead, vanity)
    await stage.begin(send)
    await stage.settled()
    row, person = await stage.send_row(send), await stage.prospect_row(prospect)
    assert (row["status"], row["error_message"], person["status"]) == ("failed", "another_person", "failed")


@pytest.mark.parametrize("fault", ["timeout_after_effect", "cut_after_effect", "cut_before_effect"])
async def test_what_may_have_happened_becomes_unknown_and_is_not_sent_again(stage: Stage, fault: str) -> None:
    await stage.simulator.lever("/faults", match={"action": "invitation"}, fault=fault, times=1)
    send, prospect = await stage.due()
    await stage.begin(send)
    await stage.settled()
    attempt = await stage.pool.fetchrow("SELECT state, look_after FROM send_attempts WHERE send_id = $1", send)
    assert attempt is not None
    assert attempt["state"] == "unknown"
    assert attempt["look_after"] is not None
    assert (await stage.send_row(send))["status"] == "sending"
    assert (await stage.prospect_row(prospect))["contacted_at"] is None
    await stage.begin(send)
    await stage.settled()
    assert len(await stage.effects()) == (0 if fault == "cut_before_effect" else 1)


async def test_a_limit_signal_rests_invitations_and_marks_nobody_as_contacted(stage: Stage) -> None:
    await stage.simulator.lever(
        "/faults", match={"action": "invitation"}, fault="status", status=422, type="errors/cannot_resend_yet", effect=False, times=1
    )
    send, prospect = await stage.due()
    await stage.begin(send)
    await stage.settled()
    rest = await stage.pool.fetchrow(
        "SELECT until, level FROM account_cool_downs WHERE account_id = $1 AND action = 'invitation'", stage.account
    )
    assert rest is not None
    assert rest["until"] > BASE + timedelta(hours=5)
    person = await stage.prospect_row(prospect)
    assert (person["status"], person["contacted_at"]) == ("pending", None)
    assert (await stage.send_row(send))["status"] == "pending"


async def test_a_lost_session_disconnects_the_account_and_gives_the_budget_back(stage: Stage) -> None:
    await stage.simulator.levers.post("/accounts/acc-premium/disconnect", json={})
    send, _ = await stage.due()
    await stage.begin(send)
    await stage.settled()
    account = await stage.pool.fetchrow("SELECT status, status_version FROM accounts WHERE id = $1", stage.account)
    assert account is not None
    assert (account["status"], account["status_version"]) == ("disconnected", 1)
    assert (await stage.send_row(send))["status"] == "pending"
    assert await stage.pool.fetchval("SELECT used FROM account_usage WHERE account_id = $1", stage.account) == 0
    assert "accounts.status" in [row["topic"] for row in await stage.pool.fetch("SELECT topic FROM outbox")]


async def test_a_wrong_key_stops_everything_and_uses_nobody_up(stage: Stage) -> None:
    await stage.simulator.lever(
        "/faults", match={"action": "invitation"}, fault="status", status=401, type="errors/missing_credentials", effect=False, times=1
    )
    first, prospect = await stage.due()
    await stage.begin(first)
    await stage.settled()
    second, _ = await stage.due()
    await stage.begin(second)
    await stage.settled()
    assert await stage.effects() == []
    assert (await stage.send_row(first))["status"] == (await stage.send_row(second))["status"] == "pending"
    assert (await stage.prospect_row(prospect))["status"] == "pending"


async def test_outside_hours_the_lane_closes_and_the_send_keeps_its_time(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        await builders.set_clock(connection, BASE + timedelta(hours=12))
    send, _ = await stage.due()
    await stage.begin(send)
    row = await stage.send_row(send)
    assert (row["status"], row["scheduled_for"]) == ("pending", BASE)
    lane = await stage.pool.fetchrow("SELECT closed_until, reason FROM lanes WHERE account_id = $1", stage.account)
    assert lane is not None
    assert lane["reason"] == "hours"
    assert lane["closed_until"] > BASE + timedelta(hours=12)


async def test_an_answer_that_the_database_refuses_does_not_keep_the_others(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        other = await builders.an_account(connection, stage.workspace, provider_account_id="acc-free", account_type="free")
    refused, cursed = await stage.due()
    written, _ = await stage.due(account=other)
    await stage.pool.execute(f"ALTER TABLE campaign_prospects ADD CONSTRAINT cursed CHECK (id <> '{cursed}' OR contacted_at IS NULL)")
    await stage.begin(refused, written)
    await stage.settled()
    assert (await stage.send_row(written))["status"] == "sent"
    assert (await stage.send_row(refused))["status"] == "sending"
    state = await stage.pool.fetchval("SELECT state FROM send_attempts WHERE send_id = $1", refused)
    assert state == "intent", "the healer finds it when its time is over"


async def test_an_account_in_another_transaction_is_asked_for_again_and_not_left_to_its_lease(stage: Stage) -> None:
    send, _ = await stage.due()
    async with stage.pool.acquire() as connection:
        planner = connection.transaction()
        await planner.start()
        await connection.execute("SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE", stage.account)
        before = passed_over()
        begun = asyncio.create_task(stage.begin(send))
        await eventually(lambda: passed_over() > before, what="begin to pass the locked account over")
        await planner.commit()
    await begun
    await stage.settled()
    assert (await stage.send_row(send))["status"] == "sent"


def passed_over() -> float:
    """How often begin found an account busy, in this process."""
    return next(sample.value for metric in BUSY.collect() for sample in metric.samples if sample.name.endswith("_total"))


async def test_the_night_of_one_prospect_keeps_back_its_own_send_and_nobody_elses(stage: Stage) -> None:
    await stage.pool.execute("UPDATE campaigns SET schedule_settings = $1", {"window_zone": "prospect"})
    asleep, prospect = await stage.due()
    await stage.pool.execute(
        "UPDATE leads SET timezone = 'Asia/Tokyo' WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", prospect
    )
    await stage.begin(asleep)
    awake, _ = await stage.due()
    await stage.begin(awake)
    await stage.settled()
    row = await stage.send_row(asleep)
    tokyo = row["scheduled_for"].astimezone(ZoneInfo("Asia/Tokyo"))
    assert (row["status"], tokyo.hour, tokyo.minute) == ("pending", 7, 0)
    assert (await stage.send_row(awake))["status"] == "sent"
    assert await stage.pool.fetchval("SELECT count(*) FROM lanes WHERE closed_until IS NOT NULL") == 0


async def test_hours_that_never_meet_hold_one_send_until_somebody_changes_them(stage: Stage) -> None:
    never = {"window_zone": "both", "working_hours_start": 9, "working_hours_end": 17}
    await stage.pool.execute("UPDATE campaigns SET schedule_settings = $1", never)
    send, prospect = await stage.due()
    await stage.pool.execute(
        "UPDATE leads SET timezone = 'Asia/Tokyo' WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", prospect
    )
    await stage.begin(send)
    row = await stage.send_row(send)
    assert (row["status"], row["held_for"]) == ("pending", "opening")


async def test_a_workspace_that_is_not_active_closes_the_lane_for_an_hour_and_is_not_asked_again_at_once(stage: Stage) -> None:
    send, _ = await stage.due()
    await stage.pool.execute("UPDATE workspaces SET is_active = false WHERE id = $1", stage.workspace)
    await stage.begin(send)
    row = await stage.send_row(send)
    lane = await stage.pool.fetchrow(
        "SELECT closed_until, reason FROM lanes WHERE account_id = $1 AND action = 'invitation'", stage.account
    )
    assert row["status"] == "pending"
    assert lane is not None
    assert lane["closed_until"] - BASE >= timedelta(hours=1)
    assert lane["reason"] == "campaign_not_running"
    assert await stage.effects() == []


async def test_a_slow_clock_does_not_shorten_the_spacing(stage: Stage) -> None:
    stage.clock.skew = timedelta(seconds=-90)
    await stage.clock.refresh()
    send, _ = await stage.due()
    await stage.begin(send)
    await stage.settled()
    rests = await stage.pool.fetchval("SELECT next_free_at - business_now() FROM accounts WHERE id = $1", stage.account)
    assert rests > timedelta(seconds=110)


async def test_a_fast_clock_does_not_take_every_call_for_late(stage: Stage) -> None:
    """Held because a sender two seconds ahead, allowed two seconds, released 2,700 attempts and sent nothing."""
    stage.clock.skew = timedelta(seconds=90)
    await stage.clock.refresh()
    send, _ = await stage.due()
    await stage.begin(send)
    await stage.settled()
    assert (await stage.send_row(send))["status"] == "sent"
    assert await stage.pool.fetchval("SELECT count(*) FROM send_attempts") == 1
