"""While no healer lives the queuer tells people so, in its own role; the healer tells them when it is over."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from embedded.ports import LOOPBACK
from services.healer.store.repairs.findings import record_findings
from services.healer.workflows.health.keep_alerts import AlertKeeper
from services.healer.workflows.health.measure import MeasureHealth
from services.queuer.workflows.accounts.healer_watchdog import HealerAlarm, watch_healer
from shared.contracts.integrity_events import IntegrityEvent
from shared.db.pool import open_pool
from shared.fence.fence import Fence
from shared.notices.sender import NoticeSender
from shared.vocabulary import NoticeMedium
from tests.integration.healer.notices_stage import AT_ONCE, Stage, a_stage, mail

SOUND = "SELECT count(*) FROM notices WHERE kind = 'integrity_alert'"


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


@pytest.fixture
async def queuer(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(database, role="tact_queuer", size=3) as own:
        yield own


def an_alarm(stage: Stage, queuer: asyncpg.Pool) -> HealerAlarm:
    notice_sender = NoticeSender(stage.clock, web=stage.web, mail=mail(stage.box.port), pauses=AT_ONCE)
    return HealerAlarm(queuer, stage.clock, notice_sender, timeout=timedelta(seconds=5))


async def silent_for(stage: Stage, seconds: int) -> None:
    await stage.owner.execute(
        """INSERT INTO heartbeats (service, instance, beaten_at) VALUES ('healer', 'h', clock_timestamp() - make_interval(secs => $1))
           ON CONFLICT (service, instance) DO UPDATE SET beaten_at = excluded.beaten_at""",
        seconds,
    )


async def test_people_are_told_once_while_it_is_silent_and_when_it_is_over(stage: Stage, queuer: asyncpg.Pool) -> None:
    await stage.channel()
    await stage.channel(NoticeMedium.EMAIL)
    asleep = "INSERT INTO workspaces (company_name, email, is_active) VALUES ('Asleep', 'a@example.test', false)"
    await stage.owner.execute(asleep)
    alarm = an_alarm(stage, queuer)
    await silent_for(stage, 45)
    assert await watch_healer(queuer, alarm)
    assert (await stage.owner.fetchval(SOUND), stage.to.requests) == (0, []), "a restart needs no person"
    await silent_for(stage, 90)
    for _ in range(2):
        assert await watch_healer(queuer, alarm)
        [request] = stage.to.requests
        assert len(stage.box.messages) == 1
    told = json.loads(request.body)
    assert (told["type"], told["subject"], told["data"]["alert"]) == ("integrity_alert", "Tact: The healer is silent", "healer_silent")
    assert "corrupted rows are not repaired" in told["text"]
    assert request.headers["webhook-signature"].startswith("v1,")
    alerts = "SELECT payload FROM outbox WHERE topic = 'integrity.events' ORDER BY id"
    events = [json.loads(row["payload"]) for row in await stage.owner.fetch(alerts)]
    assert [(event["table_name"], event["evidence"].get("state")) for event in events] == [("heartbeats", None), ("health_alerts", "begun")]

    await silent_for(stage, 0)
    assert not await watch_healer(queuer, alarm)
    await MeasureHealth(stage.pool, objective=timedelta(seconds=2), kept=timedelta(days=400), then=[AlertKeeper(stage.clock)]).round()
    for _ in range(2):
        await stage.notify.of_alerts()
        await stage.deliver.round()
    assert [json.loads(each.body)["type"] for each in stage.to.requests] == ["integrity_alert", "integrity_over"]
    over = json.loads(stage.to.requests[1].body)
    assert over["subject"] == "Tact: Over: The healer is silent"
    await silent_for(stage, 90)
    await watch_healer(queuer, alarm)
    assert len(stage.to.requests) == 3, "silent again is another alert"


@pytest.mark.parametrize("microseconds", [0, 120_000, 123_456])
async def test_the_event_published_again_opens_no_second_finding(stage: Stage, queuer: asyncpg.Pool, microseconds: int) -> None:
    """Python and PostgreSQL write a fraction of a second that ends with zeros differently: the evidence is written once for both."""
    await silent_for(stage, 45)
    await stage.owner.execute(
        "UPDATE heartbeats SET beaten_at = date_trunc('second', beaten_at) + $1", timedelta(microseconds=microseconds)
    )
    assert await watch_healer(queuer)
    payload = await stage.owner.fetchval("SELECT payload FROM outbox WHERE topic = 'integrity.events'")
    await silent_for(stage, 0)
    assert not await watch_healer(queuer)
    assert await stage.owner.fetchval("SELECT state FROM integrity_findings WHERE kind = 'healer_silent'") == "gone"
    async with stage.pool.acquire() as connection, connection.transaction():
        assert await record_findings(connection, [IntegrityEvent.model_validate_json(payload)]) == 0


async def test_after_a_night_in_which_the_whole_stack_was_down_nobody_is_told_before_the_healer_could_be_back(
    stage: Stage, queuer: asyncpg.Pool
) -> None:
    await stage.channel()
    await silent_for(stage, 30_000)
    alarm = an_alarm(stage, queuer)
    assert not await watch_healer(queuer, alarm, heard=timedelta(seconds=20))
    assert await stage.owner.fetchval("SELECT count(*) FROM integrity_findings") == 0
    assert await watch_healer(queuer, alarm, heard=timedelta(seconds=50))
    assert await stage.owner.fetchval("SELECT kind FROM integrity_findings") == "healer_silent"
    assert stage.to.requests == []
    assert await watch_healer(queuer, alarm, heard=timedelta(seconds=70))
    assert len(stage.to.requests) == 1


async def test_two_queuers_at_once_tell_once_and_a_receiver_that_fails_is_tried_again_by_whoever_is_there(
    stage: Stage, queuer: asyncpg.Pool
) -> None:
    await stage.channel()
    stage.to.answer(500, 204)
    await silent_for(stage, 90)
    await watch_healer(queuer, an_alarm(stage, queuer))
    assert await stage.owner.fetchval("SELECT state::text FROM notice_deliveries") == "waiting"
    await silent_for(stage, 0)
    assert await queuer.fetch("SELECT id FROM take_alarms(10, interval '1 minute')") == [], "the healer's own, now that it lives"
    await stage.deliver.round()
    bodies = [json.loads(each.body)["id"] for each in stage.to.requests]
    assert (len(bodies), len(set(bodies))) == (2, 1)
    assert await stage.owner.fetchval("SELECT state::text FROM notice_deliveries") == "delivered"


async def test_no_other_notice_and_no_other_secret_is_within_the_queuers_reach(stage: Stage, queuer: asyncpg.Pool, database: str) -> None:
    await stage.channel()
    _, event = await stage.failed()
    await stage.notify.of_sends([event])
    await silent_for(stage, 90)
    await watch_healer(queuer, an_alarm(stage, queuer))
    assert [json.loads(each.body)["type"] for each in stage.to.requests] == ["integrity_alert"]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await queuer.fetch("SELECT secret FROM notice_channels")
    async with await open_pool(database, role="tact_sender", size=2) as sender:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sender.fetch("SELECT id FROM take_alarms(10, interval '1 minute')")


async def test_a_stack_that_may_be_another_ones_copy_tells_nobody_of_it(stage: Stage, queuer: asyncpg.Pool) -> None:
    await stage.channel()
    await silent_for(stage, 90)
    unread = Fence(f"{LOOPBACK}:9", name="a stack", client_id="queuer-test", throw_away=True)
    notice_sender = NoticeSender(stage.clock, web=stage.web, mail=None)
    assert await watch_healer(queuer, HealerAlarm(queuer, stage.clock, notice_sender, timeout=timedelta(seconds=5), fence=unread))
    assert await stage.owner.fetchval(SOUND) == 0
