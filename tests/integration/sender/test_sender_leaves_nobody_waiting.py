"""A stop at the sender: the prospect goes where the reason leads, in the same transaction, and whoever plans next hears of it."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.integration.sender.conftest import BASE, Stage
from tests.support import builders

UNTOUCHED = [
    ("UPDATE leads SET opted_out_at = $2 WHERE id = $1", "opted_out", ("opted_out", None, None)),
    ("UPDATE leads SET last_reply_at = $2 WHERE id = $1", "replied", ("failed", "stopped", "replied")),
]
UNDER_WAY = {"status": "messaging", "contacted_at": BASE - timedelta(days=3), "connected_at": BASE - timedelta(days=2)}
FOLLOW_UP = {"message_type": "follow_up_1", "action": "message", "next_action": "message", "step_position": 2, "requires_connection": True}


async def became(stage: Stage, prospect: UUID) -> tuple[str, str | None, str | None]:
    """Where the prospect stands: status, outcome and the reason."""
    row = await stage.prospect_row(prospect)
    return row["status"], row["outcome"], row["error_message"]


async def topics(stage: Stage) -> list[str]:
    """The topics of what was told, in order."""
    return [row["topic"] for row in await stage.pool.fetch("SELECT topic FROM outbox WHERE service = 'sender' ORDER BY id")]


async def stop(stage: Stage, send: UUID, prospect: UUID, change: str) -> str:
    """Change the lead as of now and begin; returns the reason the send was skipped for."""
    lead = await stage.pool.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect)
    await stage.pool.execute(change, *((lead, BASE) if "$2" in change else (lead,)))
    await stage.begin(send)
    await stage.settled()
    row = await stage.send_row(send)
    assert row["status"] == "skipped"
    return str(row["error_message"])


async def bar(stage: Stage, prospect: UUID) -> None:
    """Put the lead's company on the do-not-contact list."""
    await stage.pool.execute(
        "UPDATE leads SET company = 'Acme' WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", prospect
    )
    await stage.pool.execute("INSERT INTO suppressions (kind, value, reason) VALUES ('company', 'acme', 'a customer')")


NOTHING = "UPDATE leads SET title = title WHERE id = $1"


async def test_an_opt_out_opts_out_and_a_reply_elsewhere_gives_up_who_was_never_written_to(stage: Stage) -> None:
    for change, reason, expected in UNTOUCHED:
        send, prospect = await stage.due()
        assert await stop(stage, send, prospect, change) == reason
        assert await became(stage, prospect) == expected
    assert await topics(stage) == ["sends.completed"] * 2
    assert await stage.effects() == []


async def test_whoever_is_barred_is_given_up_or_completed_as_they_were_contacted_or_not(stage: Stage) -> None:
    send, prospect = await stage.due()
    await bar(stage, prospect)
    assert await stop(stage, send, prospect, NOTHING) == "suppressed"
    assert await became(stage, prospect) == ("failed", "stopped", "suppressed")
    send, prospect = await stage.due(prospect=UNDER_WAY, **FOLLOW_UP)
    await stage.pool.execute(
        "UPDATE leads SET company = 'Acme' WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", prospect
    )
    assert await stop(stage, send, prospect, NOTHING) == "suppressed"
    assert await became(stage, prospect) == ("completed", "undeliverable", "suppressed")
    assert (await stage.prospect_row(prospect))["completed_at"] is not None


async def test_whoever_was_connected_and_never_written_to_is_given_up_when_barred(stage: Stage) -> None:
    connected = {"status": "connected", "connected_at": BASE - timedelta(days=2)}
    send, prospect = await stage.due(prospect=connected, **FOLLOW_UP)
    await bar(stage, prospect)
    assert await stop(stage, send, prospect, NOTHING) == "suppressed"
    assert await became(stage, prospect) == ("failed", "stopped", "suppressed")
    assert await topics(stage) == ["sends.completed"]


async def test_a_messenger_lead_who_turns_out_to_be_a_stranger_is_given_up(stage: Stage) -> None:
    await stage.pool.execute("UPDATE campaigns SET campaign_type = 'messenger'")
    send, prospect = await stage.due(**{**FOLLOW_UP, "message_type": "direct_message_1", "step_position": 1})
    await stage.pool.execute(
        """INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, network_distance, resolved_at)
           SELECT account_id, lead_id, workspace_id, linkedin_user_id, 'SECOND_DEGREE', $2 FROM send_queue WHERE id = $1""",
        send,
        BASE,
    )
    assert await stop(stage, send, prospect, NOTHING) == "not_connected"
    assert await became(stage, prospect) == ("failed", "stopped", "not_connected")
    assert await topics(stage) == ["sends.completed"]
    assert await stage.effects() == []


async def test_whose_other_sequence_runs_stays_as_they_are_and_nobody_is_told(stage: Stage) -> None:
    send, prospect = await stage.due(prospect={"status": "connected", "connected_at": BASE - timedelta(days=2)}, **FOLLOW_UP)
    async with stage.pool.acquire() as connection:
        other = await builders.a_campaign(connection, stage.workspace, [stage.account])
        lead = await connection.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect)
        await builders.a_prospect(connection, other, lead)
        await connection.execute("UPDATE leads SET campaign_id = $2 WHERE id = $1", lead, other)
    await stage.begin(send)
    await stage.settled()
    row = await stage.send_row(send)
    assert (row["status"], row["held_for"], await became(stage, prospect)) == ("pending", "other_sequence", ("connected", None, None))
    assert await topics(stage) == []


async def test_somebody_connected_already_goes_on_to_the_first_message(stage: Stage) -> None:
    send, prospect = await stage.due()
    await stage.pool.execute("UPDATE campaign_prospects SET connected_at = $2 WHERE id = $1", prospect, BASE)
    assert await stop(stage, send, prospect, NOTHING) == "already_connected"
    assert (await became(stage, prospect))[0] == "connected"
    assert (await stage.prospect_row(prospect))["connected_at"] == BASE
    assert await topics(stage) == ["sends.completed", "connections.accepted"]


async def test_a_reply_in_another_campaign_leaves_a_sequence_under_way_to_a_person(stage: Stage) -> None:
    send, prospect = await stage.due(prospect=UNDER_WAY, **FOLLOW_UP)
    assert await stop(stage, send, prospect, UNTOUCHED[1][0]) == "replied"
    assert (await became(stage, prospect))[0] == "messaging"
    assert await topics(stage) == ["sends.completed", "integrity.events"]


async def test_whom_another_send_has_invited_is_given_up(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        other = await builders.an_account(connection, stage.workspace, provider_account_id="acc-free", account_type="free")
    first, _ = await stage.due()
    person = (await stage.send_row(first))["linkedin_user_id"]
    second, prospect = await stage.due(account=other, linkedin_user_id=person)
    await stage.begin(first)
    await stage.settled()
    assert await stop(stage, second, prospect, NOTHING) == "already_invited"
    assert await became(stage, prospect) == ("failed", "stopped", "already_invited")


@pytest.mark.parametrize("status", ["completed", "cancelled"])
async def test_a_campaign_that_is_over_keeps_its_people_as_they_are(stage: Stage, status: str) -> None:
    send, prospect = await stage.due()
    await stage.pool.execute("UPDATE campaigns SET status = $1::campaign_status", status)
    assert await stop(stage, send, prospect, NOTHING) == "campaign_ended"
    assert await became(stage, prospect) == ("pending", None, None)


async def test_already_pending_at_the_provider_never_marks_somebody_as_invited_by_us(stage: Stage) -> None:
    """The fault there once was: the provider said `already pending`, and the prospect counted as sent though nothing of ours had left."""
    send, prospect = await stage.due()
    person = (await stage.send_row(send))["linkedin_user_id"]
    await stage.simulator.lever("/invite-by-hand", account_id="acc-premium", person=person)
    await stage.begin(send)
    await stage.settled()
    row = await stage.prospect_row(prospect)
    assert (row["status"], row["contacted_at"]) == ("failed", None)
    assert (await stage.send_row(send))["status"] == "skipped"
    attempts = await stage.pool.fetch("SELECT state::text FROM send_attempts WHERE send_id = $1 AND action = 'invitation'", send)
    assert [attempt["state"] for attempt in attempts] == ["refused"]
