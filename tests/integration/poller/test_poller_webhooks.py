"""The webhook endpoint as the provider meets it: over HTTP, repeated, reordered, late, forged and broken."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from tests.integration.poller.poller_stage import SECRET, Enrolled, Stage

HEADERS = {"Unipile-Auth": SECRET, "Content-Type": "application/x-www-form-urlencoded"}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def relation(stage: Stage, one: Enrolled, **more: object) -> dict[str, Any]:
    """`new_relation` as Unipile sends it."""
    return {
        "event": "new_relation",
        "account_id": stage.provider_account_id,
        "account_type": "LINKEDIN",
        "user_provider_id": one.person_id,
        "user_public_identifier": one.vanity,
    } | more


def message(stage: Stage, one: Enrolled, text: str, at: datetime, *, message_id: str = "m-1", own: bool = False) -> dict[str, Any]:
    """`message_received` as Unipile sends it, for both directions."""
    them, us = {"attendee_provider_id": one.person_id}, {"attendee_provider_id": stage.member_id}
    return {
        "event": "message_received",
        "account_id": stage.provider_account_id,
        "account_info": {"user_id": stage.member_id},
        "chat_id": "chat-1",
        "message_id": message_id,
        "message": text,
        "timestamp": _moment(at),
        "sender": us if own else them,
        "attendees": [them, us],
    }


async def deliver(poller: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    """One delivery that must be acknowledged."""
    answer = await poller.post("/webhooks/unipile", content=orjson.dumps(body), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("headers", [{}, {"Unipile-Auth": "wrong"}, {"Unipile-Auth": SECRET + "x"}])
async def test_a_wrong_secret_is_refused_and_nothing_is_stored(poller: httpx.AsyncClient, stage: Stage, headers: dict[str, str]) -> None:
    one = await stage.enrol()
    answer = await poller.post("/webhooks/unipile", content=orjson.dumps(relation(stage, one)), headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "wrong_secret"
    assert await stage.observations("relation") == []


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[]", b'{"event": "new_relation"}', b'{"hello": 1}', b"{" * 2_000_000])
async def test_garbage_is_refused_with_a_sentence(poller: httpx.AsyncClient, body: bytes) -> None:
    answer = await poller.post("/webhooks/unipile", content=body, headers=HEADERS)
    assert answer.status_code == 400
    told = answer.json()
    assert told["success"] is False
    assert told["error"]["code"] == "unreadable_webhook"
    assert told["request_id"]


async def test_a_delivery_while_the_database_is_away_is_to_be_made_again_and_is_no_mistake_of_ours(
    poller: httpx.AsyncClient, poller_pool: asyncpg.Pool, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    one = await stage.enrol()
    await poller_pool.close()
    answer = await poller.post("/webhooks/unipile", content=orjson.dumps(relation(stage, one)), headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "Exception in ASGI application" not in caplog.text


async def test_a_delivery_about_an_account_that_is_none_of_ours_is_acknowledged(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol()
    assert (await deliver(poller, relation(stage, one, account_id="someone-elses")))["kind"] == "unknown_account"
    assert await stage.status(one) == "connection_request_sent"


async def test_an_event_that_says_nothing_to_us_is_acknowledged(poller: httpx.AsyncClient) -> None:
    assert (await deliver(poller, {"event": "message_read", "account_id": "a"}))["kind"] == "ignored"


async def test_an_acceptance_connects_the_prospect_once_however_often_it_comes(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol()
    await asyncio.gather(*(deliver(poller, relation(stage, one)) for _ in range(8)))
    prospect = await stage.prospect(one)
    assert prospect["status"] == "connected"
    assert prospect["connected_at"] is not None
    events = await stage.events("connections.accepted")
    assert [event["prospect_id"] for event in events] == [str(one.prospect_id)]
    assert events[0]["seen_by"] == "webhook"
    assert len(await stage.observations("relation")) == 1
    assert await stage.owner.fetchval("SELECT connected_at IS NOT NULL FROM recipients WHERE lead_id = $1", one.lead_id)


async def test_a_reply_stops_the_lead_once_however_often_it_comes(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    body = message(stage, one, "Let us talk on Tuesday", await stage.now())
    await asyncio.gather(*(deliver(poller, body) for _ in range(8)))
    assert await stage.status(one) == "replied"
    assert [event["kind"] for event in await stage.events("replies.received")] == ["human"]
    assert await stage.owner.fetchval("SELECT last_reply_at IS NOT NULL FROM leads WHERE id = $1", one.lead_id)


async def test_a_reply_that_comes_before_its_acceptance_ends_the_same(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol()
    await deliver(poller, message(stage, one, "Yes, gladly", await stage.now()))
    await deliver(poller, relation(stage, one))
    prospect = await stage.prospect(one)
    assert prospect["status"] == "replied"
    assert prospect["connected_at"] is not None
    assert await stage.events("connections.accepted") == []


async def test_a_reply_that_is_hours_late_still_stops_the_lead(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol("completed", contacted=timedelta(days=20))
    await deliver(poller, message(stage, one, "Sorry for the wait", await stage.now() - timedelta(hours=9)))
    assert await stage.status(one) == "replied"


async def test_an_older_reply_that_comes_later_does_not_turn_the_last_reply_back(poller: httpx.AsyncClient, stage: Stage) -> None:
    one, now = await stage.enrol("messaging"), await stage.now()
    await deliver(poller, message(stage, one, "And another thing", now, message_id="m-2"))
    await deliver(poller, message(stage, one, "Hello", now - timedelta(hours=3), message_id="m-1"))
    last = await stage.owner.fetchval("SELECT last_reply_at FROM leads WHERE id = $1", one.lead_id)
    assert abs(last - now) < timedelta(seconds=1)
    assert len(await stage.events("replies.received")) == 2


async def test_our_own_message_is_evidence_and_never_a_reply(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol("messaging")
    await deliver(poller, message(stage, one, "Following up", await stage.now(), own=True))
    assert await stage.status(one) == "messaging"
    assert await stage.events("replies.received") == []
    (kept,) = await stage.observations("message")
    assert kept["payload"]["is_sender"] is True
    assert kept["payload"]["text"] == "Following up"
    assert kept["person_id"] == one.person_id


async def test_our_own_message_is_told_by_its_member_when_nothing_else_says_so(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol("messaging", person_id=stage.member_id)
    body = message(stage, one, "A note to myself", await stage.now(), own=True)
    del body["account_info"]
    await deliver(poller, body)
    assert await stage.status(one) == "messaging"
    assert await stage.events("replies.received") == []


async def test_what_a_stranger_writes_is_noted_without_its_words(poller: httpx.AsyncClient, stage: Stage) -> None:
    one = await stage.enrol()
    body = message(stage, one, "Dinner tonight?", await stage.now())
    body["sender"] = {"attendee_provider_id": "ACoAAStranger01"}
    await deliver(poller, body)
    assert await stage.status(one) == "connection_request_sent"
    (kept,) = await stage.observations("message")
    assert kept["payload"]["text"] is None


async def test_a_disconnected_account_stops_and_comes_back(poller: httpx.AsyncClient, stage: Stage) -> None:
    for word in ("CREDENTIALS", "CREDENTIALS", "SOMETHING_NEW", "OK", "SYNC_SUCCESS"):
        await deliver(poller, {"AccountStatus": {"account_id": stage.provider_account_id, "account_type": "LINKEDIN", "message": word}})
    events = await stage.events("accounts.status")
    assert [(event["status"], event["version"]) for event in events] == [("disconnected", 1), ("usable", 2)]
    assert await stage.owner.fetchval("SELECT count(*) FROM account_reads WHERE kind = 'status' AND next_at <= business_now()") == 1


async def test_an_account_that_a_person_paused_stays_paused(poller: httpx.AsyncClient, stage: Stage) -> None:
    await stage.owner.execute("UPDATE accounts SET status = 'paused' WHERE id = $1", stage.account_id)
    for word in ("CREDENTIALS", "OK"):
        await deliver(poller, {"AccountStatus": {"account_id": stage.provider_account_id, "message": word}})
    assert await stage.owner.fetchval("SELECT status FROM accounts WHERE id = $1", stage.account_id) == "paused"
    assert await stage.events("accounts.status") == []


@pytest.mark.parametrize("path", ["/api/cron/poll-accepted-connections", "/api/cron/poll-message-replies"])
async def test_the_cron_routes_let_nobody_in_without_the_secret(poller: httpx.AsyncClient, path: str) -> None:
    answer = await poller.post(path, headers={"x-cron-secret": "wrong"})
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
