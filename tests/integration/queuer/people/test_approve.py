"""A person's yes makes a prospect once, says no with the reason where it must, and wakes the planner."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.queuer.workflows.people.approve import approve, reject
from shared.contracts.prospects_ready import ProspectReady
from shared.db.pool import Connection
from shared.refusals import Refused
from tests.integration.queuer.people.conftest import House, row
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, insert


async def a_batch(connection: Connection, house: House, campaign_id: UUID | None = None) -> UUID:
    named: UUID = await insert(
        connection,
        "lead_batches",
        workspace_id=house.workspace_id,
        campaign_id=campaign_id or house.campaign_id,
        file_name="list.csv",
        file_format="csv",
    )
    return named


async def waiting(pool: asyncpg.Pool, house: House, *, batch_id: UUID | None = None, **lead: object) -> tuple[UUID, UUID]:
    """A lead and its approval row."""
    async with pool.acquire() as connection:
        lead_id = await a_lead(connection, house.workspace_id, **lead)
        approval_id = await insert(
            connection,
            "prospect_approval_data",
            workspace_id=house.workspace_id,
            batch_id=batch_id or await a_batch(connection, house),
            campaign_id=house.campaign_id,
            lead_id=lead_id,
            line=2,
        )
    return lead_id, approval_id


async def test_approving_makes_a_pending_prospect_with_the_newest_steps_and_one_event(house: House, pool: asyncpg.Pool) -> None:
    lead_id, _ = await waiting(pool, house)
    newest = await pool.fetchval("INSERT INTO workflows (campaign_id, version) VALUES ($1, 2) RETURNING id", house.campaign_id)
    result = await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    assert (result.approved, result.already, result.enrolled, result.refused) == (1, 0, 1, [])
    prospect = await pool.fetchrow("SELECT id, lead_id, status, enrolment_no, workflow_id, resumed_at FROM campaign_prospects")
    assert prospect is not None
    assert tuple(prospect)[1:] == (lead_id, "pending", 1, newest, None)
    assert await pool.fetchval("SELECT campaign_id FROM leads WHERE id = $1", lead_id) == house.campaign_id
    assert await row(pool, "SELECT status, decided_at, decided_by FROM prospect_approval_data") == ("approved", BASE, "kim")
    assert await pool.fetchval("SELECT last_enrollment_at FROM campaigns WHERE id = $1", house.campaign_id) == BASE
    [event] = await pool.fetch("SELECT service, topic, key, headers, payload FROM outbox")
    assert (event["service"], event["topic"], event["key"]) == ("queuer", "prospects.ready", str(prospect["id"]))
    assert event["headers"]["ce_type"] == "tact.prospect.ready.v1"
    assert event["headers"]["ce_time"] == BASE.isoformat()
    assert ProspectReady.model_validate(json.loads(event["payload"])).reason == "approved"


async def test_approving_again_changes_nothing(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house)
    await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    again = await approve(house.pool, campaign_id=house.campaign_id, actor="lee", now=BASE + timedelta(days=1))
    assert (again.approved, again.already, again.enrolled) == (0, 1, 0)
    assert await pool.fetchval("SELECT decided_by FROM prospect_approval_data") == "kim"
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1
    assert await pool.fetchval("SELECT count(*) FROM audit_log") == 1


async def test_two_people_who_approve_at_once_enrol_everybody_once(house: House, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        batch_id = await a_batch(connection, house)
    for _ in range(30):
        await waiting(pool, house, batch_id=batch_id)
    results = await asyncio.gather(*(approve(house.pool, campaign_id=house.campaign_id, actor=f"person {n}", now=BASE) for n in range(4)))
    assert sum(result.enrolled for result in results) == sum(result.approved for result in results) == 30
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 30


async def test_only_the_named_import_or_rows_are_approved(house: House, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        batch_id = await a_batch(connection, house)
    await waiting(pool, house, batch_id=batch_id)
    _, named = await waiting(pool, house)
    await waiting(pool, house)
    assert (await approve(house.pool, campaign_id=house.campaign_id, batch_id=batch_id, actor="kim", now=BASE)).approved == 1
    assert (await approve(house.pool, campaign_id=house.campaign_id, ids=[named, named, uuid4()], actor="kim", now=BASE)).approved == 1
    assert (await approve(house.pool, campaign_id=house.campaign_id, ids=[], actor="kim", now=BASE)).approved == 0
    assert await pool.fetchval("SELECT count(*) FROM prospect_approval_data WHERE status = 'waiting'") == 1


@pytest.mark.parametrize("other_status", ["draft", "running", "paused"])
async def test_a_lead_in_another_running_sequence_is_refused_and_the_row_says_so(
    house: House, pool: asyncpg.Pool, other_status: str
) -> None:
    lead_id, approval_id = await waiting(pool, house, linkedin_vanity="ana")
    async with pool.acquire() as connection:
        other = await a_campaign(connection, house.workspace_id, [], campaign_name="Spring", status=other_status)
        prospect_id = await a_prospect(connection, other, lead_id)
        await connection.execute("UPDATE leads SET campaign_id = $1 WHERE id = $2", other, lead_id)
    result = await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    reason = "is in the campaign 'Spring', and one person gets one sequence at a time"
    assert (result.approved, result.enrolled, result.refused) == (0, 0, [("in:ana", reason)])
    assert await row(pool, "SELECT status, decided_by FROM prospect_approval_data") == ("rejected", f"kim: {reason}")
    assert await pool.fetchval("SELECT campaign_id FROM leads WHERE id = $1", lead_id) == other

    await pool.execute("UPDATE campaign_prospects SET status = 'failed' WHERE id = $1", prospect_id)
    later = await approve(house.pool, campaign_id=house.campaign_id, ids=[approval_id], again=True, actor="kim", now=BASE)
    assert later.enrolled == 1


@pytest.mark.parametrize("which", ["the other campaign", "this campaign"])
async def test_a_campaign_that_allows_it_may_have_a_lead_together_with_another(house: House, pool: asyncpg.Pool, which: str) -> None:
    lead_id, _ = await waiting(pool, house)
    async with pool.acquire() as connection:
        other = await a_campaign(connection, house.workspace_id, [])
        first = await a_prospect(connection, other, lead_id)
        await connection.execute("UPDATE leads SET campaign_id = $2 WHERE id = $1", lead_id, other)
    allows = other if which == "the other campaign" else house.campaign_id
    await pool.execute("UPDATE campaigns SET allow_parallel = true WHERE id = $1", allows)
    assert (await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)).enrolled == 1
    second = await pool.fetchval("SELECT id FROM campaign_prospects WHERE id <> $1", first)
    for prospect in (first, second):
        assert await pool.fetchval("SELECT earlier_sequence($1)", prospect) is None


async def test_a_lead_on_the_do_not_contact_list_is_refused_with_its_entry(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house, linkedin_vanity="ana", company="Acme, Inc.")
    await pool.execute("INSERT INTO suppressions (kind, value, reason) VALUES ('company', 'acme inc', 'a customer')")
    result = await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    assert result.refused == [("in:ana", "is on the do-not-contact list: company acme inc (everywhere)")]


async def test_who_opted_out_is_never_enrolled(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house, linkedin_vanity="ana", opted_out_at=BASE - timedelta(days=400))
    result = await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    assert result.refused == [("in:ana", "has opted out and is not written to again")]
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects") == 0


async def test_approving_somebody_who_once_answered_is_a_persons_decision_and_marked_so(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house, last_reply_at=BASE - timedelta(days=90))
    await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)
    assert await pool.fetchval("SELECT resumed_at FROM campaign_prospects") == BASE


async def test_a_campaign_without_steps_yet_enrols_and_leaves_the_steps_to_planning(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house)
    await pool.execute("DELETE FROM workflow_steps")
    await pool.execute("DELETE FROM workflows")
    assert (await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)).enrolled == 1
    assert await pool.fetchval("SELECT workflow_id FROM campaign_prospects") is None


async def test_within_the_callers_transaction_nothing_stays_when_it_fails(house: House, pool: asyncpg.Pool) -> None:
    await waiting(pool, house)
    async with house.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert (await approve(connection, campaign_id=house.campaign_id, actor="kim", now=BASE)).enrolled == 1
        await transaction.rollback()
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    assert await pool.fetchval("SELECT status FROM prospect_approval_data") == "waiting"


async def test_rejecting_ends_the_waiting_and_touches_nobody_who_was_approved(house: House, pool: asyncpg.Pool) -> None:
    _, approved = await waiting(pool, house)
    await approve(house.pool, campaign_id=house.campaign_id, ids=[approved], actor="kim", now=BASE)
    _, rejected = await waiting(pool, house)
    assert await reject(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE) == 1
    assert await reject(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE) == 0
    assert await pool.fetchval("SELECT status FROM prospect_approval_data WHERE id = $1", rejected) == "rejected"
    assert (await approve(house.pool, campaign_id=house.campaign_id, actor="kim", now=BASE)).approved == 0


async def test_an_unknown_or_ended_campaign_is_named(house: House, pool: asyncpg.Pool) -> None:
    with pytest.raises(Refused, match="There is no campaign"):
        await approve(house.pool, campaign_id=uuid4(), actor="kim", now=BASE)
    with pytest.raises(Refused, match="There is no campaign"):
        await reject(house.pool, campaign_id=uuid4(), actor="kim", now=BASE)
    async with pool.acquire() as connection:
        over = await a_campaign(connection, house.workspace_id, [], status="completed", campaign_name="Old")
    with pytest.raises(Refused, match="'Old' is completed"):
        await approve(house.pool, campaign_id=over, actor="kim", now=BASE)
