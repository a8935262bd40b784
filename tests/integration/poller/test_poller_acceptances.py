"""Relations matched with those we invited: baselines, facts that come before our own record, and what must not be believed."""

from datetime import timedelta

import asyncpg
import pytest

from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenRelation
from services.poller.store.transactions import in_transaction
from services.poller.workflows.match_again import match_again
from services.poller.workflows.match_relations import MatchedRelations, note_relations
from shared.db.pool import Connection
from tests.integration.poller.poller_stage import Enrolled, Stage


async def see(
    pool: asyncpg.Pool,
    stage: Stage,
    one: Enrolled,
    source: ObservationSource = ObservationSource.POLL,
    *,
    vanity: str | None = None,
    ago: timedelta | None = None,
) -> MatchedRelations:
    """The relation is shown by a read, a baseline or a webhook."""
    now = await stage.now()
    relation = SeenRelation(one.person_id, vanity, None if ago is None else now - ago, {})

    async def note(connection: Connection) -> MatchedRelations:
        return await note_relations(connection, ObservedAccount(stage.account_id, stage.workspace_id, now), [relation], source=source)

    return await in_transaction(pool, note)


async def due_again(stage: Stage) -> int:
    """Make second looks due at once; how many there are."""
    await stage.owner.execute("UPDATE unsettled_observations SET look_at = clock_timestamp()")
    count: int = await stage.owner.fetchval("SELECT count(*) FROM unsettled_observations")
    return count


async def test_the_first_read_counts_those_we_invited_and_nobody_else(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    invited, failed = await stage.enrol(), await stage.enrol("failed", contacted=None, attempt=None)
    assert (await see(poller_pool, stage, invited, ObservationSource.BASELINE)).accepted == 1
    assert (await see(poller_pool, stage, failed, ObservationSource.BASELINE)).accepted == 0
    assert (await see(poller_pool, stage, failed, ObservationSource.POLL)).accepted == 0, "known for long is no news"
    assert await stage.status(failed) == "failed"


@pytest.mark.parametrize("status", ["withdrawn", "failed"])
async def test_news_of_a_relation_connects_the_withdrawn_and_the_failed(poller_pool: asyncpg.Pool, stage: Stage, status: str) -> None:
    one = await stage.enrol(status, contacted=timedelta(days=9) if status == "withdrawn" else None, attempt=None)
    assert (await see(poller_pool, stage, one)).accepted == 1
    assert await stage.status(one) == "connected"


async def test_a_withdrawn_enrolment_stays_so_where_a_newer_one_has_taken_its_place(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("withdrawn", contacted=timedelta(days=30), attempt=None)
    newer = await stage.owner.fetchval(
        """INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, enrolment_no, status, account_id, contacted_at)
           VALUES ($1, $2, $3, 2, 'connection_request_sent', $4, now()) RETURNING id""",
        stage.workspace_id,
        stage.campaign_id,
        one.lead_id,
        stage.account_id,
    )
    assert (await see(poller_pool, stage, one)).accepted == 1
    assert await stage.status(one) == "withdrawn"
    assert await stage.owner.fetchval("SELECT status FROM campaign_prospects WHERE id = $1", newer) == "connected"


async def test_a_relation_who_is_nobody_of_ours_is_kept_and_that_is_all(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol()
    stranger = Enrolled("ACoAAStranger01", "", one.lead_id, one.prospect_id, one.send_id, None)
    assert (await see(poller_pool, stage, stranger)).accepted == 0
    assert await stage.status(one) == "connection_request_sent"
    assert len(await stage.observations("relation")) == 1


async def test_a_vanity_finds_a_lead_whose_id_nobody_knew(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol(known=False)
    assert (await see(poller_pool, stage, one, vanity=one.vanity)).accepted == 1
    assert await stage.owner.fetchval("SELECT provider_id FROM recipients WHERE lead_id = $1", one.lead_id) == one.person_id


async def test_a_vanity_that_somebody_else_took_over_proves_nothing(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol()
    other = Enrolled("ACoAAOther00001", one.vanity, one.lead_id, one.prospect_id, one.send_id, None)
    assert (await see(poller_pool, stage, other, vanity=one.vanity)).accepted == 0
    assert await stage.status(one) == "connection_request_sent"


async def test_an_acceptance_settles_an_invitation_nobody_knew_the_end_of(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="unknown")
    assert (await see(poller_pool, stage, one)).accepted == 1
    prospect = await stage.prospect(one)
    attempt = await stage.owner.fetchrow("SELECT state, decided_at, evidence FROM send_attempts WHERE id = $1", one.attempt_id)
    assert attempt is not None
    assert prospect["status"] == "connected"
    assert prospect["contacted_at"] == attempt["decided_at"]
    assert attempt["state"] == "accepted"
    assert attempt["evidence"][0]["kind"] == "relation"
    send = await stage.owner.fetchrow("SELECT status, sent_at FROM send_queue WHERE id = $1", one.send_id)
    assert send is not None
    assert (send["status"], send["sent_at"]) == ("sent", attempt["decided_at"])
    said = await stage.owner.fetchval("SELECT text FROM campaign_messages WHERE attempt_id = $1 AND direction = 'out'", one.attempt_id)
    assert said == "Hello Ana"


@pytest.mark.parametrize(
    ("picture", "ago"), [({"network_distance": "FIRST_DEGREE"}, None), ({"network_distance": "SECOND_DEGREE"}, timedelta(days=90))]
)
async def test_a_relation_from_before_settles_no_unknown_invitation(
    poller_pool: asyncpg.Pool, stage: Stage, picture: dict[str, str], ago: timedelta | None
) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="unknown", picture=picture)
    assert (await see(poller_pool, stage, one, ago=ago)).accepted == 0
    assert await stage.status(one) == "pending"
    assert await stage.owner.fetchval("SELECT state FROM send_attempts WHERE id = $1", one.attempt_id) == "unknown"


async def test_an_opt_out_in_between_stays_and_the_contact_is_recorded(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("opted_out", contacted=None, attempt="unknown")
    await see(poller_pool, stage, one)
    prospect = await stage.prospect(one)
    assert prospect["status"] == "opted_out"
    assert prospect["contacted_at"] is not None


async def test_an_acceptance_before_our_own_finish_is_kept_until_the_sender_is_done(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="intent")
    assert (await see(poller_pool, stage, one, ObservationSource.WEBHOOK)).accepted == 0
    assert await due_again(stage) == 1
    await match_again(poller_pool)
    assert await stage.status(one) == "pending", "the sender's answer is a moment away"
    await stage.finish(one)
    assert await due_again(stage) == 1
    await match_again(poller_pool)
    assert await stage.status(one) == "connected"
    assert await due_again(stage) == 0
    assert len(await stage.events("connections.accepted")) == 1


async def test_an_intent_that_becomes_unknown_is_settled_by_the_second_look(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="intent")
    await see(poller_pool, stage, one, ObservationSource.WEBHOOK)
    await stage.owner.execute("UPDATE send_attempts SET state = 'unknown' WHERE id = $1", one.attempt_id)
    await due_again(stage)
    await match_again(poller_pool)
    assert await stage.status(one) == "connected"
    assert await due_again(stage) == 0


async def test_a_second_look_that_never_settles_ends(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="unknown", picture={"network_distance": "FIRST_DEGREE"})
    await see(poller_pool, stage, one, ObservationSource.WEBHOOK)
    await stage.owner.execute("UPDATE unsettled_observations SET tries = 24")
    await due_again(stage)
    await match_again(poller_pool)
    assert await due_again(stage) == 0
    assert len(await stage.observations("relation")) == 1, "the observation itself is kept"


async def test_two_spellings_of_one_person_are_both_connected(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    first = await stage.enrol()
    second = await stage.enrol(person_id=first.person_id, attempt=None)
    assert (await see(poller_pool, stage, first)).accepted == 2
    assert await stage.status(second) == "connected"


@pytest.mark.parametrize("status", ["messaging", "replied", "opted_out", "completed"])
async def test_a_late_acceptance_turns_nobody_back(poller_pool: asyncpg.Pool, stage: Stage, status: str) -> None:
    one = await stage.enrol(status)
    assert (await see(poller_pool, stage, one, ObservationSource.WEBHOOK)).accepted == 0
    assert await stage.status(one) == status
