"""Looking unknown attempts up: a simulator as its own process in the database's clock, and what it was asked as the judge."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from tests.integration.healer.healer_rows import (
    ACCOUNT,
    House,
    Person,
    a_person,
    an_attempt,
    one,
    provider_id_of,
    time_passes,
)
from tests.integration.simulator.simulator_process import KEY, Simulator

STRANGERS = {"network_distance": "SECOND_DEGREE", "invitation_status": None, "resolved_at": "2026-03-02T13:00:00Z"}
HALF_SEEN = """SELECT count(*) FROM send_attempts
                WHERE state = 'unknown' AND evidence -> -1 ->> 'look' IN ('invitation_list', 'message_list')"""
NEVER_CLOSED = {"working_hours_start": 0, "working_hours_end": 24, "skip_weekends": False, "skip_holidays": False}
WORLD: dict[str, Any] = {
    "behaviour": {"acceptance_rate": 0, "reply_rate": 0, "invite_list_lag_s": 0},
    "accounts": [{"id": ACCOUNT, "name": "Ada", "type": "premium"}],
    "people": [
        {"public_identifier": name, "provider_id": provider_id_of(name), "accepts_after_s": None, "replies_to": None}
        for name in ("ana", "bea")
    ]
    + [
        {"public_identifier": name, "provider_id": provider_id_of(name), "connected_to": [ACCOUNT], "replies_to": None}
        for name in ("carl", "dora")
    ],
}


class Looker:
    """Looks as the healer's job does, at the business time of the moment."""

    def __init__(self, pool: asyncpg.Pool, simulator: Simulator) -> None:
        self._pool, self._simulator = pool, simulator

    async def turn(self) -> int:
        """One round, in which an account makes one read at the most; how many attempts it settled."""
        before = await self._reads()
        clock = StackClock(self._pool)
        await clock.refresh()
        call_time = timedelta(seconds=5)
        async with UnipileClient(self._simulator.base, SecretStr(KEY), timeout=call_time) as provider:
            settled = await LookUp(self._pool, provider, clock, call_time=call_time).round()
        assert await self._reads() - before <= 1
        return settled

    async def look(self) -> int:
        """A whole look, in as many turns as it needs; how many attempts it settled."""
        settled = await self.turn()
        while await self._pool.fetchval(HALF_SEEN):
            assert await self._pool.fetchval("SELECT next_free_at >= business_now() + interval '119 s' FROM accounts"), "it rests"
            await time_passes(self._pool, timedelta(minutes=3))
            settled += await self.turn()
        return settled

    async def _reads(self) -> int:
        return sum(entry["action"] in {"read", "profile_lookup"} for entry in await self._simulator.entries(kind="call"))


@pytest.fixture
def healer(pool: asyncpg.Pool, simulator: Simulator) -> Looker:
    return Looker(pool, simulator)


async def in_doubt(pool: asyncpg.Pool, house: House, name: str = "ana", *, action: str = "invitation", **more: Any) -> tuple[Person, int]:
    """A send whose attempt is unknown."""
    person = await a_person(pool, house, name=name, send_status="sending", action=action)
    return person, await an_attempt(pool, house, person, state="unknown", action=action, **more)


async def facts(pool: asyncpg.Pool, person: Person, attempt: int) -> tuple[str, str, str]:
    """State of the attempt, of the send, of the prospect."""
    row = await one(
        pool,
        """SELECT a.state, s.status AS send, p.status AS prospect FROM send_attempts a JOIN send_queue s ON s.id = a.send_id
             JOIN campaign_prospects p ON p.id = s.prospect_id WHERE a.id = $1 AND p.id = $2""",
        attempt,
        person.prospect,
    )
    return row["state"], row["send"], row["prospect"]


async def events(pool: asyncpg.Pool, topic: str) -> list[str]:
    return [row["payload"] for row in await pool.fetch("SELECT payload FROM outbox WHERE topic = $1 ORDER BY id", topic)]


async def used(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT sum(used) FROM account_usage"))


async def test_an_invitation_that_stands_in_the_list_was_sent(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, picture=STRANGERS)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("accepted", "sent", "connection_request_sent")
    row = await one(
        pool,
        """SELECT p.contacted_at, a.answered_at, a.decided_at, a.provider_ref, a.evidence, m.attempt_id FROM send_attempts a
             JOIN campaign_prospects p ON p.id = a.prospect_id JOIN campaign_messages m ON m.attempt_id = a.id WHERE a.id = $1""",
        attempt,
    )
    assert row["contacted_at"] == row["answered_at"] >= row["decided_at"]
    assert row["provider_ref"] == (await simulator.effects(action="invitation"))[0]["effect_id"]
    assert row["evidence"][0]["listed"] == row["provider_ref"]
    completed = SendCompleted.model_validate_json((await events(pool, "sends.completed"))[0])
    assert (completed.outcome, completed.send_id) == (SendOutcome.SENT, person.send)
    assert await used(pool) == 1
    assert await healer.look() == 0


async def test_an_invitation_the_list_lacks_beside_a_later_one_was_not_sent_and_is_free_to_leave_again(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, picture=STRANGERS)
    later = await a_person(pool, house, name="bea", status="pending", send_status="sent")
    await an_attempt(pool, house, later, state="accepted", decided_at=(await pool.fetchval("SELECT business_now()")) - timedelta(minutes=3))
    await pool.execute(
        "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = business_now() WHERE id = $1", later.prospect
    )
    await simulator.invite(later.provider_id, account=ACCOUNT)
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("not_happened", "pending", "pending")
    completed = SendCompleted.model_validate_json((await events(pool, "sends.completed"))[0])
    assert completed.outcome is SendOutcome.DEFERRED
    assert await used(pool) == 1, "the later one's; this one's was given back"
    row = await one(pool, "SELECT given_back FROM send_attempts WHERE id = $1", attempt)
    assert row["given_back"]
    account = await one(
        pool, "SELECT lease_until, wake_at <= business_now() AS awake, next_free_at > business_now() AS rests FROM accounts"
    )
    assert (account["lease_until"], account["awake"], account["rests"]) == (None, True, True)


async def test_where_no_later_one_will_leave_two_looks_ten_minutes_apart_must_agree(
    pool: asyncpg.Pool, house: House, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, picture=STRANGERS)
    assert await healer.look() == 0
    assert await facts(pool, person, attempt) == ("unknown", "sending", "pending")
    assert await healer.look() == 0
    assert (await one(pool, "SELECT looks FROM send_attempts WHERE id = $1", attempt))["looks"] == 1, "it is not due before its time"
    await time_passes(pool, timedelta(minutes=12))
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("not_happened", "pending", "pending")


async def test_somebody_who_accepted_meanwhile_is_connected_and_the_planner_hears_of_it(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, picture=STRANGERS)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    await simulator.lever("/people/ana/accept", account_id=ACCOUNT)
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("accepted", "sent", "connected")
    accepted = ConnectionAccepted.model_validate_json((await events(pool, "connections.accepted"))[0])
    assert (accepted.prospect_id, accepted.seen_by) == (person.prospect, "lookup")


async def test_whoever_opted_out_meanwhile_stays_so_and_was_contacted_all_the_same(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, picture=STRANGERS)
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", person.prospect)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("accepted", "sent", "opted_out")
    assert (await one(pool, "SELECT contacted_at FROM campaign_prospects WHERE id = $1", person.prospect))["contacted_at"] is not None


async def test_an_invitation_that_stood_before_is_no_proof_and_ends_with_a_person(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    await simulator.lever("/invite-by-hand", account_id=ACCOUNT, person="ana")
    await pool.execute("UPDATE accounts SET schedule_settings = $1", NEVER_CLOSED)
    person, attempt = await in_doubt(pool, house, picture=STRANGERS | {"invitation_status": "PENDING"})
    for _ in range(6):
        assert await healer.look() == 0
        await time_passes(pool, timedelta(days=1))
    row = await one(pool, "SELECT needs_person, looks FROM send_attempts WHERE id = $1", attempt)
    assert (row["needs_person"], row["looks"]) == (True, 5), "five days are over, nobody looks again"
    assert await facts(pool, person, attempt) == ("unknown", "sending", "pending")
    finding = await one(pool, "SELECT kind, severity FROM integrity_findings WHERE row_id = $1", str(attempt))
    assert tuple(finding) == ("unknown_waiting", "critical")


async def test_a_message_that_stands_in_the_chat_was_sent_and_is_claimed_once(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    person, attempt = await in_doubt(pool, house, "carl", action="message")
    await simulator.write(person.provider_id, "Hello carl", account=ACCOUNT)
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("accepted", "sent", "messaging")
    row = await one(pool, "SELECT provider_message_id FROM campaign_messages WHERE attempt_id = $1", attempt)
    assert row["provider_message_id"] == (await simulator.effects(action="message"))[0]["effect_id"]
    follow_up = await pool.fetchval(
        """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                   next_action, message, message_sha256, scheduled_for, status)
           SELECT gen_random_uuid(), workspace_id, campaign_id, prospect_id, lead_id, account_id, 'follow_up_1', 2, action, action, message,
                  message_sha256, scheduled_for, 'sending' FROM send_queue WHERE id = $1 RETURNING id""",
        person.send,
    )
    second = await an_attempt(
        pool,
        house,
        Person(lead=person.lead, prospect=person.prospect, send=follow_up, provider_id=person.provider_id, vanity="carl"),
        state="unknown",
        action="message",
    )
    await time_passes(pool, timedelta(minutes=12))
    await healer.look()
    assert (await one(pool, "SELECT state FROM send_attempts WHERE id = $1", second))["state"] != "accepted"


async def test_a_message_the_chat_lacks_beside_an_older_one_was_not_sent(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    await simulator.lever("/people/carl/reply", account_id=ACCOUNT, text="We met in May")
    await time_passes(pool, timedelta(hours=1))
    now = await pool.fetchval("SELECT business_now()")
    person, attempt = await in_doubt(pool, house, "carl", action="message", decided_at=now - timedelta(minutes=5))
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("not_happened", "pending", "pending")


async def test_where_nobody_knows_whose_an_own_message_is_the_conversations_are_asked_once_for_all(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    for name in ("carl", "dora"):
        person, _ = await in_doubt(pool, house, name, action="message")
        await simulator.write(person.provider_id, f"Hello {name}", account=ACCOUNT)
    assert await healer.turn() == 0
    kept = await pool.fetch("SELECT evidence, looks FROM send_attempts ORDER BY id")
    assert [(row["looks"], [own["same"] for own in row["evidence"][-1]["own"]]) for row in kept] == [(0, [False, True]), (0, [True, False])]
    assert await healer.turn() == 0, "not before the account has rested"
    await time_passes(pool, timedelta(minutes=3))
    assert await healer.turn() == 2
    assert [entry["route"] for entry in await simulator.entries(kind="call", action="read")] == ["GET /messages", "GET /chats"]
    assert await pool.fetchval("SELECT count(DISTINCT provider_ref) FROM send_attempts WHERE state = 'accepted'") == 2


async def test_one_list_answers_for_all_and_each_profile_it_leaves_open_waits_for_a_turn_of_its_own(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    for name in ("ana", "bea"):
        await in_doubt(pool, house, name, picture=STRANGERS)
    for _ in range(3):
        assert await healer.turn() == 0
        await time_passes(pool, timedelta(minutes=3))
    routes = [entry["route"] for entry in await simulator.entries(kind="call")]
    assert routes == ["GET /users/invite/sent", "GET /users/{identifier}", "GET /users/{identifier}"]
    assert [row["looks"] for row in await pool.fetch("SELECT looks FROM send_attempts")] == [1, 1]


async def test_an_account_whose_call_may_still_be_under_way_is_left_alone(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    await in_doubt(pool, house, acted_ago=timedelta(seconds=1))
    assert await healer.turn() == 0
    assert await simulator.entries(kind="call") == []
    assert (await one(pool, "SELECT next_free_at FROM accounts"))["next_free_at"] is None


async def test_an_account_that_rests_is_waited_for_by_the_business_clock_and_no_longer(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    await in_doubt(pool, house)
    await pool.execute("UPDATE stack_clock SET business_at = business_now(), anchored_at = clock_timestamp(), speed = 1500")
    await pool.execute("UPDATE accounts SET next_free_at = business_now() + interval '1 hour'")
    await healer.turn()
    assert await simulator.entries(kind="call") == [], "an hour is nothing to wait for with the account in hand"
    free_at = await pool.fetchval("UPDATE accounts SET next_free_at = business_now() + interval '150 s' RETURNING next_free_at")
    await healer.turn()
    [call] = await simulator.entries(kind="call")
    assert datetime.fromisoformat(call["at"]) >= free_at - timedelta(milliseconds=1)


async def test_no_chat_at_all_proves_nothing_until_two_looks_at_all_the_account_said_agree(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    await simulator.write(provider_id_of("dora"), "Hello Dora", account=ACCOUNT)
    person, attempt = await in_doubt(pool, house, "carl", action="message")
    assert await healer.look() == 0
    await time_passes(pool, timedelta(minutes=12))
    assert await healer.look() == 1
    assert await facts(pool, person, attempt) == ("not_happened", "pending", "pending")


async def test_an_empty_account_proves_nothing_however_often_it_is_read(pool: asyncpg.Pool, house: House, healer: Looker) -> None:
    person, attempt = await in_doubt(pool, house, "carl", action="message")
    for _ in range(3):
        assert await healer.look() == 0
        await time_passes(pool, timedelta(hours=1))
    assert await facts(pool, person, attempt) == ("unknown", "sending", "pending")


@pytest.mark.parametrize(
    "in_the_way",
    ["status = 'disconnected'", "lease_until = clock_timestamp() + interval '1 minute', lease_holder = 'dispatch'"],
)
async def test_an_account_that_may_not_act_or_is_in_another_hand_is_not_asked(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker, in_the_way: str
) -> None:
    await in_doubt(pool, house)
    await pool.execute(f"UPDATE accounts SET {in_the_way}")  # noqa: S608 -- the two constants above
    assert await healer.look() == 0
    assert [entry for entry in await simulator.entries(kind="call") if entry["route"] == "GET /users/invite/sent"] == []


async def test_one_read_of_the_list_answers_for_all_unknowns_of_an_account(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    for name in ("ana", "bea"):
        person, _ = await in_doubt(pool, house, name, picture=STRANGERS)
        await simulator.invite(person.provider_id, account=ACCOUNT)
    assert await healer.look() == 2
    assert len([entry for entry in await simulator.entries(kind="call") if entry["route"] == "GET /users/invite/sent"]) == 1


async def test_a_provider_that_cannot_be_read_counts_no_look_and_the_account_is_let_go(
    pool: asyncpg.Pool, house: House, simulator: Simulator, healer: Looker
) -> None:
    _, attempt = await in_doubt(pool, house)
    await simulator.lever("/faults", fault="status", type="errors/provider_error", match={"route": "GET /users/invite/sent"}, times=1)
    assert await healer.look() == 0
    row = await one(
        pool,
        "SELECT looks, evidence, look_after > business_now() + interval '10 minutes' AS later FROM send_attempts WHERE id = $1",
        attempt,
    )
    assert (row["looks"], row["evidence"], row["later"]) == (0, None, True)
    assert (await one(pool, "SELECT lease_until FROM accounts"))["lease_until"] is None


async def test_after_five_days_a_person_decides_even_where_nobody_could_look(pool: asyncpg.Pool, house: House, healer: Looker) -> None:
    _, attempt = await in_doubt(pool, house)
    await pool.execute("UPDATE accounts SET status = 'disconnected'")
    await time_passes(pool, timedelta(days=5, hours=1))
    await healer.look()
    assert (await one(pool, "SELECT needs_person FROM send_attempts WHERE id = $1", attempt))["needs_person"]


async def test_a_list_that_lacks_what_should_stand_in_it_has_the_poller_ask_who_accepted(
    pool: asyncpg.Pool, house: House, healer: Looker
) -> None:
    _, attempt = await in_doubt(pool, house, picture=STRANGERS)
    other, since = await a_person(pool, house, name="bea", send_status="sent"), timedelta(minutes=9)
    await an_attempt(pool, house, other, state="accepted", decided_at=(await pool.fetchval("SELECT business_now()")) - since)
    await pool.execute(
        "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = business_now() WHERE id = $1", other.prospect
    )
    planned = "SELECT $1, unnest(ARRAY['relations', 'chats']), business_now() + interval '1 day'"
    await pool.execute(f"INSERT INTO account_reads (account_id, kind, next_at) {planned}", house.account)
    assert await healer.look() == 0
    verdict = await pool.fetchval("SELECT evidence -> -1 ->> 'verdict' FROM send_attempts WHERE id = $1 AND NOT needs_person", attempt)
    assert verdict == "NotYet: the list was not whole"
    assert await pool.fetchval("SELECT array_agg(kind) FROM account_reads WHERE next_at <= business_now()") == ["relations"]
