"""Alerts: an event and a notice when a condition begins, the same when it is over, and nothing in between."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import orjson
import pytest

from services.healer.rules.repairs.finding_kinds import select_reported
from services.healer.store.health import alerts as store
from services.healer.workflows.health.keep_alerts import AlertKeeper
from services.healer.workflows.health.measure import MeasureHealth
from services.healer.workflows.rehearse import HealerRehearsal
from shared.contracts.integrity_events import IntegrityEvent
from tests.integration.healer.health_stage import people, sends
from tests.integration.healer.notices_stage import Stage, a_stage


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


def measure(stage: Stage) -> MeasureHealth:
    return MeasureHealth(stage.pool, objective=timedelta(seconds=2), kept=timedelta(days=400), then=[AlertKeeper(stage.clock)])


async def told(stage: Stage) -> list[tuple[str, str]]:
    """What the webhook received so far, in order of what happened: type and alert."""
    for _ in range(2):
        await stage.notify.of_alerts()
        await stage.deliver.round()
    bodies = [json.loads(request.body) for request in stage.to.requests]
    return sorted((body["type"], body["data"]["alert"]) for body in bodies)


async def published(stage: Stage) -> list[IntegrityEvent]:
    rows = await stage.owner.fetch("SELECT payload FROM outbox WHERE topic = 'integrity.events' ORDER BY id")
    return [IntegrityEvent.model_validate(orjson.loads(row["payload"])) for row in rows]


async def events(stage: Stage) -> list[tuple[str, str]]:
    return [(event.kind, event.evidence["state"]) for event in await published(stage)]


async def test_corruption_above_five_percent_is_told_once_and_so_is_its_end(stage: Stage) -> None:
    await stage.channel()
    job = measure(stage)
    await people(stage.owner, stage.house, 9)
    (broken,) = await people(stage.owner, stage.house, 1, status="connection_request_sent")
    for _ in range(3):
        await job.round()
        assert await told(stage) == [("integrity_alert", "corruption_high")]
    assert await events(stage) == [("corruption_high", "begun")]
    await stage.owner.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
    await stage.owner.execute("UPDATE campaign_prospects SET status = 'pending' WHERE id = $1", broken)
    for _ in range(2):
        await job.round()
        assert await told(stage) == [("integrity_alert", "corruption_high"), ("integrity_over", "corruption_high")]
    assert await events(stage) == [("corruption_high", "begun"), ("corruption_high", "over")]
    await stage.owner.execute("UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = $1", broken)
    await job.round()
    assert len(await told(stage)) == 3, "what comes again is another alert"


async def test_its_event_is_no_finding_and_a_dry_replay_says_so(stage: Stage) -> None:
    await stage.owner.execute("INSERT INTO cleanup_runs (trigger, finished_at, error) SELECT 'cron', now(), 'x' FROM generate_series(1, 3)")
    await measure(stage).round()
    told_by_others = IntegrityEvent(kind="duplicate_effect", severity="critical", table_name="send_attempts", row_id="7")
    heard = [*await published(stage), told_by_others]
    assert [event.kind for event in heard] == ["cleanup_failing", "duplicate_effect"]
    assert select_reported(heard) == [told_by_others]
    would = await HealerRehearsal(stage.pool).open_findings(heard)
    assert [one and one.deed for one in would] == [None, "open a finding duplicate_effect"]


async def test_three_failed_runs_are_told_until_one_succeeds(stage: Stage) -> None:
    await stage.channel()
    job = measure(stage)
    for nth in range(3):
        await job.round()
        assert await told(stage) == []
        await stage.owner.execute("INSERT INTO cleanup_runs (trigger, finished_at, error) VALUES ('cron', now(), $1)", f"error {nth}")
    await job.round()
    assert await told(stage) == [("integrity_alert", "cleanup_failing")]
    await stage.owner.execute("INSERT INTO cleanup_runs (trigger, finished_at, fixed_count) VALUES ('cron', now(), 0)")
    await job.round()
    assert await told(stage) == [("integrity_alert", "cleanup_failing"), ("integrity_over", "cleanup_failing")]


async def test_errors_far_above_their_usual_rate_are_told(stage: Stage) -> None:
    await stage.channel()
    await stage.owner.execute(
        "INSERT INTO queue_hours (workspace_id, hour, sent, failed) VALUES ($1, date_trunc('hour', now()) - interval '2 days', 950, 50)",
        stage.house.workspace,
    )
    everybody = await people(stage.owner, stage.house, 25)
    planned = await sends(stage.owner, stage.house, everybody)
    for step in ("dispatched", "sending"):
        await stage.owner.execute("UPDATE send_queue SET status = $1", step)
    await stage.owner.execute("UPDATE send_queue SET status = 'failed' WHERE id = ANY($1)", planned[:5])
    await stage.owner.execute("UPDATE send_queue SET status = 'sent' WHERE id = ANY($1)", planned[5:])
    await measure(stage).round()
    assert await told(stage) == [("integrity_alert", "queue_errors")]
    text = json.loads(stage.to.requests[0].body)["text"]
    assert text.startswith("5 of 25 sends that ended within the last two hours failed; usually 5.09 % do.")


async def test_stuck_sends_and_a_healer_that_was_silent_are_told(stage: Stage) -> None:
    await stage.channel()
    await sends(stage.owner, stage.house, await people(stage.owner, stage.house, 1), status="sending")
    job = measure(stage)
    await job.round()
    assert await told(stage) == []
    async with stage.owner.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE send_queue SET updated_at = now() - interval '6 minutes'")
    await stage.owner.execute("UPDATE health_state SET measured_at = now() - interval '2 hours'")
    await job.round()
    assert await told(stage) == [("integrity_alert", "healer_silent"), ("integrity_alert", "sends_stuck")]
    await job.round()
    assert ("integrity_over", "healer_silent") in await told(stage)


async def test_an_alert_that_came_and_went_unseen_is_told_with_its_end_and_one_of_all_to_every_active_workspace(stage: Stage) -> None:
    await stage.channel()
    sleeping = await stage.owner.fetchval(
        "INSERT INTO workspaces (company_name, email, is_active) VALUES ('Asleep', 'a@example.test', false) RETURNING id"
    )
    other = await stage.owner.fetchval("INSERT INTO workspaces (company_name, email) VALUES ('Awake', 'b@example.test') RETURNING id")
    await stage.owner.execute(
        "INSERT INTO health_alerts (kind, evidence, closed_at) VALUES ('cleanup_failing', $1, now())", {"failures_in_row": 3}
    )
    assert await told(stage) == [("integrity_alert", "cleanup_failing"), ("integrity_over", "cleanup_failing")]
    noticed = await stage.owner.fetch("SELECT workspace_id, count(*) AS many FROM notices GROUP BY 1")
    assert {row["workspace_id"]: row["many"] for row in noticed} == {stage.house.workspace: 2, other: 2}
    assert sleeping not in {row["workspace_id"] for row in noticed}
    assert await store.fetch_unannounced(stage.pool, most=10) == []
