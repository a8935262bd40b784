"""An invitation nobody answers is taken back as a paced action of its account; then the person is locked for three weeks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from simulator.judge import AccountRule, LedgerEntry, judge
from tests.integration.sender.conftest import BASE, Stage
from tests.support import builders

DAY = timedelta(days=1)
LATER = BASE + 22 * DAY  # a Wednesday, at the same hour


async def invited(stage: Stage, *, days: int | None = 21) -> tuple[UUID, UUID]:
    """Somebody invited at BASE by the sender itself; the clock shows three weeks later."""
    await stage.pool.execute("UPDATE campaigns SET withdraw_after_days = $1", days)
    send, prospect = await stage.due()
    await stage.begin(send)
    await stage.settled()
    assert (await stage.prospect_row(prospect))["status"] == "connection_request_sent"
    await stage.at(LATER)
    return send, prospect


async def withdrawal(stage: Stage, invitation: UUID, prospect: UUID) -> UUID:
    """The dispatched send that takes it back."""
    person = (await stage.send_row(invitation))["linkedin_user_id"]
    async with stage.pool.acquire() as connection:
        values = {"action": "withdrawal", "message_type": "withdrawal", "step_position": 1000, "message": "", "scheduled_for": LATER}
        return await builders.a_send(connection, prospect, stage.account, linkedin_user_id=person, **values)


async def sent(stage: Stage, send: UUID) -> Any:
    await stage.begin(send)
    await stage.settled()
    return await stage.send_row(send)


async def again(stage: Stage, first: UUID, prospect: UUID, *, campaign: UUID | None = None) -> tuple[UUID, UUID]:
    """The second enrolment of the same lead, or one in another campaign, its invitation dispatched."""
    person = (await stage.send_row(first))["linkedin_user_id"]
    async with stage.pool.acquire() as connection:
        lead = await connection.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect)
        enrolment = {"enrolment_no": 1 if campaign else 2}
        second = await builders.a_prospect(connection, campaign or stage.campaign, lead, **enrolment)
        return await builders.a_send(connection, second, stage.account, linkedin_user_id=person, scheduled_for=LATER), second


async def attempts(stage: Stage, send: UUID) -> list[str]:
    rows = await stage.pool.fetch("SELECT state FROM send_attempts WHERE send_id = $1 ORDER BY id", send)
    return [row["state"] for row in rows]


async def ledger(stage: Stage) -> list[LedgerEntry]:
    rows = await stage.pool.fetch(
        """SELECT a.action::text AS action, acc.provider_account_id AS account_id, a.recipient_id AS recipient, a.provider_ref,
                  s.message AS text
             FROM send_attempts a JOIN accounts acc ON acc.id = a.account_id JOIN send_queue s ON s.id = a.send_id
            WHERE a.state = 'accepted' AND a.action <> 'profile_lookup'"""
    )
    return [LedgerEntry(**row) for row in rows]


async def test_an_invitation_is_taken_back_with_a_row_in_the_ledger(stage: Stage) -> None:
    first, prospect = await invited(stage)
    send = await withdrawal(stage, first, prospect)
    assert (await sent(stage, send))["status"] == "sent"
    person = await stage.prospect_row(prospect)
    assert (person["status"], person["withdrawn_at"] is not None) == ("withdrawn", True)
    [entry] = await stage.simulator.effects(action="withdrawal")
    invitation = await stage.pool.fetchrow("SELECT provider_ref, withdrawn_at FROM send_attempts WHERE action = 'invitation'")
    assert invitation is not None
    assert (invitation["provider_ref"], invitation["withdrawn_at"]) == (entry["effect_id"], person["withdrawn_at"])
    assert await stage.pool.fetchval("SELECT used FROM account_usage WHERE action = 'withdrawal'") == 1
    rests = await stage.pool.fetchval("SELECT next_free_at FROM accounts WHERE id = $1", stage.account)
    assert rests >= person["withdrawn_at"] + timedelta(seconds=120), "the spacing is everybody's"
    deltas = await stage.pool.fetch("SELECT counter, sum(delta)::int AS n FROM campaign_counter_deltas GROUP BY 1")
    assert {row["counter"]: row["n"] for row in deltas}["active_leads"] == 0
    payloads = [row["payload"] for row in await stage.pool.fetch("SELECT payload FROM outbox WHERE topic = 'sends.completed' ORDER BY id")]
    assert '"withdrawal"' in payloads[-1]


async def test_the_person_is_invited_again_when_the_lock_is_over_and_the_judge_agrees(stage: Stage) -> None:
    first, prospect = await invited(stage)
    await sent(stage, await withdrawal(stage, first, prospect))
    await stage.at(LATER + 2 * DAY)
    second, enrolled = await again(stage, first, prospect)
    row = await sent(stage, second)
    assert (row["status"], row["error_message"]) == ("pending", None)
    withdrawn_at = (await stage.prospect_row(prospect))["withdrawn_at"]
    assert row["scheduled_for"] >= withdrawn_at + 21 * DAY, "the first open moment after the lock"
    await stage.at(LATER + 23 * DAY)
    await stage.pool.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = 2 WHERE id = $1", second)
    await stage.begin(second, dispatch_no=2)
    await stage.settled()
    assert (await stage.prospect_row(enrolled))["status"] == "connection_request_sent"
    rule = AccountRule("acc-premium", "w", "n", "America/New_York", "US", {"invitation": 40, "withdrawal": 40}, 100)
    verdict = judge(stage.simulator.log, accounts=[rule], ledger=await ledger(stage))
    assert verdict.ok, verdict.violations
    short = [entry for entry in await ledger(stage) if entry.action != "withdrawal"]
    assert judge(stage.simulator.log, accounts=[rule], ledger=short).violations["log_not_in_ledger"] == 1


async def test_an_acceptance_that_came_in_between_wins(stage: Stage) -> None:
    first, prospect = await invited(stage)
    send = await withdrawal(stage, first, prospect)
    await stage.pool.execute("UPDATE campaign_prospects SET status = 'connected', connected_at = business_now() WHERE id = $1", prospect)
    assert (await sent(stage, send))["status"] == "skipped"
    assert (await stage.send_row(send))["error_message"] == "already_connected"
    assert await stage.simulator.effects(action="withdrawal") == []


async def test_an_acceptance_nobody_told_us_of_leaves_the_withdrawal_open(stage: Stage) -> None:
    first, prospect = await invited(stage)
    send = await withdrawal(stage, first, prospect)
    person = (await stage.send_row(first))["linkedin_user_id"]
    await stage.simulator.lever(f"/people/{person}/accept", account_id="acc-premium")
    assert (await sent(stage, send))["status"] == "sending"
    assert await attempts(stage, send) == ["unknown"]
    assert (await stage.prospect_row(prospect))["status"] == "connection_request_sent"


@pytest.mark.parametrize("effect", [True, False])
async def test_a_withdrawal_whose_answer_is_lost_is_never_repeated_blindly(stage: Stage, effect: bool) -> None:
    first, prospect = await invited(stage)
    send = await withdrawal(stage, first, prospect)
    await stage.simulator.lever(
        "/faults", match={"action": "withdrawal"}, fault="status", status=500, type="errors/provider_error", effect=effect, times=1
    )
    assert (await sent(stage, send))["status"] == "sending"
    assert await attempts(stage, send) == ["unknown"]
    assert await stage.pool.fetchval("SELECT used FROM account_usage WHERE action = 'withdrawal'") == 1


async def test_a_limit_signal_rests_withdrawals_alone_and_gives_nobody_up(stage: Stage) -> None:
    first, prospect = await invited(stage)
    send = await withdrawal(stage, first, prospect)
    await stage.simulator.lever(
        "/faults", match={"action": "withdrawal"}, fault="status", status=429, type="errors/too_many_requests", effect=False, times=1
    )
    assert (await sent(stage, send))["status"] == "pending"
    rests = await stage.pool.fetch("SELECT action::text FROM account_cool_downs")
    assert [row["action"] for row in rests] == ["withdrawal"]
    assert (await stage.prospect_row(prospect))["status"] == "connection_request_sent"


async def test_a_campaign_that_takes_none_back_any_more_skips_what_was_planned(stage: Stage) -> None:
    first, prospect = await invited(stage, days=None)
    row = await sent(stage, await withdrawal(stage, first, prospect))
    assert (row["status"], row["error_message"]) == ("skipped", "withdrawal_off")


async def test_a_longer_wait_moves_what_was_planned(stage: Stage) -> None:
    first, prospect = await invited(stage, days=30)
    row = await sent(stage, await withdrawal(stage, first, prospect))
    assert row["status"] == "pending"
    assert row["scheduled_for"] >= (await stage.prospect_row(prospect))["contacted_at"] + 30 * DAY


async def test_whom_a_member_invited_by_hand_is_not_invited_and_given_up(stage: Stage) -> None:
    send, prospect = await stage.due()
    person = (await stage.send_row(send))["linkedin_user_id"]
    await stage.pool.execute(
        """INSERT INTO foreign_invitations (account_id, invitation_id, workspace_id, recipient_id, sent_at, counted, listed_at)
           VALUES ($1, '7', $2, $3, $4, false, $4)""",
        stage.account,
        stage.workspace,
        person,
        BASE - DAY,
    )
    row, enrolled = await sent(stage, send), await stage.prospect_row(prospect)
    assert (row["status"], row["error_message"], enrolled["status"]) == ("skipped", "invited_by_hand", "failed")
    assert await stage.simulator.entries(kind="call") == []


async def test_invitations_by_hand_fill_the_week(stage: Stage) -> None:
    send, _ = await stage.due()
    day = (BASE - 2 * DAY).date()
    await stage.pool.execute(
        """INSERT INTO foreign_invitations (account_id, invitation_id, workspace_id, sent_at, counted_on, counted, listed_at)
           SELECT $1, n::text, $2, $3::timestamptz + n * interval '1 minute', $4, true, $3 FROM generate_series(1, 100) n""",
        stage.account,
        stage.workspace,
        BASE - 2 * DAY,
        day,
    )
    await stage.pool.execute(
        "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', 100)", stage.account, day
    )
    await stage.pool.execute(
        "INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation')", stage.account, stage.campaign
    )
    assert (await sent(stage, send))["status"] == "pending"
    lane = await stage.pool.fetchrow("SELECT closed_until, reason FROM lanes WHERE action = 'invitation'")
    assert lane is not None
    assert (lane["reason"], lane["closed_until"] >= BASE + 5 * DAY) == ("weekly_cap", True)


async def test_an_invitation_withdrawn_by_hand_locks_whoever_is_enrolled_again(stage: Stage) -> None:
    first, prospect = await invited(stage)
    person = (await stage.send_row(first))["linkedin_user_id"]
    await stage.simulator.lever(f"/people/{person}/withdraw", account_id="acc-premium")
    async with stage.pool.acquire() as connection:
        other = await builders.a_campaign(connection, stage.workspace, [stage.account])
    second, enrolled = await again(stage, first, prospect, campaign=other)
    await stage.pool.execute("UPDATE send_queue SET next_action = 'profile_lookup' WHERE id = $1", second)
    await sent(stage, second)
    assert (await stage.prospect_row(prospect))["status"] == "withdrawn", "the profile says so"
    assert await stage.pool.fetchval("SELECT withdrawn_at IS NOT NULL FROM send_attempts WHERE action = 'invitation'")
    await stage.pool.execute("UPDATE accounts SET next_free_at = NULL")
    await stage.pool.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = 2 WHERE id = $1", second)
    await stage.begin(second, dispatch_no=2)
    await stage.settled()
    row = await stage.send_row(second)
    assert (row["status"], row["scheduled_for"] >= LATER + 21 * DAY) == ("pending", True)
    assert (await stage.prospect_row(enrolled))["status"] == "pending"
    assert len(await stage.simulator.effects(action="invitation")) == 1


async def test_a_profile_that_shows_an_ended_invitation_locks_from_when_it_was_first_seen(stage: Stage) -> None:
    send, _ = await stage.due(next_action="profile_lookup")
    person = (await stage.send_row(send))["linkedin_user_id"]
    await stage.simulator.lever("/invite-by-hand", account_id="acc-premium", person=person)
    await stage.simulator.lever(f"/people/{person}/ignore", account_id="acc-premium")
    await sent(stage, send)
    seen = await stage.pool.fetchval("SELECT invitation_ended_at FROM recipients")
    assert seen is not None
    await stage.at(BASE + DAY)
    await stage.pool.execute("UPDATE send_queue SET status = 'dispatched', dispatch_no = 2 WHERE id = $1", send)
    await stage.begin(send, dispatch_no=2)
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["scheduled_for"] >= seen + 21 * DAY) == ("pending", True)
