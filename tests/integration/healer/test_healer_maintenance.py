"""What died in a process's hand is put right; what is alive is left alone."""

from datetime import timedelta

import asyncpg
import pytest

from services.healer.store.repairs import findings
from services.healer.workflows.maintenance.maintain import Maintenance
from shared.contracts.integrity_events import IntegrityEvent
from shared.policy.limits import SPACING
from shared.runtime.clock import StackClock
from tests.integration.healer.healer_rows import House, a_person, an_attempt, one

CALL_TIME = timedelta(seconds=20)
LONG_AGO = timedelta(seconds=31)
JUST_NOW = timedelta(seconds=25)


@pytest.fixture
async def mend(pool: asyncpg.Pool, house: House) -> Maintenance:
    assert house
    clock = StackClock(pool)
    await clock.refresh()
    return Maintenance(pool, clock, call_time=CALL_TIME)


async def held(pool: asyncpg.Pool, holder: str = "sender-test", ago: timedelta = timedelta(seconds=1)) -> None:
    await pool.execute("UPDATE accounts SET lease_until = clock_timestamp() - $1::interval, lease_holder = $2, wake_at = NULL", ago, holder)


async def test_an_intent_whose_sender_is_silent_becomes_unknown_and_its_account_free(
    pool: asyncpg.Pool, house: House, mend: Maintenance
) -> None:
    person = await a_person(pool, house, send_status="sending")
    attempt = await an_attempt(pool, house, person, state="intent", acted_ago=LONG_AGO)
    await held(pool)
    await mend.expire_intents()
    row = await one(
        pool, "SELECT state, look_after > business_now() + interval '50 seconds' AS later FROM send_attempts WHERE id = $1", attempt
    )
    assert tuple(row) == ("unknown", True)
    assert (await one(pool, "SELECT status FROM send_queue"))["status"] == "sending", "nobody knows whether it left"
    account = await one(pool, "SELECT lease_until, next_free_at > business_now() AS rests, wake_at = next_free_at AS wakes FROM accounts")
    assert tuple(account) == (None, True, True)
    assert await pool.fetchval("SELECT sum(used) FROM account_usage") == 1


async def test_a_slow_clock_of_the_healer_does_not_shorten_the_rest_of_an_account_it_takes_over(pool: asyncpg.Pool, house: House) -> None:
    person = await a_person(pool, house, send_status="sending")
    await an_attempt(pool, house, person, state="intent", acted_ago=LONG_AGO)
    await held(pool)
    slow = StackClock(pool, skew=-timedelta(seconds=110))
    await slow.refresh()
    await Maintenance(pool, slow, call_time=CALL_TIME).expire_intents()
    assert await pool.fetchval("SELECT next_free_at - business_now() FROM accounts") > SPACING - timedelta(seconds=5)


async def test_an_intent_that_may_still_be_under_way_is_left_alone(pool: asyncpg.Pool, house: House, mend: Maintenance) -> None:
    person = await a_person(pool, house, send_status="sending")
    attempt = await an_attempt(pool, house, person, state="intent", acted_ago=JUST_NOW)
    await held(pool)
    await mend.expire_intents()
    await mend.clear_leases()
    assert (await one(pool, "SELECT state FROM send_attempts WHERE id = $1", attempt))["state"] == "intent"
    assert (await one(pool, "SELECT lease_until FROM accounts"))["lease_until"] is not None


async def test_a_look_up_of_a_profile_is_released_never_unknown(pool: asyncpg.Pool, house: House, mend: Maintenance) -> None:
    person = await a_person(pool, house, send_status="sending")
    attempt = await an_attempt(pool, house, person, state="intent", action="profile_lookup", acted_ago=LONG_AGO)
    await held(pool)
    await mend.expire_intents()
    assert (await one(pool, "SELECT state FROM send_attempts WHERE id = $1", attempt))["state"] == "released"
    assert (await one(pool, "SELECT status FROM send_queue"))["status"] == "pending"


@pytest.mark.parametrize(("holder", "cleared"), [("read:poller", True), ("read:healer", True), ("sender-x", True), ("dispatch", False)])
async def test_leases_of_dead_reads_and_senders_are_cleared_and_dispatches_are_the_queuers(
    pool: asyncpg.Pool, house: House, mend: Maintenance, holder: str, *, cleared: bool
) -> None:
    assert house
    await held(pool, holder)
    await mend.clear_leases()
    row = await one(pool, "SELECT lease_until IS NULL AS free, wake_at IS NOT NULL AS awake FROM accounts")
    assert tuple(row) == (cleared, cleared)


async def test_a_lease_that_still_runs_is_not_touched(pool: asyncpg.Pool, mend: Maintenance) -> None:
    await held(pool, "read:poller", timedelta(seconds=-30))
    before = await one(pool, "SELECT lease_until, lease_holder, wake_at, next_free_at FROM accounts")
    await mend.clear_leases()
    assert await one(pool, "SELECT lease_until, lease_holder, wake_at, next_free_at FROM accounts") == before


async def _sending_for_long(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE send_queue DISABLE TRIGGER touch_updated_at")
        await connection.execute("UPDATE send_queue SET updated_at = clock_timestamp() - interval '10 minutes'")
        await connection.execute("ALTER TABLE send_queue ENABLE TRIGGER touch_updated_at")


async def test_a_send_in_nobodys_hand_goes_back_to_pending_with_a_finding(pool: asyncpg.Pool, house: House, mend: Maintenance) -> None:
    person = await a_person(pool, house, send_status="sending")
    await an_attempt(pool, house, person, state="released")
    await _sending_for_long(pool)
    await mend.unstick_sends()
    assert (await one(pool, "SELECT status FROM send_queue"))["status"] == "pending"
    assert tuple(await one(pool, "SELECT kind, state FROM integrity_findings")) == ("sending_without_attempt", "repaired")


@pytest.mark.parametrize("state", ["intent", "unknown", "accepted"])
async def test_a_send_with_a_live_attempt_never_leaves_the_senders_hand_here(
    pool: asyncpg.Pool, house: House, mend: Maintenance, state: str
) -> None:
    person = await a_person(pool, house, send_status="sending")
    await an_attempt(pool, house, person, state=state)
    await _sending_for_long(pool)
    await mend.unstick_sends()
    assert (await one(pool, "SELECT status FROM send_queue"))["status"] == "sending"
    assert await pool.fetchval("SELECT count(*) FROM integrity_findings WHERE kind = 'sending_though_accepted'") == (state == "accepted")


def a_finding(**evidence: object) -> IntegrityEvent:
    return IntegrityEvent(kind="duplicate_effect", severity="critical", table_name="send_attempts", row_id="7", evidence=evidence)


async def test_an_event_told_twice_is_one_finding_and_a_replay_after_it_was_closed_opens_nothing(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        assert await findings.record_findings(connection, [a_finding(ref="x"), a_finding(ref="x")]) == 1
        assert await findings.record_findings(connection, [a_finding(ref="y")]) == 0, "one open finding a row"
        await findings.close_findings(connection, kind="duplicate_effect", table_name="send_attempts", row_ids=["7"])
        assert await findings.record_findings(connection, [a_finding(ref="x")]) == 0, "told before"
        assert await findings.record_findings(connection, [a_finding(ref="z")]) == 1, "it came back"
