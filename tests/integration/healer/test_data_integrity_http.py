"""GET and POST /api/admin/data-integrity: the answers their callers know, and nobody sees another workspace's."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from services.healer.store.health import counts as store
from services.healer.workflows.health import report as health
from tests.integration.healer.health_stage import Stage, a_stage, people, sends

PATH = "/api/admin/data-integrity"


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


async def test_an_empty_workspace_is_healthy_and_the_answer_has_exactly_its_fields(stage: Stage) -> None:
    async with stage.client(stage.viewer) as client:
        answer = await client.get(PATH)
    assert answer.status_code == 200
    assert answer.json() == {
        "health_score": 100,
        "status": "healthy",
        "prospect_integrity": {
            "corrupted_sent": 0,
            "corrupted_failed": 0,
            "corrupted_pending": 0,
            "total_prospects": 0,
            "corruption_percentage": 0,
        },
        "queue_stats": {"total": 0, "pending": 0, "sent": 0, "failed": 0},
        "corrupted_campaigns": {"count": 0, "campaign_ids": []},
        "duplicate_queue_records": 0,
        "recommendations": ["All systems healthy"],
    }


async def test_three_of_a_hundred_and_fifty_give_96_and_the_repair_gives_100(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 147)
    corrupted = await people(stage.owner, stage.ours, 3, status="connection_request_sent")
    await sends(stage.owner, stage.ours, corrupted, status="sent")
    async with stage.client(stage.operator) as client:
        before = (await client.get(PATH)).json()
        fixed = await client.post(PATH)
        after = (await client.get(PATH)).json()
    assert (before["health_score"], before["status"]) == (96, "healthy")
    assert before["prospect_integrity"]["corruption_percentage"] == 2
    assert before["corrupted_campaigns"] == {"count": 1, "campaign_ids": [str(stage.ours.campaign)]}
    assert before["recommendations"] == ["Run cleanup function to fix 3 corrupted prospects"]
    assert before["queue_stats"] == {"total": 3, "pending": 0, "sent": 3, "failed": 0}
    assert fixed.status_code == 200
    assert fixed.json() == {
        "success": True,
        "fixed_count": 3,
        "affected_campaigns": [str(stage.ours.campaign)],
        "message": "Fixed 3 corrupted prospects",
    }
    assert (after["health_score"], after["recommendations"]) == (100, ["All systems healthy"])
    assert after["queue_stats"] == {"total": 3, "pending": 3, "sent": 0, "failed": 0}


async def test_the_queue_says_what_it_holds_before_and_after_its_changes_are_folded(stage: Stage) -> None:
    everybody = await people(stage.owner, stage.ours, 20)
    planned = await sends(stage.owner, stage.ours, everybody)
    moves = {"dispatched": 2, "sending": 3, "sent": 4, "failed": 1, "skipped": 2, "cancelled": 3}
    taken = iter(planned)
    for status, many in moves.items():
        some = [next(taken) for _ in range(many)]
        for step in ("dispatched", "sending") if status in {"sending", "sent", "failed", "skipped"} else ():
            await stage.owner.execute("UPDATE send_queue SET status = $2 WHERE id = ANY($1) AND status <> $2", some, step)
        await stage.owner.execute("UPDATE send_queue SET status = $2 WHERE id = ANY($1) AND status <> $2", some, status)
    expected = {"total": 17, "pending": 10, "sent": 4, "failed": 1}
    async with stage.client(stage.viewer) as client:
        assert (await client.get(PATH)).json()["queue_stats"] == expected
        async with stage.pool.acquire() as connection:
            while await store.fold_queue_changes(connection, most=3):
                pass
        assert (await client.get(PATH)).json()["queue_stats"] == expected


async def test_rows_that_came_in_around_the_triggers_are_counted_by_the_recount(stage: Stage) -> None:
    everybody = await people(stage.owner, stage.ours, 5)
    known = await sends(stage.owner, stage.ours, everybody[:2])
    async with stage.owner.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM send_queue WHERE id = $1", known[0])
    async with stage.owner.acquire() as connection:
        await connection.execute("ALTER TABLE send_queue DISABLE TRIGGER note_queue_planned")
    await sends(stage.owner, stage.ours, everybody[2:], status="sent")
    async with stage.owner.acquire() as connection:
        await connection.execute("ALTER TABLE send_queue ENABLE TRIGGER note_queue_planned")
    async with stage.pool.acquire() as connection:
        for _ in range(2):
            await store.recount_queue(connection)
            now = (await health.build_report(connection, workspace_id=stage.ours.workspace)).figures
            assert (now.open, now.sent) == (1, 3)
            await store.fold_queue_changes(connection, most=100)


async def test_a_token_sees_its_own_workspace_and_a_platforms_sees_all(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 10)
    await people(stage.owner, stage.theirs, 9)
    await people(stage.owner, stage.theirs, 1, status="connection_request_sent")
    async with stage.client(stage.viewer) as ours, stage.client(stage.foreign) as theirs, stage.client(stage.platform) as platform:
        assert (await ours.get(PATH)).json()["health_score"] == 100
        seen = (await theirs.get(PATH)).json()
        assert (seen["health_score"], seen["status"]) == (80, "degraded")
        assert seen["corrupted_campaigns"]["campaign_ids"] == [str(stage.theirs.campaign)]
        assert (await platform.get(PATH)).json()["health_score"] == 90
        one = await platform.get(PATH, params={"workspace_id": str(stage.ours.workspace)})
        assert one.json()["prospect_integrity"]["total_prospects"] == 10
        refused = await ours.get(PATH, params={"workspace_id": str(stage.theirs.workspace)})
    assert (refused.status_code, refused.json()["error"]) == (404, "Not found")


async def test_duplicate_rows_are_counted_from_their_findings(stage: Stage) -> None:
    for rows in (5, 2):
        await stage.owner.execute(
            """INSERT INTO integrity_findings (workspace_id, kind, severity, table_name, row_id, evidence)
               VALUES ($1, 'duplicate_sends', 'critical', 'send_queue', $2, $3)""",
            stage.ours.workspace,
            str(uuid4()),
            {"rows": rows},
        )
    async with stage.client(stage.viewer) as client:
        seen = (await client.get(PATH)).json()
    assert (seen["duplicate_queue_records"], seen["health_score"]) == (5, 95)
    assert seen["recommendations"] == ["Merge 5 duplicate queue records: tact findings list"]


async def test_who_repairs_hears_of_its_own_rows_alone(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 2, status="failed", contacted=True)
    await people(stage.owner, stage.theirs, 1, status="failed", contacted=True)
    async with stage.client(stage.operator) as client:
        own = (await client.post(PATH)).json()
    assert (own["fixed_count"], own["affected_campaigns"]) == (2, [str(stage.ours.campaign)])
    await people(stage.owner, stage.ours, 1, status="failed", contacted=True)
    await people(stage.owner, stage.theirs, 1, status="failed", contacted=True)
    async with stage.client(stage.platform) as client:
        everything = (await client.post(PATH)).json()
    assert (everything["fixed_count"], everything["message"]) == (2, "Fixed 2 corrupted prospects")
    assert set(everything["affected_campaigns"]) == {str(stage.ours.campaign), str(stage.theirs.campaign)}


async def test_whoever_has_no_token_or_too_weak_a_one_is_refused_in_the_words_callers_know(stage: Stage) -> None:
    for token in (None, "tact_nonsense"):
        async with stage.client(token) as client:
            for method in ("GET", "POST"):
                refused = await client.request(method, PATH, headers={"x-cron-secret": "s"})
                assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
    async with stage.client(stage.viewer) as client:
        weak = await client.post(PATH)
    assert weak.status_code == 403
    assert weak.json() == {
        "error": "Forbidden",
        "details": "This needs the role operator, and the token has viewer. Ask for a stronger token.",
    }


async def test_a_repair_that_fails_changes_nothing_and_says_why(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 1, status="failed", contacted=True)
    await stage.owner.execute("ALTER TABLE integrity_history ADD CONSTRAINT broken CHECK (false) NOT VALID")
    async with stage.client(stage.operator) as client:
        answer = await client.post(PATH)
        assert (answer.status_code, answer.json()["error"]) == (500, "Cleanup failed")
        assert "broken" in answer.json()["details"]
        assert (await client.get(PATH)).json()["prospect_integrity"]["corrupted_failed"] == 1
    async with stage.client(stage.platform) as client:
        stack = (await client.get(PATH)).json()
    assert "See why the last run of the cleanup failed: tact health history" in stack["recommendations"]


async def test_whom_no_run_mends_is_a_persons_and_nobody_is_told_to_run_it_again(stage: Stage) -> None:
    await people(stage.owner, stage.ours, 1, status="pending", contacted=True)
    await people(stage.owner, stage.ours, 1, status="failed", contacted=True)
    async with stage.client(stage.operator) as client:
        assert (await client.get(PATH)).json()["recommendations"] == ["Run cleanup function to fix 2 corrupted prospects"]
        assert (await client.post(PATH)).json()["message"] == "Fixed 1 corrupted prospects"
        seen = (await client.get(PATH)).json()
    assert seen["recommendations"] == ["Decide 1 corrupted prospect that no run mends: tact findings list --all"]
    assert seen["prospect_integrity"]["corrupted_pending"] == 1
    async with stage.client(stage.foreign) as theirs:
        assert (await theirs.get(PATH)).json()["recommendations"] == ["All systems healthy"]


async def test_stuck_sends_and_findings_lower_the_score_by_the_documented_points(stage: Stage) -> None:
    everybody = await people(stage.owner, stage.ours, 2)
    await sends(stage.owner, stage.ours, everybody, status="dispatched")
    async with stage.owner.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE send_queue SET updated_at = now() - interval '1 hour'")
    for kind, severity in (("duplicate_effect", "critical"), ("something", "warning"), ("noted", "info")):
        await stage.owner.execute(
            "INSERT INTO integrity_findings (workspace_id, kind, severity, table_name, row_id) VALUES ($1, $2, $3, 'send_attempts', $4)",
            stage.ours.workspace,
            kind,
            severity,
            str(uuid4()),
        )
    async with stage.client(stage.viewer) as client:
        seen = (await client.get(PATH)).json()
    assert seen["health_score"] == 100 - 2 * 1 - 2
    assert seen["recommendations"] == [
        "Look at 2 sends stuck in the sender's hand: is a sender running?",
        "Decide 1 critical finding: tact findings list",
        "Look at 1 open finding: tact findings list",
    ]
