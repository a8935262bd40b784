"""When an unknown attempt is looked up: within the account's hours, beside the looks of others, and only with the account in hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.healer.workflows.unknown_attempts.look_up import LookUp
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from shared.unipile.errors import NotBegunError
from tests.integration.healer.healer_rows import ACCOUNT, House, Person, a_house, a_person, an_attempt, provider_id_of, time_passes
from tests.integration.simulator.simulator_process import KEY, Simulator
from tests.support.facts import eventually
from tests.support.locks import held_up

CALL_TIME = timedelta(seconds=5)
STRANGERS = {"network_distance": "SECOND_DEGREE", "invitation_status": None, "resolved_at": "2026-03-02T13:00:00Z"}
MORNING = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
"""Seven on Tuesday in New York: when the hours open after the day on which a test begins."""
FIRST_OF_IT = timedelta(minutes=90)
"""Over so much of the morning what waited for it is spread."""
WORLD: dict[str, Any] = {
    "behaviour": {"acceptance_rate": 0, "reply_rate": 0, "invite_list_lag_s": 0},
    "accounts": [{"id": ACCOUNT, "name": "Ada", "type": "premium"}],
    "people": [{"public_identifier": "ana", "provider_id": provider_id_of("ana"), "accepts_after_s": None, "replies_to": None}],
}


@pytest.fixture
async def clock(pool: asyncpg.Pool, house: House) -> AsyncIterator[StackClock]:
    assert house
    made = StackClock(pool)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def look_up(pool: asyncpg.Pool, simulator: Simulator, clock: StackClock) -> AsyncIterator[LookUp]:
    async with UnipileClient(simulator.base, SecretStr(KEY), timeout=CALL_TIME) as provider:
        made = LookUp(pool, provider, clock, call_time=CALL_TIME)
        yield made
        await made.stop()


async def in_doubt(pool: asyncpg.Pool, house: House) -> tuple[Person, int]:
    """Ana's invitation, whose answer nobody saw; due."""
    person = await a_person(pool, house, send_status="sending")
    return person, await an_attempt(pool, house, person, state="unknown", picture=STRANGERS)


async def state(pool: asyncpg.Pool, attempt: int) -> str:
    found: str = await pool.fetchval("SELECT state::text FROM send_attempts WHERE id = $1", attempt)
    return found


async def looks_from(pool: asyncpg.Pool, attempt: int) -> datetime:
    found: datetime = await pool.fetchval("SELECT look_after FROM send_attempts WHERE id = $1", attempt)
    return found


async def passes(pool: asyncpg.Pool, clock: StackClock, span: timedelta) -> None:
    """The business clock goes on, and the healer knows."""
    await time_passes(pool, span)
    await clock.refresh()


async def test_at_night_nobody_looks_and_in_the_morning_somebody_does(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp, clock: StackClock
) -> None:
    person, attempt = await in_doubt(pool, house)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    await passes(pool, clock, timedelta(hours=12))
    before = len(await simulator.entries(kind="call"))
    assert (await look_up.round(), len(await simulator.entries(kind="call"))) == (0, before)
    assert MORNING <= await looks_from(pool, attempt) <= MORNING + FIRST_OF_IT
    assert await pool.fetchval("SELECT lease_until FROM accounts") is None, "others may have the account"
    await passes(pool, clock, timedelta(hours=13))
    assert (await look_up.round(), await state(pool, attempt)) == (1, "accepted")


async def test_another_healer_does_not_ask_at_night_either(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp, clock: StackClock
) -> None:
    await in_doubt(pool, house)
    await passes(pool, clock, timedelta(hours=12))
    await look_up.round()
    untouched = await pool.fetchval("SELECT xmin::text FROM accounts")
    async with UnipileClient(simulator.base, SecretStr(KEY), timeout=CALL_TIME) as provider:
        await LookUp(pool, provider, clock, call_time=CALL_TIME).round()
    assert await pool.fetchval("SELECT xmin::text FROM accounts") == untouched, "what is put off stands in the row"


async def test_a_slow_clock_of_the_healer_asks_nobody_after_the_closing(pool: asyncpg.Pool, house: House, simulator: Simulator) -> None:
    _, attempt = await in_doubt(pool, house)
    await time_passes(pool, timedelta(hours=12))
    late_afternoon = StackClock(pool, skew=-timedelta(hours=4))
    await late_afternoon.refresh()
    async with UnipileClient(simulator.base, SecretStr(KEY), timeout=CALL_TIME) as provider:
        await LookUp(pool, provider, late_afternoon, call_time=CALL_TIME).round()
    assert await simulator.entries(kind="call") == []
    assert await looks_from(pool, attempt) >= MORNING


async def test_the_next_look_of_one_that_proves_nothing_is_not_planned_for_the_night(
    pool: asyncpg.Pool, house: House, look_up: LookUp, clock: StackClock
) -> None:
    _, attempt = await in_doubt(pool, house)
    await passes(pool, clock, timedelta(hours=8, minutes=52))
    await look_up.round()
    assert await looks_from(pool, attempt) < MORNING - timedelta(hours=12), "the profile is read when the account has rested"
    await passes(pool, clock, timedelta(minutes=3))
    await look_up.round()
    assert await pool.fetchval("SELECT looks FROM send_attempts WHERE id = $1", attempt) == 1
    assert MORNING <= await looks_from(pool, attempt) <= MORNING + FIRST_OF_IT


async def test_an_account_that_rests_keeps_no_other_waiting(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp
) -> None:
    resting, waits = await in_doubt_elsewhere(pool, "next_free_at = business_now() + interval '100 s'")
    person, attempt = await in_doubt(pool, house)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    await look_up.begin()
    await eventually(lambda: _is(pool, attempt, "accepted"), what="the look at the account that does not rest")
    assert await pool.fetchval("SELECT lease_holder FROM accounts WHERE id = $1", resting.account) == "read:healer"
    await look_up.stop()
    assert await state(pool, waits) == "unknown"
    assert await pool.fetchval("SELECT count(*) FROM accounts WHERE lease_until IS NOT NULL") == 0, "nobody's account stays in its hand"


async def test_those_that_nobody_can_look_at_do_not_stand_before_the_others(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.healer.workflows.unknown_attempts.look_up.AT_ONCE", 1)
    for in_the_way in ("status = 'disconnected'", "lease_until = clock_timestamp() + interval '1 minute', lease_holder = 'dispatch'"):
        _, earlier = await in_doubt_elsewhere(pool, in_the_way)
        await pool.execute("UPDATE send_attempts SET look_after = look_after - interval '1 hour' WHERE id = $1", earlier)
    person, attempt = await in_doubt(pool, house)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    assert (await look_up.round(), await state(pool, attempt)) == (1, "accepted")


async def test_whoever_lost_the_account_while_it_rested_does_not_read(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp
) -> None:
    _, attempt = await in_doubt(pool, house)
    await pool.execute("UPDATE accounts SET next_free_at = business_now() + interval '1 s'")
    await look_up.begin()
    await eventually(lambda: _held(pool), what="the account in the healer's hand")
    await pool.execute("UPDATE accounts SET lease_holder = 'dispatch', lease_until = clock_timestamp() + interval '1 minute'")
    assert await look_up.round() == 0
    assert await simulator.entries(kind="call") == []
    assert await pool.fetchval("SELECT lease_holder FROM accounts") == "dispatch", "and lets nobody else's account go"
    assert await state(pool, attempt) == "unknown"


async def test_a_look_that_was_held_up_past_its_time_is_not_begun(
    pool: asyncpg.Pool, house: House, simulator: Simulator, look_up: LookUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.healer.workflows.unknown_attempts.look_up.LOOK_WITHIN", timedelta(seconds=0.2))
    person, attempt = await in_doubt(pool, house)
    await simulator.invite(person.provider_id, account=ACCOUNT)
    before = len(await simulator.entries(kind="call"))
    await pool.execute("UPDATE accounts SET next_free_at = business_now() + interval '1 s'")
    await look_up.begin()
    await eventually(lambda: _held(pool), what="the account in the healer's hand")
    async with held_up(pool, "LOCK TABLE accounts", longer_than=timedelta(seconds=0.2)):
        pass
    with pytest.raises(NotBegunError):
        await look_up.round()
    assert len(await simulator.entries(kind="call")) == before
    assert await state(pool, attempt) == "unknown"
    assert await pool.fetchval("SELECT lease_until FROM accounts") is None, "it will be made again"


async def in_doubt_elsewhere(pool: asyncpg.Pool, in_the_way: str) -> tuple[House, int]:
    """The same for an account of another workspace, which `in_the_way` keeps from being read; sets the clock back to the beginning."""
    house = await a_house(pool, provider_account=f"elsewhere {in_the_way[:6]}")
    await pool.execute(f"UPDATE accounts SET {in_the_way} WHERE id = $1", house.account)  # noqa: S608 -- the tests' own constants
    return house, (await in_doubt(pool, house))[1]


async def _is(pool: asyncpg.Pool, attempt: int, wanted: str) -> bool:
    return await state(pool, attempt) == wanted


async def _held(pool: asyncpg.Pool) -> bool:
    holder: str | None = await pool.fetchval("SELECT lease_holder FROM accounts")
    return holder == "read:healer"
