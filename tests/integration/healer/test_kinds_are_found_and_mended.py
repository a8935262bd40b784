"""Every kind of finding: made wrong around the triggers, found within its bound, mended or proposed, and nothing else touched."""

import json
from datetime import timedelta

import asyncpg
import pytest

from services.healer.rules.repairs.finding_kinds import KINDS, Detection
from shared.contracts.integrity_events import IntegrityEvent
from tests.integration.healer.healer_rows import MONDAY_NINE, a_house, a_person, an_attempt, one
from tests.integration.healer.healing_rows import a_healer, around_the_triggers, walk

YESTERDAY = MONDAY_NINE - timedelta(days=2)


async def _status(pool: asyncpg.Pool, prospect: object) -> tuple[str, object]:
    row = await one(pool, "SELECT status, contacted_at FROM campaign_prospects WHERE id = $1", prospect)
    return row["status"], row["contacted_at"]


async def _finding(pool: asyncpg.Pool, kind: str) -> asyncpg.Record:
    return await one(
        pool, "SELECT id, state, row_id, changes, why, evidence FROM integrity_findings WHERE kind = $1 ORDER BY id DESC LIMIT 1", kind
    )


def test_every_kind_is_mended_or_says_why_a_person_is_needed() -> None:
    silent = [kind.name for kind in KINDS.values() if kind.repair is None and kind.person is None]
    assert silent == []
    assert all(kind.bound <= timedelta(hours=1) for kind in KINDS.values() if kind.found is not Detection.TOLD)


async def test_a_look_mends_what_the_view_counts_and_tells_the_finding(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, send_status="sent")
    async with around_the_triggers(pool) as connection:
        await connection.execute("UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = $1", person.prospect)
    async with a_healer(database) as heal:
        await heal.look()
    assert await _status(pool, person.prospect) == ("pending", None)
    finding = await _finding(pool, "corrupted_sent")
    assert finding["state"] == "repaired"
    told = await pool.fetch("SELECT topic, payload FROM outbox ORDER BY id")
    assert [row["topic"] for row in told] == ["integrity.events", "prospects.ready"]
    assert json.loads(told[0]["payload"])["kind"] == "corrupted_sent"


async def test_what_got_in_around_the_triggers_is_wrong_since_the_last_look_that_saw_nothing_wrong(
    pool: asyncpg.Pool, database: str
) -> None:
    house = await a_house(pool)
    people = [await a_person(pool, house, name=name, send_status="sent") for name in ("ana", "bea", "cyn")]
    waits = await a_person(pool, house, name="dee", contacted_at=MONDAY_NINE, corrupt=True)
    async with around_the_triggers(pool) as connection:  # a restored row tells when it was written first, years ago
        await connection.execute("UPDATE campaign_prospects SET updated_at = now() - interval '2 years'")
    held = await an_attempt(pool, house, people[2], state="unknown")

    async def spoil(n: int) -> None:
        async with around_the_triggers(pool) as connection:
            await connection.execute("UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = $1", people[n].prospect)

    async def since(n: int) -> asyncpg.Record:
        return await one(
            pool,
            "SELECT occurred_at, found_at - occurred_at AS late FROM integrity_findings WHERE row_id = $1 AND state = 'repaired'",
            str(people[n].prospect),
        )

    async with a_healer(database) as heal:
        await spoil(0)
        await heal.look()
        assert (await since(0))["late"] > timedelta(days=700), "nobody had seen that all was right"
        assert (await _finding(pool, "corrupted_pending"))["row_id"] == str(waits.prospect), "who waits for a person keeps nothing wrong"
        await heal.look()
        right_at = await pool.fetchval("SELECT clock_timestamp()")
        await spoil(2)  # its attempt is under way, so it is wrong for a while
        await heal.look()
        await spoil(1)
        await heal.look()
        assert (await since(1))["late"] < timedelta(seconds=30)
        assert (await since(1))["occurred_at"] < right_at
        await pool.execute("UPDATE send_attempts SET state = 'not_happened' WHERE id = $1", held)
        await heal.look()
        assert (await since(2))["occurred_at"] == (await since(1))["occurred_at"], "not from the moment its attempt ended"


async def test_an_invitation_in_the_providers_list_restores_the_contact_and_nobody_is_invited_twice(
    pool: asyncpg.Pool, database: str
) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", send_status="sent", corrupt=True)
    await pool.execute(
        """INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, happened_at, observed_at, payload)
           VALUES ($1, $2, 'invitation', 'inv-1', $3, 'poll', $4, $4, '{}')""",
        house.workspace,
        house.account,
        person.provider_id,
        YESTERDAY,
    )
    async with a_healer(database) as heal:
        await heal.look()
    assert await _status(pool, person.prospect) == ("connection_request_sent", YESTERDAY)
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == "sent"


async def test_a_step_that_is_sent_while_its_prospect_was_never_contacted_follows_the_ledger(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    went = await a_person(pool, house, name="ana", send_status="sent")
    await an_attempt(pool, house, went, state="accepted", decided_at=YESTERDAY)
    stayed = await a_person(pool, house, name="bea", send_status="sent")
    async with a_healer(database) as heal:
        await walk(heal)
    assert await _status(pool, went.prospect) == ("connection_request_sent", YESTERDAY)
    assert await _status(pool, stayed.prospect) == ("pending", None)
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", stayed.send) == "pending"
    assert await pool.fetchval("SELECT count(*) FROM lanes WHERE account_id = $1", house.account) == 1, "or nothing would ever leave"


async def test_a_contact_that_nothing_shows_is_proposed_and_changes_when_a_person_applies_it(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", contacted_at=YESTERDAY, send_status="sent")
    async with a_healer(database) as heal:
        await walk(heal)
        await walk(heal)
    finding = await _finding(pool, "contacted_without_attempt")
    assert (finding["state"], await pool.fetchval("SELECT count(*) FROM integrity_findings")) == ("proposed", 1)
    assert await _status(pool, person.prospect) == ("connection_request_sent", YESTERDAY)
    assert await pool.fetchval("SELECT apply_repair($1, 'ada')", finding["id"]) == "applied"
    assert await _status(pool, person.prospect) == ("pending", None)
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == "pending"


async def test_a_step_that_waits_for_somebody_who_replied_is_cancelled(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="messaging", contacted_at=YESTERDAY, action="message")
    async with around_the_triggers(pool) as connection:
        await connection.execute("UPDATE campaign_prospects SET status = 'replied' WHERE id = $1", person.prospect)
    async with a_healer(database) as heal:
        await walk(heal)
    assert await pool.fetchval("SELECT status || ' ' || error_message FROM send_queue WHERE id = $1", person.send) == "cancelled replied"


async def test_what_the_triggers_see_is_looked_at_without_the_walk(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="messaging", contacted_at=YESTERDAY, action="message")
    await pool.execute("UPDATE campaign_prospects SET status = 'converted' WHERE id = $1", person.prospect)
    await pool.execute("UPDATE campaigns SET completed_leads_count = 7 WHERE id = $1", house.campaign)
    await pool.execute("UPDATE changed_rows SET changed_at = changed_at - interval '1 minute'")
    async with a_healer(database) as heal:
        await heal.look_at_changes()
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == "cancelled"
    delta = "SELECT sum(delta) FROM campaign_counter_deltas WHERE counter = 'completed_leads'"
    assert await pool.fetchval(delta) == -7
    assert await pool.fetchval("SELECT count(*) FROM changed_rows") == 0


async def test_counts_that_were_loaded_around_the_triggers_are_put_right_once(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    async with around_the_triggers(pool) as connection:
        lead = await connection.fetchval(
            "INSERT INTO leads (workspace_id, identity, campaign_id) VALUES ($1, 'in:x', $2) RETURNING id", house.workspace, house.campaign
        )
        await connection.execute(
            "INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status, account_id) VALUES ($1, $2, $3, 'pending', $4)",
            house.workspace,
            house.campaign,
            lead,
            house.account,
        )
        await connection.execute("UPDATE prospect_totals SET total = 40")
    async with a_healer(database) as heal:
        await walk(heal)
        await walk(heal)
    rows = await pool.fetch("SELECT counter, sum(delta)::int AS delta FROM campaign_counter_deltas GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("active_leads", 1), ("prospects", 1)]
    assert await pool.fetchval("SELECT total_prospects FROM prospect_data_integrity") == 1


async def test_an_event_of_any_kind_that_has_a_query_is_looked_at_by_the_row_it_names(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connected", contacted_at=YESTERDAY)
    other = await pool.fetchval(
        "INSERT INTO campaigns (workspace_id, campaign_name, campaign_type) VALUES ($1, 'Other', 'connector') RETURNING id", house.workspace
    )
    async with around_the_triggers(pool) as connection:
        await connection.execute(
            "INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status, account_id) VALUES ($1, $2, $3, 'approved', $4)",
            house.workspace,
            other,
            person.lead,
            house.account,
        )
        await connection.execute("UPDATE prospect_totals SET total = 40")
    await pool.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER keep_history")
    events = [
        IntegrityEvent(kind=kind, table_name=table, row_id=row)
        for kind, table, row in (
            ("two_sequences", "leads", str(person.lead)),
            ("total_differs", "prospect_totals", str(house.workspace)),
            ("guards_off", "campaign_prospects", "keep_history"),
        )
    ]
    async with a_healer(database) as heal:
        await heal.of_events(events)
    found = await pool.fetch(
        "SELECT kind, state FROM integrity_findings WHERE kind = ANY($1) ORDER BY kind", [event.kind for event in events]
    )
    assert {tuple(row) for row in found} == {("guards_off", "open"), ("total_differs", "repaired"), ("two_sequences", "proposed")}


async def test_somebody_the_provider_shows_as_connected_is_connected_and_the_planner_hears_it(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", contacted_at=YESTERDAY, send_status="sent")
    await an_attempt(pool, house, person, state="accepted", decided_at=YESTERDAY)
    await pool.execute(
        """INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, resolved_at, connected_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $5, clock_timestamp() - interval '2 minutes')""",
        house.account,
        person.lead,
        house.workspace,
        person.provider_id,
        MONDAY_NINE,
    )
    async with a_healer(database) as heal:
        await walk(heal)
    row = await one(pool, "SELECT status, connected_at FROM campaign_prospects WHERE id = $1", person.prospect)
    assert tuple(row) == ("connected", MONDAY_NINE)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'connections.accepted'") == 1


async def test_what_the_provider_never_showed_is_proposed_and_never_applied_by_itself(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", contacted_at=YESTERDAY, send_status="sent")
    await an_attempt(pool, house, person, state="accepted", decided_at=YESTERDAY)
    await pool.execute(
        "INSERT INTO account_reads (account_id, kind, next_at, last_read_at) VALUES ($1, 'invitations_sent', $2, $2)",
        house.account,
        MONDAY_NINE,
    )
    async with a_healer(database) as heal:
        await walk(heal)
        assert await pool.fetchval("SELECT count(*) FROM integrity_findings") == 0, "a list without a later one may be an old one"
        await pool.execute(
            """INSERT INTO observations (workspace_id, account_id, kind, provider_key, person_id, source, observed_at, payload)
               VALUES ($1, $2, 'invitation', 'inv-later', 'ACoAASomebody', 'poll', $3, '{}')""",
            house.workspace,
            house.account,
            MONDAY_NINE,
        )
        await walk(heal)
    assert (await _finding(pool, "never_seen"))["state"] == "proposed"
    assert await _status(pool, person.prospect) == ("connection_request_sent", YESTERDAY)


async def test_two_sequences_of_a_lead_are_proposed_with_the_later_one_named(pool: asyncpg.Pool, database: str) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house)
    other = await pool.fetchval(
        """INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status) VALUES ($1, 'Autumn', 'connector', 'running')
           RETURNING id""",
        house.workspace,
    )
    later = await pool.fetchval(
        "INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id) VALUES ($1, $2, $3) RETURNING id",
        house.workspace,
        other,
        person.lead,
    )
    await pool.execute("UPDATE changed_rows SET changed_at = changed_at - interval '1 minute'")
    async with a_healer(database) as heal:
        await heal.look_at_changes()
    finding = await _finding(pool, "two_sequences")
    assert (finding["row_id"], finding["state"], finding["evidence"]["earlier"]) == (str(later), "proposed", "Spring")


@pytest.mark.parametrize(("status", "accepted", "becomes"), [("dispatched", False, "pending"), ("sending", True, "sent")])
async def test_sends_that_nobody_will_finish_come_out_of_the_hand(
    pool: asyncpg.Pool, database: str, status: str, accepted: bool, becomes: str
) -> None:
    house = await a_house(pool)
    person = await a_person(pool, house, send_status=status)
    if accepted:
        await an_attempt(pool, house, person, state="accepted", decided_at=YESTERDAY)
    async with a_healer(database) as heal:
        await heal.look_in_hand()
        assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == status, "it is young"
        async with around_the_triggers(pool) as connection:
            await connection.execute("UPDATE send_queue SET updated_at = clock_timestamp() - interval '11 minutes'")
        await heal.look_in_hand()
    assert await pool.fetchval("SELECT status FROM send_queue WHERE id = $1", person.send) == becomes
    assert await _status(pool, person.prospect) == (("connection_request_sent", YESTERDAY) if accepted else ("pending", None))


async def test_a_guard_that_is_switched_off_is_said_until_it_is_on_again(pool: asyncpg.Pool, database: str) -> None:
    async with a_healer(database) as heal:
        await pool.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
        await heal.look_in_hand()
        finding = await _finding(pool, "guards_off")
        assert (finding["row_id"], finding["state"]) == ("validate_prospect_status", "open")
        assert "ENABLE TRIGGER" in finding["why"]
        await pool.execute("ALTER TABLE campaign_prospects ENABLE TRIGGER validate_prospect_status")
        await heal.look_in_hand()
        assert (await _finding(pool, "guards_off"))["state"] == "gone"


async def test_a_look_costs_what_is_wrong_and_not_what_is_stored(pool: asyncpg.Pool) -> None:
    house = await a_house(pool)
    async with around_the_triggers(pool) as connection:
        await connection.execute(
            """INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status, contacted_at)
               SELECT $1, $2, gen_random_uuid(), 'connection_request_sent', now() FROM generate_series(1, 20000)""",
            house.workspace,
            house.campaign,
        )
        await connection.execute(
            """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                       next_action, message, message_sha256, scheduled_for, status)
               SELECT gen_random_uuid(), p.workspace_id, p.campaign_id, p.id, p.lead_id, $1, 'connection_request', 1, 'invitation',
                      'invitation', 'Hello', sha256('x'), now(), 'sent' FROM campaign_prospects p""",
            house.account,
        )
    await pool.execute("ANALYZE campaign_prospects, send_queue")
    looks = (
        "SELECT * FROM prospect_data_integrity",
        "SELECT * FROM prospect_data_integrity_by_workspace",
        "SELECT id FROM corrupted_to_mend(200)",
    )
    for look in looks:
        plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {look}"))
        read_in_full = [table for table in ("campaign_prospects", "send_queue") if f"Seq Scan on {table}" in plan]
        assert read_in_full == [], f"{look}:\n{plan}"
