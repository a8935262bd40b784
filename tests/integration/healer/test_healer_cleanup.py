"""Mending corrupted prospects on the real database, the ledger deciding."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.healer.workflows.de_enroll import de_enroll
from services.healer.workflows.maintenance.maintain import BATCH, CleanupError, Maintenance
from shared.contracts.topics import PROSPECTS_LEFT, PROSPECTS_READY
from shared.runtime.clock import StackClock
from tests.integration.healer.healer_rows import MONDAY_NINE, House, Person, a_house, a_person, an_attempt, one
from tests.integration.healer.healing_rows import a_crowd

CLEANUP = "SELECT fixed_count, campaign_ids, run_id FROM mend_corrupted_prospects('test', 'test', 5000, false, NULL)"


async def _prospect(pool: asyncpg.Pool, person: Person) -> asyncpg.Record:
    return await one(pool, "SELECT status, contacted_at, outcome, completed_at FROM campaign_prospects WHERE id = $1", person.prospect)


async def test_a_clean_database_is_left_alone_and_the_answer_is_empty_not_null(pool: asyncpg.Pool) -> None:
    row = await one(pool, CLEANUP)
    assert (row["fixed_count"], row["campaign_ids"]) == (0, [])
    assert tuple(await one(pool, "SELECT * FROM prospect_data_integrity")) == (0, 0, 0, 0, 0)


async def test_the_routine_answers_by_the_name_and_in_the_columns_that_its_callers_know(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    for n, status in enumerate(("connection_request_sent", "failed", "failed")):
        contact = None if n == 0 else MONDAY_NINE
        await a_person(pool, house, name=f"known{n}", status=status, contacted_at=contact, send_status="sent", corrupt=True)
    result = await pool.fetchval("SELECT pg_get_function_result('cleanup_corrupted_prospect_statuses'::regproc)")
    assert result == "TABLE(fixed_count bigint, campaign_ids text[])"
    assert await pool.fetchval("SELECT fixed_count FROM cleanup_corrupted_prospect_statuses(most => 2)") == 2
    for fixed, campaigns in ((1, [str(house.campaign)]), (0, [])):
        row = await one(pool, "SELECT * FROM cleanup_corrupted_prospect_statuses()")
        assert dict(row) == {"fixed_count": fixed, "campaign_ids": campaigns}
    assert "most integer DEFAULT 5000" in await pool.fetchval(
        "SELECT pg_get_function_arguments('cleanup_corrupted_prospect_statuses'::regproc)"
    )
    columns = "corrupted_sent corrupted_failed corrupted_pending total_prospects corruption_percentage"
    assert " ".join((await one(pool, "SELECT * FROM prospect_data_integrity")).keys()) == columns


async def test_a_clean_up_goes_on_batch_after_batch_until_nothing_is_left_and_says_so_in_the_log(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    await a_crowd(pool, house, BATCH + 40)
    clock = StackClock(pool)
    await clock.refresh()
    with capture_logs() as logs:
        done = await Maintenance(pool, clock, call_time=timedelta(seconds=30)).clean_up(actor="test", called_by="cron")
    assert (done.fixed_count, len(done.run_ids)) == (BATCH + 40, 2)
    assert (done.before["corrupted_sent"], done.after["corrupted_sent"]) == (BATCH + 40, 0)
    assert [line["event"] for line in logs] == [
        "clean-up starts",
        "before the clean-up",
        "fixed",
        "campaigns affected",
        "after the clean-up",
    ]
    assert (logs[1]["corrupted_sent"], logs[2]["fixed_count"], logs[3]["campaign_ids"]) == (BATCH + 40, BATCH + 40, [str(house.campaign)])
    assert (logs[4]["corrupted_sent"], {line["called_by"] for line in logs}) == (0, {"cron"})


async def test_marked_sent_but_nothing_left_becomes_pending_with_its_send_reopened_and_the_planner_told(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    row = await one(pool, CLEANUP)
    assert (row["fixed_count"], row["campaign_ids"]) == (1, [str(house.campaign)])
    assert (await _prospect(pool, person))["status"] == "pending"
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == "pending"
    event = await one(pool, "SELECT topic, key, headers, payload FROM outbox WHERE topic = 'prospects.ready'")
    assert event["topic"] == PROSPECTS_READY.name
    assert event["headers"]["ce_type"] == PROSPECTS_READY.event_type
    assert PROSPECTS_READY.message.model_validate_json(event["payload"]).prospect_id == person.prospect
    assert await pool.fetchval("SELECT count(*) FROM integrity_history WHERE run_id = $1", row["run_id"]) == 1
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'mend' AND object_id = $1", str(person.prospect)) == 1


async def test_marked_sent_and_the_ledger_agrees_gets_its_contacted_at_back(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    await an_attempt(pool, house, person, state="accepted", decided_at=MONDAY_NINE)
    assert await pool.fetchval(CLEANUP) == 1
    row = await _prospect(pool, person)
    assert (row["status"], row["contacted_at"]) == ("connection_request_sent", MONDAY_NINE)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 0


@pytest.mark.parametrize(("action", "status"), [("invitation", "connection_request_sent"), ("message", "messaging")])
async def test_pending_but_contacted_takes_the_status_the_ledger_shows(pool: asyncpg.Pool, action: str, status: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, contacted_at=MONDAY_NINE, action=action, send_status="sent", corrupt=True)
    await an_attempt(pool, house, person, state="accepted", action=action)
    assert await pool.fetchval(CLEANUP) == 1
    row = await _prospect(pool, person)
    assert (row["status"], row["contacted_at"]) == (status, MONDAY_NINE)


async def test_pending_and_contacted_without_a_trace_in_the_ledger_waits_for_a_person_and_is_found_once(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, contacted_at=MONDAY_NINE, corrupt=True)
    assert await pool.fetchval(CLEANUP) == 0
    assert await pool.fetchval(CLEANUP) == 0
    assert (await _prospect(pool, person))["status"] == "pending"
    assert (
        await pool.fetchval("SELECT count(*) FROM integrity_findings WHERE row_id = $1 AND state = 'proposed'", str(person.prospect)) == 1
    )


async def test_failed_but_contacted_has_completed_as_undeliverable(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="failed", contacted_at=MONDAY_NINE, send_status="failed", corrupt=True)
    assert await pool.fetchval(CLEANUP) == 1
    row = await _prospect(pool, person)
    assert (row["status"], row["outcome"], row["contacted_at"]) == ("completed", "undeliverable", MONDAY_NINE)
    assert row["completed_at"] is not None


async def test_a_prospect_whose_attempt_is_still_open_is_left_to_the_look_up(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", send_status="sending", corrupt=True)
    await an_attempt(pool, house, person, state="unknown")
    assert await pool.fetchval(CLEANUP) == 0
    assert (await _prospect(pool, person))["status"] == "connection_request_sent"


async def test_a_second_run_finds_nothing_left_to_do(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    assert await pool.fetchval(CLEANUP) == 1
    assert await pool.fetchval(CLEANUP) == 0
    runs = await pool.fetch("SELECT before, after FROM cleanup_runs ORDER BY id")
    assert [(run["before"]["corrupted_sent"], run["after"]["corrupted_sent"]) for run in runs] == [(1, 0), (0, 0)]


async def test_the_healers_role_may_clean_up_and_others_may_not_mend(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    async with pool.acquire() as connection:
        await connection.execute("SET ROLE tact_healer")
        assert await connection.fetchval(CLEANUP) == 1
        await connection.execute("SET ROLE tact_sender")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT apply_repair(1, 'x')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT apply_together(ARRAY[1], 'x')")
        await connection.execute("RESET ROLE")


async def _mend(
    pool: asyncpg.Pool,
    person: Person,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    attempt: int | None = None,
) -> str:
    """What becomes of a finding that knew the row as `before`, and the ledger up to `attempt`."""
    change = {
        "table": "campaign_prospects",
        "id": str(person.prospect),
        "before": {"status": "connection_request_sent", "contacted_at": None} | (before or {}),
        "after": {"status": "pending", "contacted_at": None} | (after or {}),
    }
    finding = await pool.fetchval(
        """INSERT INTO integrity_findings (kind, table_name, row_id, evidence, changes)
           VALUES ('kind ' || gen_random_uuid(), 'campaign_prospects', $1, $2, $3) RETURNING id""",
        str(person.prospect),
        {"last_attempt": attempt},
        [change],
    )
    return str(await pool.fetchval("SELECT apply_repair($1, 'test')", finding))


async def _corrupt(pool: asyncpg.Pool) -> tuple[House, Person]:
    house = await a_house(pool)
    return house, await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)


async def test_mending_refuses_a_row_that_changed_meanwhile(pool: asyncpg.Pool) -> None:
    _, person = await _corrupt(pool)
    assert await _mend(pool, person, {"status": "pending"}) == "changed"
    assert await _mend(pool, person, {"contacted_at": MONDAY_NINE.isoformat()}) == "changed"


async def test_mending_refuses_when_an_attempt_came_later_than_what_the_repair_saw(pool: asyncpg.Pool) -> None:
    house, person = await _corrupt(pool)
    attempt = await an_attempt(pool, house, person, state="refused")
    assert await _mend(pool, person) == "later_attempt"
    assert await _mend(pool, person, attempt=attempt) == "applied"


async def test_mending_never_takes_a_contact_back_by_itself_nor_makes_another_wrong_row(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, contacted_at=MONDAY_NINE, corrupt=True)
    seen = {"status": "pending", "contacted_at": MONDAY_NINE.isoformat()}
    with pytest.raises(asyncpg.CheckViolationError, match="Cannot remove contacted_at"):
        await _mend(pool, person, seen)
    with pytest.raises(asyncpg.CheckViolationError, match="wrong again"):
        await _mend(pool, person, seen, {"contacted_at": MONDAY_NINE.isoformat()})


async def test_a_run_that_makes_things_worse_stops_and_keeps_nothing(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    wrong = await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    right = await a_person(pool, house, name="bea")
    await pool.execute(
        f"""CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = '{right.prospect}'; RETURN NULL; END $$;
            CREATE TRIGGER meddle AFTER UPDATE OF status ON campaign_prospects FOR EACH ROW
              WHEN (NEW.id = '{wrong.prospect}') EXECUTE FUNCTION meddle()"""  # noqa: S608 - two ids of ours
    )
    clock = StackClock(pool)
    await clock.refresh()
    with pytest.raises(CleanupError, match=f"made things worse: prospect {right.prospect} was right before them"):
        await Maintenance(pool, clock, call_time=timedelta(seconds=30)).clean_up(actor="test", called_by="cron")
    assert (await _prospect(pool, wrong))["status"] == "connection_request_sent"
    assert (await _prospect(pool, right))["status"] == "pending"
    assert [row["error"] is not None for row in await pool.fetch("SELECT error FROM cleanup_runs")] == [True]
    await pool.execute("DROP TRIGGER meddle ON campaign_prospects")
    async with pool.acquire() as connection, connection.transaction():  # whoever loads and cleans up in one go is no repair
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "UPDATE campaign_prospects SET contacted_at = $2, updated_at = now() WHERE id = $1", right.prospect, MONDAY_NINE
        )
        await connection.execute("SET LOCAL session_replication_role = origin")
        assert await connection.fetchval(CLEANUP) == 1, "the other one waits for a person"


async def test_mending_without_an_actor_is_refused_for_it_is_the_trace(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="needs an actor"):
        await pool.execute("SELECT apply_repair(1, ' ')")


async def test_a_lead_whose_prospect_ended_leaves_its_campaign_once_with_its_waiting_steps_cancelled(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="not_interested")
    active = await a_person(pool, house, name="bea")
    run = await pool.fetchval("INSERT INTO de_enrollment_runs DEFAULT VALUES RETURNING id")
    first = await one(pool, "SELECT candidates, de_enrolled, skipped, last_lead FROM process_de_enrollment_batch($1)", run)
    assert tuple(first) == (1, 1, 0, person.lead)
    assert await pool.fetchval("SELECT campaign_id FROM leads WHERE id = $1", person.lead) is None
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == "cancelled"
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", active.send) == "pending"
    event = await one(pool, "SELECT topic, headers, payload FROM outbox")
    assert (event["topic"], event["headers"]["ce_type"]) == (PROSPECTS_LEFT.name, PROSPECTS_LEFT.event_type)
    assert PROSPECTS_LEFT.message.model_validate_json(event["payload"]).prospect_id == person.prospect
    again = await one(pool, "SELECT candidates, de_enrolled FROM process_de_enrollment_batch($1)", run)
    assert tuple(again) == (0, 0)
    assert await pool.fetchval("SELECT leads_waiting FROM de_enrollment_health") == 0


async def test_a_step_under_way_keeps_its_lead_enrolled_until_the_next_run(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    await a_person(pool, house, status="opted_out", send_status="sending")
    run = await pool.fetchval("INSERT INTO de_enrollment_runs DEFAULT VALUES RETURNING id")
    row = await one(pool, "SELECT candidates, de_enrolled, skipped FROM process_de_enrollment_batch($1)", run)
    assert tuple(row) == (1, 0, 1)


async def test_a_run_takes_out_everybody_and_where_nobody_is_to_leave_there_is_no_run(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    assert await de_enroll(pool) is None
    for name in ("ana", "bea", "cleo"):
        await a_person(pool, house, name=name, status="converted")
    done = await de_enroll(pool)
    assert done is not None
    assert (done["candidates"], done["de_enrolled"], done["skipped"]) == (3, 3, 0)
    assert [row["status"] for row in await pool.fetch("SELECT status FROM de_enrollment_runs")] == ["completed"]
