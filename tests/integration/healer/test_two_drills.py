"""Two histories that happened, as named fixtures: a campaign marked as sent though most of it never was, and steps loaded many times."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest

from services.healer.workflows.repairs.decide import FindingAction, decide_finding
from tests.integration.healer.healer_rows import MONDAY_NINE, House, Person, a_house, a_person, an_attempt, one
from tests.integration.healer.healing_rows import a_healer, around_the_triggers, walk

MARKED, NEVER_SENT = 73, 53
LOADED, ROWS = 26, 120


@dataclass(frozen=True, slots=True)
class Drill:
    """The rows of one history; `went` are the people who really were contacted, in whichever record that stands."""

    house: House
    went: list[Person]
    stayed: list[Person]


@pytest.fixture
async def marked_sent_and_never_sent(pool: asyncpg.Pool) -> Drill:
    """73 prospects of one campaign say connection_request_sent; 53 of them were never invited. Of the 20 others the ledger shows 12, the
    provider's list 8, and nobody's contacted_at was written.
    """
    house = await a_house(pool)
    people = [await a_person(pool, house, name=f"marked{n:02}", send_status="sent") for n in range(MARKED)]
    stayed, went = people[:NEVER_SENT], people[NEVER_SENT:]
    for n, person in enumerate(went):
        at = MONDAY_NINE - timedelta(hours=n + 1)
        if n < 12:
            await an_attempt(pool, house, person, state="accepted", decided_at=at)
            continue
        await pool.execute(
            """INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, happened_at, observed_at, payload)
               VALUES ($1, $2, 'invitation', $3, $4, 'poll', $5, $5, '{}')""",
            house.workspace,
            house.account,
            f"inv-{n}",
            person.provider_id,
            at,
        )
    async with around_the_triggers(pool) as connection:
        await connection.execute("UPDATE campaign_prospects SET status = 'connection_request_sent'")
    return Drill(house, went, stayed)


@pytest.fixture
async def steps_loaded_many_times(pool: asyncpg.Pool) -> Drill:
    """26 prospects with 120 rows of one step, loaded while the constraint was off; the first 10 have up to three rows that are sent."""
    house = await a_house(pool)
    people = []
    await pool.execute("ALTER TABLE send_queue DROP CONSTRAINT send_queue_campaign_prospect_unique")
    for n in range(LOADED):
        sent = 1 + n % 3 if n < 10 else 0
        person = await a_person(pool, house, name=f"loaded{n:02}", send_status="sent" if sent else "pending")
        if sent:
            await an_attempt(pool, house, person, state="accepted", decided_at=MONDAY_NINE - timedelta(days=1))
        more = 4 if n < ROWS - LOADED * 4 else 3
        async with around_the_triggers(pool) as connection:
            if sent:
                contacted = "UPDATE campaign_prospects SET status = 'connection_request_sent', contacted_at = $2 WHERE id = $1"
                await connection.execute(contacted, person.prospect, MONDAY_NINE - timedelta(days=1))
            await connection.execute(
                """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position,
                                           action, next_action, message, message_sha256, scheduled_for, status, sent_at)
                   SELECT gen_random_uuid(), s.workspace_id, s.campaign_id, s.prospect_id, s.lead_id, s.account_id, s.message_type, 1,
                          s.action, s.action, s.message, s.message_sha256, s.scheduled_for,
                          CASE WHEN n < $2 THEN 'sent' WHEN n % 2 = 0 THEN 'pending' ELSE 'failed' END::send_status,
                          CASE WHEN n < $2 THEN $3::timestamptz END
                     FROM send_queue s, generate_series(1, $4::int) n WHERE s.id = $1""",
                person.send,
                sent,
                MONDAY_NINE - timedelta(days=3),
                more,
            )
        people.append(person)
    assert await pool.fetchval("SELECT count(*) FROM send_queue") == ROWS
    return Drill(house, people[:10], people[10:])


async def test_53_of_73_go_back_and_20_get_their_contact_from_the_evidence(
    pool: asyncpg.Pool, database: str, marked_sent_and_never_sent: Drill
) -> None:
    drill = marked_sent_and_never_sent
    async with a_healer(database) as heal:
        while await heal.look():
            pass
    back = await pool.fetch("SELECT id FROM campaign_prospects WHERE status = 'pending' AND contacted_at IS NULL")
    assert {row["id"] for row in back} == {person.prospect for person in drill.stayed}
    kept = await pool.fetch("SELECT id FROM campaign_prospects WHERE status = 'connection_request_sent' AND contacted_at IS NOT NULL")
    assert {row["id"] for row in kept} == {person.prospect for person in drill.went}
    open_again = await pool.fetch("SELECT id FROM send_queue WHERE status = 'pending'")
    assert {row["id"] for row in open_again} == {person.send for person in drill.stayed}
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == NEVER_SENT
    assert await pool.fetchval("SELECT corrupted_sent FROM prospect_data_integrity") == 0


async def test_120_rows_become_26_and_every_sent_one_stays_as_history(
    pool: asyncpg.Pool, database: str, steps_loaded_many_times: Drill
) -> None:
    drill = steps_loaded_many_times
    sent_before = {row["id"] for row in await pool.fetch("SELECT id FROM send_queue WHERE status = 'sent'")}
    async with a_healer(database) as heal:
        await heal.look_in_hand()  # the constraint is missing, so nobody waits for the walk
        await walk(heal)
    rows = await pool.fetch("SELECT id, prospect_id, status FROM send_queue")
    assert len(rows) == LOADED == len({row["prospect_id"] for row in rows})
    assert {row["id"] for row in rows if row["status"] == "sent"} == {person.send for person in drill.went}, "the ledger's own row counts"
    merged = await pool.fetch("SELECT id, kept_id, status, was FROM merged_sends")
    assert len(merged) == ROWS - LOADED
    assert sent_before == {row["id"] for row in [*rows, *merged] if row["status"] == "sent"}
    assert {row["status"] for row in rows if row["prospect_id"] in {person.prospect for person in drill.stayed}} == {"pending"}
    await pool.execute("ALTER TABLE send_queue ADD CONSTRAINT send_queue_campaign_prospect_unique UNIQUE (prospect_id, message_type)")


async def test_steps_that_were_merged_come_apart_again_as_they_were(
    pool: asyncpg.Pool, database: str, steps_loaded_many_times: Drill
) -> None:
    rows = "SELECT to_jsonb(s) FROM send_queue s ORDER BY s.id"
    attempts = "SELECT id, send_id FROM send_attempts ORDER BY id"
    before = [(await pool.fetch(rows)), (await pool.fetch(attempts))]
    async with a_healer(database) as heal:
        await heal.look_in_hand()
    merged = [
        row["id"] for row in await pool.fetch("SELECT id FROM integrity_findings WHERE kind = 'duplicate_sends' AND state = 'repaired'")
    ]
    assert (len(merged), await pool.fetchval("SELECT count(*) FROM send_queue")) == (LOADED, LOADED)
    answers = await pool.fetch("SELECT answer FROM apply_together($1, 'ada', NULL, true)", merged)
    assert [row["answer"] for row in answers] == ["undone"] * LOADED
    assert [(await pool.fetch(rows)), (await pool.fetch(attempts))] == before
    assert await pool.fetchval("SELECT count(*) FROM merged_sends") == 0


async def test_a_repair_is_taken_back_by_its_inverse_and_stays_so_unless_something_left_since(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, name="ana", status="connection_request_sent", send_status="sent", corrupt=True)
    another = await a_person(pool, house, name="bea", status="connection_request_sent", send_status="sent", corrupt=True)
    both = "SELECT p.status || ' ' || s.status FROM campaign_prospects p JOIN send_queue s ON s.prospect_id = p.id WHERE p.id = $1"
    finding_of = "SELECT id FROM integrity_findings WHERE row_id = $1"
    async with a_healer(database) as heal:
        await heal.look()
        assert await pool.fetchval(both, person.prospect) == "pending pending"
        done = await decide_finding(pool, await pool.fetchval(finding_of, str(person.prospect)), FindingAction.UNDO, actor="ada")
        assert (done.finding.state, await pool.fetchval(both, person.prospect)) == ("undone", "connection_request_sent sent")
        await heal.look()
        assert await pool.fetchval(both, person.prospect) == "connection_request_sent sent", "a person's word is not mended over"
    lines = await pool.fetch(
        "SELECT undoes IS NULL AS forth, undone_at IS NULL AS stands FROM integrity_history WHERE row_id = $1 ORDER BY id",
        str(person.prospect),
    )
    assert [tuple(line) for line in lines] == [(True, False), (False, True)]
    await an_attempt(pool, house, another, state="refused")
    answer = await pool.fetchval("SELECT apply_repair($1, 'ada', NULL, true)", await pool.fetchval(finding_of, str(another.prospect)))
    assert answer == "later_attempt"


async def test_a_row_that_is_wrong_again_and_again_is_handed_to_a_person(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, send_status="sent")
    async with a_healer(database) as heal:
        for _ in range(4):
            async with around_the_triggers(pool) as connection:
                await connection.execute("UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = $1", person.prospect)
            await heal.look()
    row = await one(pool, "SELECT state, why FROM integrity_findings ORDER BY id DESC LIMIT 1")
    assert row["state"] == "proposed"
    assert "three times" in row["why"]
    assert await pool.fetchval("SELECT count(*) FROM integrity_history") == 3


async def test_two_healers_look_and_one_of_them_leads(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    async with a_healer(database, "healer-1") as first, a_healer(database, "healer-2") as second:
        await first.look()
        assert not await second.look()
        await first.beat()
        await second.beat()
        assert {(row["instance"], row["leads"]) for row in await pool.fetch("SELECT instance, leads FROM heartbeats")} == {
            ("healer-1", True),
            ("healer-2", False),
        }
        await first.stop()
        await second.look()
        await second.beat()
        assert await pool.fetchval("SELECT leads FROM heartbeats WHERE instance = 'healer-2'")
