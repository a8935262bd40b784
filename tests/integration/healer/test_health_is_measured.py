"""Measuring: the score's history, times to repair against an objective, runs, and the pages that show them."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.healer.store.health import measurements as store
from services.healer.workflows.health.measure import MeasureHealth
from tests.integration.healer.health_stage import Stage, a_stage, people, sends

PATH = "/api/admin/data-integrity"


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


def measure(stage: Stage) -> MeasureHealth:
    return MeasureHealth(stage.pool, objective=timedelta(seconds=2), kept=timedelta(days=400))


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def a_repair(stage: Stage, took: float, *, house: str = "ours", kind: str = "corrupted_sent") -> None:
    """A finding that was mended after so many seconds."""
    await stage.owner.execute(
        """INSERT INTO integrity_history (workspace_id, kind, table_name, row_id, before, after, done_by, occurred_at)
           VALUES ($1, $2, 'campaign_prospects', gen_random_uuid()::text, '{}', '{}', 'a test', now() - make_interval(secs => $3))""",
        getattr(stage, house).workspace,
        kind,
        took,
    )


async def test_the_score_leaves_a_row_when_it_changes_and_each_workspace_sees_its_own(stage: Stage) -> None:
    job = measure(stage)
    await people(stage.owner, stage.ours, 9)
    await people(stage.owner, stage.theirs, 4)
    for _ in range(2):
        await job.round()
    (broken,) = await people(stage.owner, stage.ours, 1, status="connection_request_sent")
    await job.round()
    await stage.owner.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
    await stage.owner.execute("UPDATE campaign_prospects SET status = 'pending' WHERE id = $1", broken)
    await job.round()
    async with stage.client(stage.viewer) as ours, stage.client(stage.foreign) as theirs, stage.client(stage.platform) as platform:
        history = (await ours.get(f"{PATH}/history")).json()
        assert [(each["score"], each["status"]) for each in history["scores"]] == [(100, "healthy"), (80, "degraded"), (100, "healthy")]
        assert history["scores"][1]["figures"] == {"corrupted_sent": 1, "total_prospects": 10, "taken": {"corruption": 20.0}}
        assert [each["score"] for each in (await theirs.get(f"{PATH}/history")).json()["scores"]] == [100]
        assert [each["score"] for each in (await platform.get(f"{PATH}/history")).json()["scores"]] == [100, 85.72, 100]
    assert metric("tact_health_score") == 100
    assert 0 <= metric("tact_health_measurement_age_seconds") < 60


async def test_repairs_are_timed_once_and_judged_by_the_workspaces_objective(stage: Stage) -> None:
    job = measure(stage)
    healed, timed = metric("tact_healed_rows_total", rule="corrupted_sent"), metric("tact_repair_duration_seconds_count")
    for took in (0.5, 1.0, 1.5, 4.0):
        await a_repair(stage, took)
    await a_repair(stage, 3600.0, house="theirs", kind="corrupted_failed")
    for _ in range(2):
        await job.round()
    async with stage.client(stage.operator) as client:
        times = (await client.get(f"{PATH}/history")).json()["repairs"]
        assert (times["repaired"], times["within"], times["met"], times["objective_seconds"]) == (4, 3, False, 2)
        assert times["mean"] == pytest.approx(1.75, abs=0.01)
        assert 4.0 <= times["p99"] <= 4.4
        assert list(times["by_kind"]) == ["corrupted_sent"]
        set_to_five = (await client.put(f"{PATH}/objective", json={"seconds": 5})).json()
        assert (set_to_five["seconds"], set_to_five["own_objective"]) == (5, True)
        await a_repair(stage, 4.5)
        await job.round()
        times = (await client.get(f"{PATH}/history")).json()["repairs"]
        assert (times["repaired"], times["within"], times["objective_seconds"], times["own_objective"]) == (5, 4, 5, True)
        back = (await client.put(f"{PATH}/objective", json={"seconds": None})).json()
        assert (back["seconds"], back["own_objective"]) == (2, False)
    assert metric("tact_healed_rows_total", rule="corrupted_sent") - healed == 5
    assert metric("tact_repair_duration_seconds_count") - timed == 6
    assert await stage.owner.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'set repair objective'") == 2


async def test_a_row_that_tells_an_older_moment_than_the_last_walk_was_wrong_since_that_walk_and_an_undoing_is_no_repair(
    stage: Stage,
) -> None:
    await stage.owner.execute(
        """INSERT INTO reconcile_runs (started_at, finished_at) VALUES (now() - interval '100 seconds', now() - interval '90 seconds'),
                                                                      (now() - interval '80 seconds', NULL)"""
    )
    await a_repair(stage, 86_400.0)
    await stage.owner.execute(
        """INSERT INTO integrity_history (workspace_id, kind, table_name, row_id, before, after, done_by, undoes)
           SELECT workspace_id, kind, table_name, row_id, after, before, 'a person', id FROM integrity_history"""
    )
    await measure(stage).round()
    async with stage.client(stage.viewer) as client:
        times = (await client.get(f"{PATH}/history")).json()["repairs"]
    assert (times["repaired"], 100 <= times["mean"] < 160) == (1, True)


async def test_what_was_found_late_is_timed_from_the_finding_and_what_a_person_decided_is_not_timed(stage: Stage) -> None:
    for kind, why in (("sent_not_contacted", None), ("corrupted_pending", "A person says."), ("two_sequences", "A person says.")):
        await stage.owner.execute(
            """WITH finding AS (
                 INSERT INTO integrity_findings (workspace_id, kind, severity, table_name, row_id, state, why, found_at)
                 VALUES ($1, $2, 'critical', 'campaign_prospects', gen_random_uuid()::text, 'repaired', $3, now() - interval '1 second')
                 RETURNING id)
               INSERT INTO integrity_history (finding_id, workspace_id, kind, table_name, row_id, before, after, done_by, occurred_at)
               SELECT id, $1, $2, 'campaign_prospects', 'x', '{}', '{}', 'a test', now() - interval '50 minutes' FROM finding""",
            stage.ours.workspace,
            kind,
            why,
        )
    await measure(stage).round()
    async with stage.client(stage.viewer) as client:
        times = (await client.get(f"{PATH}/history")).json()["repairs"]
    assert (times["repaired"], list(times["by_kind"]), times["mean"]) == (1, ["sent_not_contacted"], pytest.approx(1.0, abs=0.01))


@pytest.mark.parametrize("seconds", [0, 0.01, 1e8])
async def test_an_objective_that_makes_no_sense_is_refused_with_what_does(stage: Stage, seconds: float) -> None:
    async with stage.client(stage.operator) as client:
        refused = await client.put(f"{PATH}/objective", json={"seconds": seconds})
    assert refused.status_code == 422
    assert "from 0.1 seconds to 30 days" in refused.json()["error"]["message"]


async def test_a_viewer_or_somebody_elses_operator_sets_no_objective(stage: Stage) -> None:
    async with stage.client(stage.viewer) as client:
        assert (await client.put(f"{PATH}/objective", json={"seconds": 5})).status_code == 403
    async with stage.client(stage.foreign) as client:
        body = {"seconds": 5, "workspace_id": str(stage.ours.workspace)}
        assert (await client.put(f"{PATH}/objective", json=body)).status_code == 404
    assert await stage.owner.fetchval("SELECT count(*) FROM workspaces WHERE repair_objective IS NOT NULL") == 0


async def test_every_run_is_there_with_its_duration_and_a_workspace_sees_only_its_campaigns(stage: Stage) -> None:
    before = {result: metric("tact_cleanup_runs_total", result=result) for result in ("fixed", "nothing", "failed")}
    await people(stage.owner, stage.ours, 1, status="failed", contacted=True)
    async with stage.client(stage.operator) as client:
        for _ in range(2):
            assert (await client.post(PATH)).status_code == 200
    await stage.owner.execute("INSERT INTO cleanup_runs (trigger, finished_at, error) VALUES ('cron', now(), 'secret words')")
    await measure(stage).round()
    async with stage.client(stage.viewer) as ours, stage.client(stage.foreign) as theirs, stage.client(stage.platform) as platform:
        everything = (await platform.get(f"{PATH}/history")).json()["runs"]
        own = (await ours.get(f"{PATH}/history")).json()["runs"]
        foreign = (await theirs.get(f"{PATH}/history")).json()["runs"]
    assert [(run["fixed_count"], run["error"]) for run in everything] == [(None, "secret words"), (0, None), (1, None)]
    assert all(run["seconds"] is not None and run["seconds"] >= 0 for run in everything)
    assert [run["campaign_ids"] for run in own] == [[], [], [str(stage.ours.campaign)]]
    assert [(run["campaign_ids"], run["error"]) for run in foreign] == [([], "It failed."), ([], None), ([], None)]
    after = {result: metric("tact_cleanup_runs_total", result=result) for result in before}
    assert {result: after[result] - before[result] for result in before} == {"fixed": 1, "nothing": 1, "failed": 1}


async def test_the_queue_is_told_by_status_with_earliest_and_latest(stage: Stage) -> None:
    everybody = await people(stage.owner, stage.ours, 6)
    planned = await sends(stage.owner, stage.ours, everybody)
    await stage.owner.execute("UPDATE send_queue SET scheduled_for = scheduled_for + interval '2 days' WHERE id = $1", planned[0])
    for step in ("dispatched", "sending", "failed"):
        await stage.owner.execute("UPDATE send_queue SET status = $2 WHERE id = ANY($1)", planned[4:], step)
    await stage.owner.execute("UPDATE send_queue SET status = 'dispatched' WHERE id = $1", planned[3])

    async def told(token: str) -> dict[str, tuple[int, bool]]:
        async with stage.client(token) as client:
            answer = await client.get(f"{PATH}/queue")
        return {each["status"]: (each["sends"], each["earliest_at"] is not None) for each in answer.json()["statuses"]}

    expected = {
        "pending": (3, True),
        "dispatched": (1, True),
        "sending": (0, False),
        "sent": (0, False),
        "failed": (2, True),
        "skipped": (0, False),
        "cancelled": (0, False),
    }
    assert await told(stage.viewer) == expected
    await measure(stage).round()
    assert await told(stage.platform) == expected
    assert {many for many, _ in (await told(stage.foreign)).values()} == {0}
    async with stage.client(stage.viewer) as client:
        pending = (await client.get(f"{PATH}/queue")).json()["statuses"][0]
    assert pending["latest_at"] > pending["earliest_at"]


async def test_campaigns_come_most_corrupted_first(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 1, status="connection_request_sent")
    await people(stage.owner, stage.theirs, 2, status="pending", contacted=True)
    await people(stage.owner, stage.theirs, 1, status="failed", contacted=True)
    await people(stage.owner, stage.theirs, 1)
    async with stage.client(stage.platform) as platform, stage.client(stage.viewer) as ours:
        found = (await platform.get(f"{PATH}/campaigns")).json()["campaigns"]
        own = (await ours.get(f"{PATH}/campaigns")).json()["campaigns"]
    assert [(each["workspace_id"], each["corrupted_pending"], each["total_prospects"]) for each in found] == [
        (str(stage.theirs.workspace), 2, 4),
        (str(stage.ours.workspace), 0, 1),
    ]
    assert own == found[1:]


async def test_two_healers_measure_the_same_changes_once(stage: Stage) -> None:
    everybody = await people(stage.owner, stage.ours, 30)
    await sends(stage.owner, stage.ours, everybody, status="sent")
    for _ in range(10):
        await a_repair(stage, 1.0)
    await asyncio.gather(*(measure(stage).round() for _ in range(4)))
    await measure(stage).round()
    counted = await stage.owner.fetchval("SELECT sum(sends) FROM queue_counts WHERE status = 'sent'")
    assert (counted, await stage.owner.fetchval("SELECT count(*) FROM queue_changes")) == (30, 0)
    assert await stage.owner.fetchval("SELECT sum(repaired) FROM repair_times") == 10
    assert await stage.owner.fetchval("SELECT count(*) FROM health_history WHERE workspace_id IS NULL") == 1


async def test_the_hourly_recount_happens_once_an_hour_whoever_asks(stage: Stage) -> None:
    await stage.owner.execute("ALTER TABLE send_queue DISABLE TRIGGER note_queue_planned")
    await sends(stage.owner, stage.ours, await people(stage.owner, stage.ours, 3))
    await stage.owner.execute("ALTER TABLE send_queue ENABLE TRIGGER note_queue_planned")
    job = measure(stage)
    await job.recount()
    assert await stage.owner.fetchval("SELECT sum(sends) FROM queue_counts") == 3
    await stage.owner.execute("UPDATE queue_counts SET sends = 7")
    await job.recount()
    assert await stage.owner.fetchval("SELECT sum(sends) FROM queue_counts") == 7
    await stage.owner.execute("UPDATE health_state SET recounted_at = now() - interval '2 hours'")
    await job.recount()
    assert await stage.owner.fetchval("SELECT sum(sends) FROM queue_counts") == 3


async def test_open_findings_are_violations_of_their_rule(stage: Stage) -> None:
    await stage.owner.execute(
        """INSERT INTO integrity_findings (workspace_id, kind, table_name, row_id, state)
           VALUES ($1, 'never_seen', 'campaign_prospects', 'a', 'proposed'), ($1, 'never_seen', 'campaign_prospects', 'b', 'refused')""",
        stage.ours.workspace,
    )
    await measure(stage).round()
    assert metric("tact_integrity_violations", rule="never_seen") == 1
    await stage.owner.execute("UPDATE integrity_findings SET state = 'gone'")
    await measure(stage).round()
    assert metric("tact_integrity_violations", rule="never_seen") == 0


async def test_the_age_of_a_measurement_that_never_was_is_no_number(stage: Stage) -> None:
    measure(stage)
    assert math.isnan(metric("tact_health_measurement_age_seconds"))
    async with stage.pool.acquire() as connection:
        assert (await store.fetch_state(connection)).measured_at is None
