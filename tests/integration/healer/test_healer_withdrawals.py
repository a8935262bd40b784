"""What became of a withdrawal whose answer nobody saw: the list and the profile tell, never a blind second try."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from tests.integration.healer.healer_rows import (
    ACCOUNT,
    MONDAY_NINE,
    House,
    Person,
    a_person,
    an_attempt,
    one,
    provider_id_of,
    time_passes,
)
from tests.integration.simulator.simulator_process import KEY, Simulator

WORLD: dict[str, Any] = {
    "behaviour": {"acceptance_rate": 0, "reply_rate": 0, "invite_list_lag_s": 0},
    "accounts": [{"id": ACCOUNT, "name": "Ada", "type": "premium"}],
    "people": [
        {"public_identifier": name, "provider_id": provider_id_of(name), "accepts_after_s": None, "replies_to": None}
        for name in ("ana", "bea")
    ],
}
LONG_AGO = MONDAY_NINE - timedelta(days=22)


async def look(pool: asyncpg.Pool, simulator: Simulator) -> int:
    """A whole look, in as many turns of the account as it needs; how many attempts it settled."""
    settled = 0
    for _ in range(2):
        clock = StackClock(pool)
        await clock.refresh()
        async with UnipileClient(simulator.base, SecretStr(KEY), timeout=timedelta(seconds=5)) as provider:
            settled += await LookUp(pool, provider, clock, call_time=timedelta(seconds=5)).round()
        await time_passes(pool, timedelta(minutes=3))
    return settled


async def in_doubt(pool: asyncpg.Pool, house: House, simulator: Simulator, *, ref: str | None = None) -> tuple[Person, int, int]:
    """Ana was invited three weeks ago, and whether that was taken back is unknown; with both attempts."""
    person = await a_person(pool, house, status="connection_request_sent", contacted_at=LONG_AGO, send_status="sent")
    invitation = await an_attempt(pool, house, person, state="accepted", decided_at=LONG_AGO)
    answer = await simulator.invite(person.provider_id, account=ACCOUNT)
    known = ref or answer.json()["invitation_id"]
    await pool.execute("UPDATE send_attempts SET provider_ref = $2 WHERE id = $1", invitation, known)
    send = uuid4()
    await pool.execute(
        """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                   next_action, linkedin_user_id, message, message_sha256, scheduled_for, status)
           SELECT $2, workspace_id, campaign_id, prospect_id, lead_id, account_id, 'withdrawal', 1000, 'withdrawal', 'withdrawal',
                  linkedin_user_id, '', sha256(''), $3, 'sending' FROM send_queue WHERE id = $1""",
        person.send,
        send,
        MONDAY_NINE,
    )
    taking_back = Person(lead=person.lead, prospect=person.prospect, send=send, provider_id=person.provider_id, vanity=person.vanity)
    return taking_back, invitation, await an_attempt(pool, house, taking_back, state="unknown", action="withdrawal")


async def facts(pool: asyncpg.Pool, person: Person, attempt: int) -> tuple[str, str, str]:
    """State of the withdrawal, of its send, of the prospect."""
    row = await one(
        pool,
        """SELECT a.state, s.status AS send, p.status AS prospect FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
             JOIN campaign_prospects p ON p.id = s.prospect_id WHERE a.id = $1 AND p.id = $2""",
        attempt,
        person.prospect,
    )
    return row["state"], row["send"], row["prospect"]


async def outcome(pool: asyncpg.Pool) -> SendOutcome:
    payload = await pool.fetchval("SELECT payload FROM outbox WHERE topic = 'sends.completed' ORDER BY id DESC LIMIT 1")
    return SendCompleted.model_validate_json(payload).outcome


async def withdrawn_at(pool: asyncpg.Pool, invitation: int) -> datetime | None:
    moment: datetime | None = await pool.fetchval("SELECT withdrawn_at FROM send_attempts WHERE id = $1", invitation)
    return moment


async def used(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT used FROM account_usage WHERE action = 'withdrawal'"))


async def test_what_is_gone_from_the_list_and_not_connected_was_taken_back(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    person, invitation, attempt = await in_doubt(pool, house, simulator)
    await simulator.lever(f"/people/{person.provider_id}/withdraw", account_id=ACCOUNT)
    assert await look(pool, simulator) == 1
    assert await facts(pool, person, attempt) == ("accepted", "sent", "withdrawn")
    assert await withdrawn_at(pool, invitation) is not None
    assert (await outcome(pool), await used(pool)) == (SendOutcome.SENT, 1)


async def test_what_is_listed_still_was_not_taken_back_and_is_tried_again(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    person, invitation, attempt = await in_doubt(pool, house, simulator)
    assert await look(pool, simulator) == 1
    assert await facts(pool, person, attempt) == ("not_happened", "pending", "connection_request_sent")
    assert await withdrawn_at(pool, invitation) is None
    assert (await outcome(pool), await used(pool)) == (SendOutcome.DEFERRED, 0)


async def test_who_accepted_a_moment_before_is_connected(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    person, invitation, attempt = await in_doubt(pool, house, simulator)
    await simulator.lever(f"/people/{person.provider_id}/accept", account_id=ACCOUNT)
    assert await look(pool, simulator) == 1
    assert await facts(pool, person, attempt) == ("not_happened", "skipped", "connected")
    assert await withdrawn_at(pool, invitation) is None
    assert (await outcome(pool), await used(pool)) == (SendOutcome.SKIPPED, 0)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'connections.accepted'") == 1


async def test_the_next_try_uses_the_id_under_which_the_list_shows_it(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    person, invitation, attempt = await in_doubt(pool, house, simulator, ref="another-id")
    assert await look(pool, simulator) == 1
    assert (await facts(pool, person, attempt))[0] == "not_happened"
    listed = (await simulator.effects(action="invitation"))[0]["effect_id"]
    assert await pool.fetchval("SELECT provider_ref FROM send_attempts WHERE id = $1", invitation) == listed


async def test_an_invitation_that_stands_whatever_we_ask_is_left_standing(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    person, _, attempt = await in_doubt(pool, house, simulator)
    await pool.execute("UPDATE send_queue SET retries = 2 WHERE id = $1", person.send)
    assert await look(pool, simulator) == 1
    assert await facts(pool, person, attempt) == ("not_happened", "failed", "connection_request_sent")
    assert await outcome(pool) is SendOutcome.FAILED
