"""What an answer does to a lead: stop, hold or end for good; and what is no answer."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenMessage
from services.poller.store.transactions import in_transaction
from services.poller.workflows.match_messages import note_messages
from shared.db.pool import Connection
from tests.integration.poller.poller_stage import Enrolled, Stage


async def hear(
    pool: asyncpg.Pool,
    stage: Stage,
    one: Enrolled,
    text: str,
    *,
    said_at: datetime,
    key: str = "m-1",
    source: ObservationSource = ObservationSource.POLL,
) -> int:
    """A message is shown; how many replies were new."""
    account = ObservedAccount(stage.account_id, stage.workspace_id, await stage.now())
    message = SeenMessage(key, "chat-1", one.person_id, one.vanity, own=False, text=text, said_at=said_at)

    async def note(connection: Connection) -> int:
        return await note_messages(connection, account, [message], source=source)

    return await in_transaction(pool, note)


@pytest.mark.parametrize("status", ["pending", "approved", "connection_request_sent", "connected", "messaging", "completed", "withdrawn"])
async def test_a_reply_stops_from_every_status_that_is_under_way_or_was_contacted(
    poller_pool: asyncpg.Pool, stage: Stage, status: str
) -> None:
    contacted = None if status in {"pending", "approved"} else timedelta(days=2)
    one = await stage.enrol(status, contacted=contacted, attempt=None)
    assert await hear(poller_pool, stage, one, "Hello back", said_at=await stage.now()) == 1
    prospect = await stage.prospect(one)
    stored = await stage.owner.fetchval("SELECT id FROM campaign_messages WHERE lead_id = $1 AND direction = 'in'", one.lead_id)
    assert prospect["status"] == "replied"
    assert prospect["reply_message_id"] == stored


async def test_who_was_given_up_without_contact_stays_failed(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("failed", contacted=None, attempt=None)
    await hear(poller_pool, stage, one, "Hello", said_at=await stage.now())
    assert await stage.status(one) == "failed"


async def test_a_reply_stops_the_lead_in_other_campaigns_and_accounts_too(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    other = await stage.owner.fetchval(
        """WITH c AS (INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status)
                      VALUES ($1, 'Autumn', 'messenger', 'running') RETURNING id)
           INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status) SELECT $1, id, $2, 'approved' FROM c RETURNING id""",
        stage.workspace_id,
        one.lead_id,
    )
    await hear(poller_pool, stage, one, "Yes", said_at=await stage.now())
    assert await stage.owner.fetchval("SELECT status FROM campaign_prospects WHERE id = $1", other) == "replied"


async def test_an_opt_out_ends_everything_for_good(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    await hear(poller_pool, stage, one, "Please remove me from your list.", said_at=await stage.now())
    assert await stage.status(one) == "opted_out"
    lead = await stage.owner.fetchrow("SELECT identity, opted_out_at FROM leads WHERE id = $1", one.lead_id)
    assert lead is not None
    assert lead["opted_out_at"] is not None
    assert await stage.owner.fetchval("SELECT value FROM suppressions WHERE workspace_id = $1", stage.workspace_id) == lead["identity"]
    assert [event["kind"] for event in await stage.events("replies.received")] == ["opt_out"]


async def test_an_opt_out_ends_every_campaign_of_the_workspace(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    other = await stage.owner.fetchval(
        """WITH c AS (INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status)
                      VALUES ($1, 'Autumn', 'messenger', 'running') RETURNING id)
           INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status) SELECT $1, id, $2, 'approved' FROM c RETURNING id""",
        stage.workspace_id,
        one.lead_id,
    )
    await hear(poller_pool, stage, one, "Please remove me from your list.", said_at=await stage.now())
    assert await stage.owner.fetchval("SELECT status FROM campaign_prospects WHERE id = $1", other) == "opted_out"


async def test_an_opt_out_after_a_reply_still_counts(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    now = await stage.now()
    await hear(poller_pool, stage, one, "Who are you?", said_at=now - timedelta(hours=1))
    await hear(poller_pool, stage, one, "unsubscribe", said_at=now, key="m-2")
    assert await stage.status(one) == "opted_out"


async def test_out_of_office_holds_and_is_no_reply(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    now = await stage.now()
    await hear(poller_pool, stage, one, "Automatic reply: I am away", said_at=now)
    prospect = await stage.prospect(one)
    assert prospect["status"] == "messaging"
    assert abs(prospect["hold_until"] - (now + timedelta(days=3))) < timedelta(seconds=1)
    assert await stage.owner.fetchval("SELECT last_reply_at FROM leads WHERE id = $1", one.lead_id) is None
    assert [event["kind"] for event in await stage.events("replies.received")] == ["out_of_office"]


async def test_a_resumed_lead_who_answers_again_is_stopped_again(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    now = await stage.now()
    await hear(poller_pool, stage, one, "Not now", said_at=now - timedelta(days=1))
    await stage.owner.execute(
        "UPDATE campaign_prospects SET status = 'messaging', resumed_at = $2 WHERE id = $1", one.prospect_id, now - timedelta(hours=2)
    )
    await hear(poller_pool, stage, one, "Not now", said_at=now - timedelta(days=1))
    await hear(poller_pool, stage, one, "An old one that was lost", said_at=now - timedelta(hours=20), key="m-0")
    assert await stage.status(one) == "messaging", "what was said before the person resumed does not stop again"
    await hear(poller_pool, stage, one, "Now, please", said_at=now, key="m-2")
    assert await stage.status(one) == "replied"


async def test_the_history_of_a_conversation_is_no_reply(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("approved", contacted=None, attempt=None)
    now = await stage.now()
    assert await hear(poller_pool, stage, one, "See you in May", said_at=now - timedelta(days=400), source=ObservationSource.POLL) == 0
    assert await hear(poller_pool, stage, one, "Bye", said_at=now - timedelta(hours=1), key="m-2", source=ObservationSource.BASELINE) == 0
    assert await stage.status(one) == "approved"
    assert len(await stage.observations("message")) == 2


async def test_a_reply_settles_an_invitation_nobody_knew_the_end_of(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="unknown")
    await hear(poller_pool, stage, one, "Thanks for the invitation", said_at=await stage.now())
    prospect = await stage.prospect(one)
    assert prospect["status"] == "replied"
    assert prospect["contacted_at"] is not None
    assert await stage.owner.fetchval("SELECT state FROM send_attempts WHERE id = $1", one.attempt_id) == "accepted"


async def test_a_reply_before_our_own_finish_stops_at_once(poller_pool: asyncpg.Pool, stage: Stage) -> None:
    one = await stage.enrol("pending", contacted=None, attempt="intent")
    await hear(poller_pool, stage, one, "Hello!", said_at=await stage.now())
    assert await stage.status(one) == "replied"
    await stage.finish(one)
    assert (await stage.prospect(one))["contacted_at"] is not None
