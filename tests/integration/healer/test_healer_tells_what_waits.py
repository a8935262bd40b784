"""People hear of what waits for them: attempts nobody can settle, and consumers that stand still. Each once."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from services.healer.workflows.mend import Mend
from shared.vocabulary import NoticeKind
from tests.integration.healer.healer_rows import a_person, an_attempt
from tests.integration.healer.notices_stage import Stage, a_stage


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


async def test_an_attempt_that_waits_for_a_person_is_told_once(stage: Stage) -> None:
    await stage.channel()
    person = await a_person(stage.owner, stage.house, send_status="sending")
    attempt = await an_attempt(stage.owner, stage.house, person, state="unknown")
    await stage.notify.of_what_waits()
    assert await stage.log() == [], "it is still looked up"
    await stage.owner.execute("UPDATE send_attempts SET needs_person = true, looks = 8")
    for _ in range(2):
        await stage.notify.of_what_waits()
        await stage.deliver.round()
    (request,) = stage.to.requests
    told = json.loads(request.body)
    assert (told["type"], told["data"]["attempt_id"]) == ("attempt_unknown", attempt)
    assert f"tact unknown resolve {attempt} accepted" in told["text"]


async def stopped(pool: asyncpg.Pool, instance: str, ago: timedelta = timedelta()) -> int:
    row: int = await pool.fetchval(
        """INSERT INTO consumer_stops (instance, topic, group_name, why, seen_at)
           VALUES ($1, 'sends.due', 'sender.sends.due', 'Bad things of another tenant', clock_timestamp() - $2::interval) RETURNING id""",
        instance,
        ago,
    )
    return row


async def test_a_stopped_consumer_is_told_once_to_every_workspace_without_what_went_wrong(stage: Stage) -> None:
    await stage.channel()
    await stopped(stage.owner, "sender-1")
    await stopped(stage.owner, "sender-2")
    for _ in range(2):
        await stage.notify.of_what_waits()
        await stage.deliver.round()
    (request,) = stage.to.requests
    told = json.loads(request.body)
    assert (told["type"], told["data"]["group"]) == ("consumer_stopped", "sender.sends.due")
    assert "nothing leaves" in told["text"]
    assert "another tenant" not in request.body.decode()


async def test_a_stopped_consumer_is_a_finding_until_it_goes_on_or_its_process_is_silent(stage: Stage) -> None:
    mend = Mend(stage.pool, stage.clock, call_time=timedelta(seconds=20))
    one, two = await stopped(stage.owner, "sender-1"), await stopped(stage.owner, "sender-2")
    await mend.watch_consumers()
    await mend.watch_consumers()
    states = "SELECT row_id, severity || ' ' || state AS is FROM integrity_findings WHERE kind = 'consumer_stopped' ORDER BY id"
    assert [tuple(row) for row in await stage.owner.fetch(states)] == [(str(one), "critical open"), (str(two), "critical open")]
    await stage.owner.execute("UPDATE consumer_stops SET resumed_at = now(), resumed_by = 'somebody' WHERE id = $1", one)
    await stage.owner.execute("UPDATE consumer_stops SET seen_at = seen_at - interval '61 seconds' WHERE id = $1", two)
    await mend.watch_consumers()
    assert [row["is"] for row in await stage.owner.fetch(states)] == ["critical repaired"] * 2


SHUT = "UPDATE stack_fence SET read_only_since = clock_timestamp(), read_only_why = 'PostgreSQL''s system identifier is 7'"


async def test_a_read_only_stack_is_told_once_each_time_and_of_nothing_else_people_hear_meanwhile(stage: Stage) -> None:
    await stage.channel()
    await stage.notify.of_read_only()
    assert await stage.log() == [], "nothing is wrong"
    await stopped(stage.owner, "sender-1")
    await stage.notify.of_what_waits()
    await stage.owner.execute(SHUT)
    for _ in range(2):
        await stage.notify.of_read_only()
        await stage.deliver.round(only=[NoticeKind.STACK_READ_ONLY])
    (request,) = stage.to.requests
    told = json.loads(request.body)
    assert told["type"] == "stack_read_only"
    assert "`tact adopt` says what to do" in told["text"]
    assert "system identifier" not in request.body.decode()
    await stage.owner.execute("UPDATE stack_fence SET read_only_since = NULL, read_only_why = NULL")
    await stage.notify.of_read_only()
    await stage.deliver.round()
    assert [json.loads(request.body)["type"] for request in stage.to.requests] == ["stack_read_only", "consumer_stopped"]
    await stage.owner.execute(SHUT)
    await stage.notify.of_read_only()
    assert [entry.kind for entry in await stage.log()].count(NoticeKind.STACK_READ_ONLY) == 2


@pytest.mark.parametrize("known", [3, 5, 7])
async def test_a_channel_that_wanted_everything_there_was_hears_of_a_read_only_stack(stage: Stage, known: int) -> None:
    await stage.channel(kinds=[kind for kind in NoticeKind if kind is not NoticeKind.TEST][:known])
    await stage.owner.execute(SHUT)
    await stage.notify.of_read_only()
    assert not await stage.deliver.round()
    assert stage.to.requests == [], "who chose these since did not choose that"
    version = {3: 23, 5: 32, 7: 38}[known]  # the migration that brought the kinds behind those
    await stage.owner.execute("UPDATE schema_migrations SET applied_at = clock_timestamp() WHERE version = $1", version)
    await stage.owner.execute("DELETE FROM notices")
    await stage.notify.of_read_only()
    await stage.deliver.round()
    assert len(stage.to.requests) == 1


async def test_a_channel_that_wanted_everything_before_there_were_these_kinds_hears_of_them(stage: Stage) -> None:
    before = [NoticeKind.SEND_FAILED, NoticeKind.ACCOUNT_PAUSED, NoticeKind.ACCOUNT_DISCONNECTED]
    await stage.channel(kinds=before)
    await stopped(stage.owner, "sender-1")
    await stage.notify.of_what_waits()
    await stage.deliver.round()
    assert stage.to.requests == [], "who chose these since did not choose those"
    await stage.owner.execute("UPDATE schema_migrations SET applied_at = clock_timestamp() WHERE version = 23")
    await stage.owner.execute("DELETE FROM notices")
    await stage.notify.of_what_waits()
    await stage.deliver.round()
    assert len(stage.to.requests) == 1
