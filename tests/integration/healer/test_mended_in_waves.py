"""What is wrong is mended by sets: each row with its own proof, trace and way back, and none keeps the others."""

import asyncio

import asyncpg

from services.healer.workflows.repairs.decide import FindingAction, decide_finding
from tests.integration.healer.healer_rows import MONDAY_NINE, House, Person, a_house, a_person, an_attempt, one
from tests.integration.healer.healing_rows import a_crowd, a_healer, walk
from tests.support.facts import eventually

CLEANUP = "SELECT fixed_count, run_id FROM mend_corrupted_prospects('test', 'test', 5000, false, NULL)"
STATES = "SELECT p.status || ' ' || s.status FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id WHERE p.id = $1"
FINDING = "SELECT id FROM integrity_findings WHERE row_id = $1"


async def _wrong(pool: asyncpg.Pool, house: House, name: str) -> Person:
    return await a_person(pool, house, name=name, status="connection_request_sent", send_status="sent", corrupt=True)


async def test_a_thousand_rows_of_one_moment_are_mended_in_one_wave_and_leave_a_thousand_records(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    await a_crowd(pool, house, 1_000)
    async with a_healer(database) as heal:
        while await heal.look():
            pass
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NULL") == 1_000
    assert await pool.fetchval("SELECT count(*) FROM send_queue WHERE status = 'pending'") == 1_000
    records = await one(pool, "SELECT count(*) AS lines, count(DISTINCT row_id) AS rows, min(before::text) AS was FROM integrity_history")
    assert (records["lines"], records["rows"]) == (1_000, 1_000)
    assert "connection_request_sent" in records["was"]
    traces = await one(
        pool,
        """SELECT (SELECT count(*) FROM integrity_findings WHERE state = 'repaired') AS findings,
                  (SELECT count(*) FROM audit_log WHERE verb = 'mend') AS mended,
                  (SELECT count(*) FROM audit_log WHERE verb = 'reopen') AS reopened,
                  (SELECT count(DISTINCT headers ->> 'ce_id') FROM outbox WHERE topic = 'integrity.events') AS told,
                  (SELECT count(DISTINCT payload) FROM outbox WHERE topic = 'prospects.ready') AS ready,
                  (SELECT count(*) FROM history WHERE table_name = 'campaign_prospects') AS kept""",
    )
    assert set(traces.values()) == {1_000}, dict(traces)
    run = await one(pool, "SELECT before, after, fixed_count, chosen FROM cleanup_runs")
    assert (run["before"]["corrupted_sent"], run["after"]["corrupted_sent"], run["fixed_count"], run["chosen"]) == (1_000, 0, 1_000, 1_000)


async def test_a_row_whose_repair_is_refused_goes_to_a_person_and_the_others_of_its_wave_are_mended(
    pool: asyncpg.Pool, database: str
) -> None:
    house = await a_house(pool)
    await a_crowd(pool, house, 20)
    stubborn = await _wrong(pool, house, "ana")
    await pool.execute(
        f"ALTER TABLE campaign_prospects ADD CONSTRAINT stubborn CHECK (id <> '{stubborn.prospect}' OR status <> 'pending') NOT VALID"
    )
    async with a_healer(database) as heal:
        await heal.look()
        await heal.look()
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects WHERE status = 'pending'") == 20
    assert await pool.fetchval(STATES, stubborn.prospect) == "connection_request_sent sent", "nothing of its repair stays"
    finding = await one(pool, "SELECT state, why FROM integrity_findings WHERE row_id = $1", str(stubborn.prospect))
    assert (finding["state"], "stubborn" in finding["why"]) == ("proposed", True)
    assert (
        await pool.fetchval("SELECT count(*) FROM integrity_history")
        == 20
        == await pool.fetchval("SELECT sum(fixed_count) FROM cleanup_runs")
    )
    assert [row["for_person"] for row in await pool.fetch("SELECT for_person FROM cleanup_runs")] == [1], "and nobody tries it again"


async def test_what_is_shown_between_the_look_and_the_lock_decides(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    went, doubtful, faster, stayed = [await _wrong(pool, house, name) for name in ("ana", "bea", "cleo", "dora")]
    async with pool.acquire() as other, asyncio.TaskGroup() as group:
        change = other.transaction()
        await change.start()
        await other.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", house.account)
        run = group.create_task(one(pool, CLEANUP))
        await eventually(lambda: _waits(pool), within=10, what="a clean-up that waits for the account")
        await an_attempt(other, house, went, state="accepted", decided_at=MONDAY_NINE)
        await an_attempt(other, house, doubtful, state="unknown")
        await other.execute("UPDATE campaign_prospects SET contacted_at = $2 WHERE id = $1", faster.prospect, MONDAY_NINE)
        await change.commit()
    assert run.result()["fixed_count"] == 2
    assert [await pool.fetchval(STATES, person.prospect) for person in (went, doubtful, faster, stayed)] == [
        "connection_request_sent sent",
        "connection_request_sent sent",
        "connection_request_sent sent",
        "pending pending",
    ]
    assert await pool.fetchval("SELECT contacted_at FROM campaign_prospects WHERE id = $1", went.prospect) == MONDAY_NINE
    assert await pool.fetchval("SELECT state FROM integrity_findings WHERE row_id = $1", str(doubtful.prospect)) == "gone"
    assert await pool.fetchval("SELECT count(*) FROM integrity_history") == 2


async def test_what_changed_since_it_was_found_is_left_alone_and_the_others_are_mended(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    people = [
        await a_person(pool, house, name=name, status="messaging", contacted_at=MONDAY_NINE, action="message") for name in ("ana", "bea")
    ]
    found = [await _proposal(pool, house, person, "messaging", "completed") for person in people]
    await pool.execute("UPDATE campaign_prospects SET status = 'opted_out' WHERE id = $1", people[0].prospect)
    answers = await pool.fetch("SELECT finding_id, answer FROM apply_repairs($1, 'test')", found)
    assert {row["finding_id"]: row["answer"] for row in answers} == {found[0]: "changed", found[1]: "applied"}
    assert [await pool.fetchval("SELECT status FROM campaign_prospects WHERE id = $1", one.prospect) for one in people] == [
        "opted_out",
        "completed",
    ]


async def test_of_several_findings_about_one_row_each_sees_what_those_before_have_done(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="messaging", contacted_at=MONDAY_NINE, action="message")
    steps = [("connected", "replied"), ("messaging", "completed"), ("messaging", "replied"), ("completed", "converted")]
    found = [await _proposal(pool, house, person, was, becomes, kind=str(n)) for n, (was, becomes) in enumerate(steps)]
    answers = await pool.fetch("SELECT finding_id, answer FROM apply_repairs($1, 'test') ORDER BY finding_id", found)
    assert [row["answer"] for row in answers] == ["changed", "applied", "changed", "applied"]
    status = "SELECT status FROM campaign_prospects WHERE id = $1"
    assert await pool.fetchval(status, person.prospect) == "converted"
    answers = await pool.fetch("SELECT answer FROM apply_together($1, 'ada', NULL, true)", [found[1], found[3]])
    assert [row["answer"] for row in answers] == ["undone", "undone"]
    assert await pool.fetchval(status, person.prospect) == "messaging"


async def test_a_look_mends_whoever_is_free_and_comes_back_for_those_who_are_held(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    busy, held, free = [await _wrong(pool, house, name) for name in ("ana", "bea", "cleo")]
    async with a_healer(database) as heal:
        async with pool.acquire() as other, other.transaction():
            await other.execute("SELECT FROM campaign_prospects WHERE id = $1 FOR UPDATE", busy.prospect)
            await other.execute("SELECT FROM send_queue WHERE id = $1 FOR UPDATE", held.send)
            await heal.look()
            states = [await pool.fetchval(STATES, person.prospect) for person in (busy, held, free)]
            assert states == ["connection_request_sent sent", "connection_request_sent sent", "pending pending"]
            await other.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", house.account)
            await heal.look()
            assert await pool.fetchval("SELECT count(*) FROM cleanup_runs") == 1, "where everybody is busy there was no run, and no failure"
        await heal.look()
    assert [await pool.fetchval(STATES, person.prospect) for person in (busy, held)] == ["pending pending"] * 2


async def test_what_a_wave_mended_is_taken_back_one_by_one_or_together(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    people = [await _wrong(pool, house, name) for name in ("ana", "bea", "cleo", "dora")]
    was = """SELECT (to_jsonb(p) - 'updated_at') || (to_jsonb(s) - 'updated_at')
               FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id ORDER BY p.id"""
    before = [row[0] for row in await pool.fetch(was)]
    async with a_healer(database) as heal:
        await heal.look()
        assert {await pool.fetchval(STATES, person.prospect) for person in people} == {"pending pending"}
        await decide_finding(pool, await pool.fetchval(FINDING, str(people[0].prospect)), FindingAction.UNDO, actor="ada")
        assert [await pool.fetchval(STATES, person.prospect) for person in people] == ["connection_request_sent sent"] + [
            "pending pending"
        ] * 3
        rest = [await pool.fetchval(FINDING, str(person.prospect)) for person in people]
        answers = await pool.fetch("SELECT finding_id, answer FROM apply_together($1, 'ada', NULL, true) ORDER BY finding_id", rest)
        assert sorted(row["answer"] for row in answers) == ["closed", "undone", "undone", "undone"]
        assert [row[0] for row in await pool.fetch(was)] == before
        await heal.look()
        assert [row[0] for row in await pool.fetch(was)] == before, "a person's word is not mended over"
    assert await pool.fetchval("SELECT count(*) FROM integrity_history WHERE undoes IS NULL AND undone_at IS NOT NULL") == 4
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'undo'") == 4


async def test_a_wave_of_the_walk_sets_a_refused_row_aside_too(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    people = [await a_person(pool, house, name=name, send_status="sent") for name in ("ana", "bea", "cleo")]
    await pool.execute(f"ALTER TABLE send_queue ADD CONSTRAINT stubborn CHECK (id <> '{people[1].send}' OR status <> 'pending') NOT VALID")
    async with a_healer(database) as heal:
        await walk(heal)
    assert [await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) for person in people] == [
        "pending",
        "sent",
        "pending",
    ]
    assert await pool.fetchval("SELECT state FROM integrity_findings WHERE row_id = $1", str(people[1].prospect)) == "proposed"


async def test_a_column_that_no_repair_may_change_is_refused(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house)
    for table, row in (("campaign_prospects", person.prospect), ("send_queue", person.send), ("leads", person.lead)):
        change = [{"table": table, "id": str(row), "before": {"workspace_id": str(house.workspace)}, "after": {"workspace_id": None}}]
        found = await pool.fetchval(
            "INSERT INTO integrity_findings (kind, table_name, row_id, changes) VALUES ('odd', $1, $2, $3) RETURNING id",
            table,
            str(row),
            change,
        )
        answer = await pool.fetchval("SELECT answer FROM apply_repairs(ARRAY[$1::bigint], 'test')", found)
        assert answer == f"refused: A repair may not change workspace_id of {table}"


async def _waits(pool: asyncpg.Pool) -> bool:
    waiting = """SELECT count(*) FROM pg_stat_activity
                  WHERE wait_event_type = 'Lock' AND query LIKE '%mend_corrupted%' AND datname = current_database()"""
    return bool(await pool.fetchval(waiting))


async def _proposal(pool: asyncpg.Pool, house: House, person: Person, was: str, becomes: str, *, kind: str = "a") -> int:
    change = {"table": "campaign_prospects", "id": str(person.prospect), "before": {"status": was}, "after": {"status": becomes}}
    return int(
        await pool.fetchval(
            """INSERT INTO integrity_findings (workspace_id, kind, table_name, row_id, state, changes)
               VALUES ($1, $2, 'campaign_prospects', $3, 'proposed', $4) RETURNING id""",
            house.workspace,
            kind,
            str(person.prospect),
            [change],
        )
    )
