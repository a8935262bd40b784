"""People hear of what waits for them: attempts nobody can settle, and consumers that stand still. Each once."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from services.healer.store.notices.channels import list_channels
from services.healer.workflows.maintenance.maintain import Maintenance
from shared.db.migrate import MIGRATIONS, files
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
    mend = Maintenance(stage.pool, stage.clock, call_time=timedelta(seconds=20))
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


async def test_a_channel_of_every_kind_hears_of_kinds_that_it_could_not_name_and_one_of_chosen_kinds_does_not(stage: Stage) -> None:
    everything = [kind for kind in NoticeKind if kind is not NoticeKind.TEST]
    channel, chosen = await stage.channel(name="all"), await stage.channel(name="chosen", kinds=everything[:3])
    await stage.owner.execute("UPDATE notice_channels SET kinds = kinds[1:3]")  # as an earlier version wrote them
    await stopped(stage.owner, "sender-1")
    await stage.notify.of_what_waits()
    (entry,) = await stage.log()
    assert {delivery.channel_id for delivery in entry.deliveries} == {channel.id}
    kept = {each.id: each.kinds for each in await list_channels(stage.pool, workspace_id=stage.house.workspace, after=None, most=9)}
    assert (set(kept[channel.id]), kept[chosen.id]) == (set(everything), tuple(everything[:3]))


@pytest.mark.parametrize(("known", "version"), [(3, 23), (5, 32), (7, 36), (8, 38), (9, None)])
async def test_a_channel_that_wanted_every_kind_there_was_wants_every_kind(stage: Stage, known: int, version: int | None) -> None:
    """The migration's own statement, on rows that earlier versions have written."""
    (change,) = [file.text for file in files(MIGRATIONS) if file.version == 43]
    everything = [kind for kind in NoticeKind if kind is not NoticeKind.TEST]
    async with stage.owner.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE schema_migrations SET applied_at = now() - interval '9 days'")
        await connection.execute("UPDATE schema_migrations SET applied_at = now() + interval '1 day' WHERE version >= $1", version or 99)
        ids = [(await stage.channel(name=f"{many} kinds", kinds=everything[:many])).id for many in (known, known - 1)]
        await connection.execute("ALTER TABLE notice_channels DROP COLUMN every_kind CASCADE")
        await connection.execute(change)
        rows = await connection.fetch("SELECT id, every_kind FROM notice_channels WHERE id = ANY($1::uuid[])", ids)
    assert {row["id"]: row["every_kind"] for row in rows} == {ids[0]: True, ids[1]: False}
