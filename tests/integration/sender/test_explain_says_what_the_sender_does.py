"""What is explained about now, and what the queue answers, is what the sender does a moment later; and explanations of then stay the same.

Random states, the real database, the real begin: an answer that reads other rows than the sender, or reads them in another
way, is found here.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.queuer.rules.accounts.account_status import Standing
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.accounts.account_availability import load_availability as ask_queue
from services.queuer.workflows.insight.explain import Explanation, explain_prospect
from shared.policy import Outcome
from tests.integration.sender.conftest import BASE, Stage
from tests.support import builders

CASES = 30
CALL_TIMES = CallTimes(timedelta(seconds=5), timedelta(seconds=5))
MOMENTS = (
    BASE,
    datetime(2026, 3, 10, 2, 30, 17, tzinfo=UTC),  # night in New York, a working hour in Tokyo
    datetime(2026, 3, 14, 15, 0, 17, tzinfo=UTC),  # a Saturday
    datetime(2026, 5, 25, 15, 0, 17, tzinfo=UTC),  # Memorial Day
    datetime(2026, 3, 8, 6, 59, 17, tzinfo=UTC),  # one minute before New York's clocks leap
)
STATUSES = {
    "message": ["connected", "messaging", "connection_request_sent"],
    "withdrawal": ["connection_request_sent"] * 8 + ["connected", "messaging"],
}
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "Asia/Dubai")
OPEN_ALL_DAY = {"working_hours_start": "00:00", "working_hours_end": "24:00", "skip_weekends": False, "skip_holidays": False}


@dataclass
class Drawn:
    """A random state and the ids of its rows."""

    workspace: UUID
    account: UUID
    campaign: UUID
    lead: UUID
    prospect: UUID
    send: UUID


async def ask(pool: asyncpg.Pool, prospect: UUID, at: datetime | None = None) -> Explanation:
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        return await explain_prospect(connection, prospect, at=at, call_times=CALL_TIMES)


async def queue_says(pool: asyncpg.Pool, account: UUID) -> Standing:
    """Why nothing of the account leaves, as the queue answers."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        found = await ask_queue(connection, QueueScope(account_id=account), CALL_TIMES)
    return found.accounts[0].standing


async def freeze(stage: Stage, at: datetime) -> None:
    """The clock stands still at that moment: what is asked and what is done are as far apart as the test says."""
    async with stage.pool.acquire() as connection:
        await builders.set_clock(connection, at, speed=1e-9)


async def draw(stage: Stage, dice: random.Random, now: datetime) -> Drawn:
    """Rows in which about half of the rules may say no, each seldom."""

    def seldom(value: Any, otherwise: Any = None) -> Any:
        return value if dice.random() < 0.12 else otherwise

    def about(value: datetime) -> datetime:
        return value + timedelta(minutes=dice.choice([-3000, -300, -90, -2, 2, 90, 3000]))

    kind = dice.choice(["message", "message", "invitation", "invitation", "withdrawal"])
    message, withdrawal = kind == "message", kind == "withdrawal"
    touched = withdrawal or (message and dice.random() < 0.8)
    async with stage.pool.acquire() as connection:
        workspace = await builders.a_workspace(
            connection,
            is_active=seldom(False, True),
            daily_cr_limit=dice.choice([None, 1, 2, 30]),
            schedule_settings=dice.choice([{}, {"country": "DE"}, OPEN_ALL_DAY]),
        )
        account = await builders.an_account(
            connection,
            workspace,
            account_type=dice.choice(["free", "premium", "sales_navigator"]),
            status=seldom("paused", seldom("disconnected", "usable")),
            status_reason=seldom("by a person"),
            timezone=dice.choice(ZONES),
            timezone_next=None,
            country=dice.choice(["US", "DE", "AE", "JP"]),
            daily_cr_limit=seldom(dice.choice([1, 3])),
            schedule_settings=dice.choice([{}, {}, OPEN_ALL_DAY, {"days": ["sat", "sun"]}]),
            next_free_at=dice.choice([None, about(now), now - timedelta(hours=2)]),
        )
        campaign = await builders.a_campaign(
            connection,
            workspace,
            [account],
            status=seldom("paused", seldom("completed", "running")),
            schedule_settings=dice.choice(
                [{}, {}, OPEN_ALL_DAY, {"timezone": "Asia/Tokyo"}, {"window_zone": "prospect"}, {"window_zone": "both"}]
            ),
            withdraw_after_days=seldom(None, dice.choice([3, 4, 5])) if withdrawal else None,
        )
        lead = await builders.a_lead(
            connection,
            workspace,
            email=f"ana@{uuid4().hex[:8]}.example",
            company=f"ACME {uuid4().hex[:6]}",
            timezone=dice.choice([None, *ZONES]),
            last_reply_at=seldom(now - timedelta(hours=3)),
            opted_out_at=seldom(now - timedelta(hours=2)),
        )
        prospect = await builders.a_prospect(
            connection,
            campaign,
            lead,
            status=dice.choice(STATUSES[kind] if touched else ["pending", "approved"]),
            contacted_at=now - timedelta(days=4) if touched else None,
            connected_at=now - timedelta(days=3) if touched and dice.random() < (0.1 if withdrawal else 0.8) else None,
            hold_until=seldom(about(now)),
            resumed_at=seldom(now - timedelta(hours=1)),
        )
        recipient = f"ACoAA{uuid4().hex[:16]}"
        send = await builders.a_send(
            connection,
            prospect,
            account,
            action=kind,
            next_action="profile_lookup" if not withdrawal and dice.random() < 0.2 else kind,
            message_type={"message": "direct_message_1", "invitation": "connection_request", "withdrawal": "withdrawal"}[kind],
            step_position=1000 if withdrawal else 1,
            status="pending",
            requires_connection=message,
            linkedin_user_id=recipient,
            scheduled_for=seldom(about(now), now - timedelta(minutes=5)),
        )
        for action in ("invitation", "message", "profile_lookup", "withdrawal"):
            await connection.execute("INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, $3)", account, campaign, action)
            if dice.random() < 0.3:
                many = dice.choice([1, 3, 20, 40, 100, 101])
                await _use(connection, dice, account=account, send=send, action=action, now=now, many=many)
        drawn = Drawn(workspace, account, campaign, lead, prospect, send)
        await _rest(connection, seldom, about, drawn=drawn, now=now, recipient=recipient)
    return drawn


async def _rest(
    connection: Any, seldom: Callable[..., Any], about: Callable[[datetime], datetime], *, drawn: Drawn, now: datetime, recipient: str
) -> None:
    """Lists, cool-downs, reads, what the provider showed, withdrawals."""
    if kind := seldom("email", seldom("company", seldom("person"))):
        value = await connection.fetchval(
            "SELECT CASE $2 WHEN 'email' THEN lower(email) WHEN 'company' THEN lower(company) ELSE identity END FROM leads WHERE id = $1",
            drawn.lead,
            kind,
        )
        await connection.execute(
            "INSERT INTO suppressions (workspace_id, kind, value, reason) VALUES ($1, $2, $3, 'asked')",
            seldom(None, drawn.workspace),
            kind,
            value,
        )
    if action := seldom("invitation", seldom("message")):
        await connection.execute(
            "INSERT INTO account_cool_downs (account_id, action, until, reason) VALUES ($1, $2, $3, 'limit_exceeded')",
            drawn.account,
            action,
            about(now),
        )
    if seldom(True):
        await connection.execute(
            "INSERT INTO account_reads (account_id, kind, next_at, last_read_at) VALUES ($1, 'chats', $2, $3)",
            drawn.account,
            about(now),
            now - timedelta(hours=9),
        )
    if distance := seldom("FIRST_DEGREE", seldom("SECOND_DEGREE")):
        await connection.execute(
            """INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, network_distance, resolved_at)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            drawn.account,
            drawn.lead,
            drawn.workspace,
            recipient,
            distance,
            now - timedelta(days=1),
        )
    if seldom(True):
        lead = await builders.a_lead(connection, drawn.workspace)  # the same person, imported under another name
        earlier = await builders.a_prospect(connection, drawn.campaign, lead, status="withdrawn")
        before = await builders.a_send(connection, earlier, drawn.account, linkedin_user_id=recipient, status="sent", dispatch_no=0)
        await _attempt(connection, before, "invitation", now - timedelta(days=30), withdrawn_at=about(now - timedelta(days=21)))


async def _use(connection: Any, dice: random.Random, *, account: UUID, send: UUID, action: str, now: datetime, many: int) -> None:
    """What the account did today and in its week, in the ledger and in its days."""
    for _ in range(many):
        at = now - timedelta(minutes=dice.choice([1, 30, 200, 3000, 9000]))
        await _attempt(connection, send, action, at, state="released", given_back=False)
    await connection.execute(
        """INSERT INTO account_usage (account_id, local_date, action, used)
           SELECT account_id, counted_on, action, count(*) FROM send_attempts WHERE account_id = $1 AND action = $2 GROUP BY 1, 2, 3""",
        account,
        action,
    )


async def _attempt(connection: Any, send: UUID, action: str, at: datetime, **values: Any) -> None:
    """An attempt of that account, counted on its own day."""
    row = await connection.fetchrow(
        """SELECT s.workspace_id, s.campaign_id, s.prospect_id, s.lead_id, s.account_id, s.id AS send_id,
                  s.linkedin_user_id AS recipient_id,
                  ($2::timestamptz AT TIME ZONE a.timezone)::date AS counted_on
             FROM send_queue s JOIN accounts a ON a.id = s.account_id WHERE s.id = $1""",
        send,
        at,
    )
    fixed = {"action": action, "state": "accepted", "owner": "the past", "dispatch_no": 0, "decided_at": at, "answered_at": at}
    await builders.insert(connection, "send_attempts", **dict(row), **{**fixed, "valid_until": at, "act_by": at, **values})


async def done(stage: Stage, drawn: Drawn) -> dict[str, Any]:
    """What the sender wrote about this send."""
    row = await stage.pool.fetchrow(
        """SELECT s.status, s.error_message, s.scheduled_for, s.held_for, a.wake_at, l.closed_until, l.reason,
                  EXISTS (SELECT FROM send_attempts x WHERE x.send_id = s.id AND x.owner = 'sender-of-the-test') AS left_it
             FROM send_queue s JOIN accounts a ON a.id = s.account_id
             LEFT JOIN lanes l ON l.account_id = s.account_id AND l.campaign_id = s.campaign_id AND l.action = s.next_action
            WHERE s.id = $1""",
        drawn.send,
    )
    assert row is not None
    return dict(row)


def agrees(said: Explanation, became: dict[str, Any]) -> bool:
    """Whether this is what the sender did."""
    answer = said.answer
    match answer.verdict:
        case "send_now":
            return bool(became["left_it"])
        case "stop":
            return (became["status"], became["error_message"]) == ("skipped", answer.reason)
        case "wait":
            moments = {became["scheduled_for"], became["closed_until"], became["wake_at"]}
            return became["status"] == "pending" and answer.until in moments and became["reason"] in {None, answer.reason}
        case _:
            held = became["held_for"] in {None, answer.condition}
            return became["status"] == "pending" and held and not became["left_it"]


def is_the_same(standing: Standing, said: Explanation) -> bool:
    """Whether the queue says of the account's only send what was explained; it does not ask who else has invited the person."""
    answer = said.answer
    if answer.reason in {"allowed", "already_invited"}:
        return standing.reason == "due"
    until = answer.until if answer.verdict == "wait" else None
    return (standing.reason, standing.next_at) == (answer.reason, until)


async def change_everything(stage: Stage, drawn: Drawn) -> None:
    """Settings, limits, status, lists and counts, all other than they were."""
    new = json.loads('{"working_hours_start": "09:00", "working_hours_end": "10:00", "country": "FR"}')
    pool = stage.pool
    await pool.execute(
        "UPDATE workspaces SET daily_cr_limit = 77, schedule_settings = $2, is_active = NOT is_active WHERE id = $1", drawn.workspace, new
    )
    await pool.execute(
        """UPDATE accounts SET status = CASE status WHEN 'usable' THEN 'paused' ELSE 'usable' END::account_status, status_reason = 'later',
                  daily_cr_limit = 5, schedule_settings = $2, timezone = 'Pacific/Auckland', country = 'NZ', next_free_at = $3
            WHERE id = $1""",
        drawn.account,
        new,
        BASE + timedelta(days=400),
    )
    await pool.execute(
        """UPDATE campaigns SET status = CASE status WHEN 'running' THEN 'paused' ELSE 'running' END::campaign_status,
                  schedule_settings = $2 WHERE id = $1""",
        drawn.campaign,
        new,
    )
    await pool.execute("UPDATE leads SET last_reply_at = $2, opted_out_at = $2, email = 'new@new.example' WHERE id = $1", drawn.lead, BASE)
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out', hold_until = $2 WHERE id = $1", drawn.prospect, BASE)
    await pool.execute("DELETE FROM suppressions WHERE workspace_id = $1", drawn.workspace)
    await pool.execute("DELETE FROM account_cool_downs WHERE account_id = $1", drawn.account)
    await pool.execute(
        "UPDATE account_reads SET last_read_at = next_at, next_at = next_at + interval '5 h' WHERE account_id = $1", drawn.account
    )
    await pool.execute(
        "UPDATE recipients SET network_distance = 'THIRD_DEGREE', connected_at = $2 WHERE account_id = $1", drawn.account, BASE
    )


@pytest.mark.parametrize("seed", range(4))
async def test_the_sender_does_what_was_explained_and_the_explanation_of_then_never_changes(stage: Stage, seed: int) -> None:
    dice = random.Random(seed)
    seen, kinds = set(), set()
    for number in range(CASES):
        now = dice.choice(MOMENTS)
        await freeze(stage, now - timedelta(days=1))
        drawn = await draw(stage, dice, now)
        await freeze(stage, now)
        said = await ask(stage.pool, drawn.prospect)
        if await stage.pool.fetchval("SELECT scheduled_for <= $2 FROM send_queue WHERE id = $1", drawn.send, now):
            queued = await queue_says(stage.pool, drawn.account)
            assert is_the_same(queued, said), (seed, number, queued, said.answer)
        await stage.pool.execute("UPDATE send_queue SET status = 'dispatched' WHERE id = $1", drawn.send)
        await freeze(stage, now + timedelta(seconds=1))
        await stage.begin(drawn.send)
        became = await done(stage, drawn)
        await stage.settled()
        assert agrees(said, became), (seed, number, said.answer, became)
        await freeze(stage, now + timedelta(days=2))
        await change_everything(stage, drawn)
        then = await ask(stage.pool, drawn.prospect, at=said.at)
        assert (then.answer, list(then.rules)) == (said.answer, list(said.rules)), (seed, number)
        seen.add((said.answer.verdict, said.answer.reason))
        kinds.add((said.step, said.answer.reason))
        assert said.answer.verdict == "send_now" or said.first_blocker is not None
        assert all(line.value and line.limit for line in said.rules if line.verdict is not Outcome.PASS)
    assert len(seen) >= 8, f"these draws show too little: {sorted(seen)}"
    assert {reason for step, reason in kinds if step == "withdrawal"} - {"campaign_not_running"}, (
        "no withdrawal was decided by its own rules"
    )
