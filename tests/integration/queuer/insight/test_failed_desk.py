"""The failed desk over HTTP: seen with its cause and evidence, retried or dropped once, by those who may, in their workspace."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.integration.queuer.api_stage import Stage
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send, insert, set_clock

BLANK = bytes(32)


async def failed(pool: asyncpg.Pool, stage: Stage, *, error: str = "blocked_recipient", ours: bool = True, **values: Any) -> UUID:
    """A send that failed for good, its prospect given up without having been contacted."""
    workspace = stage.ours if ours else stage.theirs
    async with pool.acquire() as connection:
        await set_clock(connection)
        account = await connection.fetchval("SELECT id FROM accounts WHERE workspace_id = $1 ORDER BY name LIMIT 1", workspace)
        campaign = values.pop("campaign", None) or await a_campaign(connection, workspace, [account], **values.pop("campaign_values", {}))
        prospect_values = {"status": "failed", "error_message": error, **values.pop("prospect", {})}
        lead = await a_lead(connection, workspace, **values.pop("lead", {}))
        prospect = await a_prospect(connection, campaign, lead, **prospect_values)
        return await a_send(connection, prospect, account, status="failed", error_message=error, **values)


async def an_attempt(pool: asyncpg.Pool, send: UUID, *, state: str = "refused") -> None:
    """What the provider answered."""
    row = await pool.fetchrow(
        "SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, linkedin_user_id FROM send_queue WHERE id = $1", send
    )
    assert row is not None
    owners = {name: row[name] for name in ("workspace_id", "campaign_id", "prospect_id", "lead_id", "account_id")}
    async with pool.acquire() as connection:
        await insert(
            connection,
            "send_attempts",
            **owners,
            send_id=send,
            action="invitation",
            state=state,
            owner="a sender",
            dispatch_no=1,
            decided_at=BASE,
            valid_until=BASE,
            act_by=BASE,
            counted_on=BASE.date(),
            answered_at=BASE,
            http_status=422,
            error_type="errors/blocked_recipient",
            error_detail="Unipile answered 422 errors/blocked_recipient.",
        )
        await insert(
            connection,
            "observations",
            workspace_id=row["workspace_id"],
            account_id=row["account_id"],
            kind="profile",
            provider_key=row["linkedin_user_id"],
            person_id=row["linkedin_user_id"],
            source="lookup",
            observed_at=BASE,
            payload={"network_distance": "THIRD_DEGREE"},
        )


async def status_of(pool: asyncpg.Pool, send: UUID) -> tuple[str, str, str]:
    """Send, prospect, and what leaves first."""
    row = await pool.fetchrow(
        """SELECT s.status::text, p.status::text, s.next_action::text
             FROM send_queue s JOIN campaign_prospects p ON p.id = s.prospect_id WHERE s.id = $1""",
        send,
    )
    assert row is not None
    return tuple(row)


def body(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The answer's body, its status checked."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_failed_send_is_shown_with_its_cause_in_words_and_the_evidence(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    await an_attempt(pool, send)
    async with stage.client(stage.viewer) as client:
        [listed] = body(await client.get("/api/queue/failed"))["sends"]
        found = body(await client.get(f"/api/queue/failed/{send}"))
    assert listed == found["send"]
    assert (listed["id"], listed["error_message"]) == (str(send), "blocked_recipient")
    assert listed["cause"] == {
        "code": "blocked_recipient",
        "meaning": "The person has blocked the account, or is blocked by it.",
        "to_do": "Reach the person another way, and drop this send.",
    }
    [attempt] = found["attempts"]
    assert (attempt["state"], attempt["http_status"], attempt["error_type"]) == ("refused", 422, "errors/blocked_recipient")
    assert attempt["error_detail"].startswith("Unipile answered 422")
    assert [seen["payload"] for seen in found["observations"]] == [{"network_distance": "THIRD_DEGREE"}]


async def test_a_retry_reopens_send_and_prospect_once_however_often_it_is_pressed(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    await an_attempt(pool, send)
    async with stage.client(stage.operator) as client:
        answers = await asyncio.gather(*(client.post(f"/api/queue/failed/{send}/retry") for _ in range(4)))
        listed = body(await client.get("/api/queue/failed"))["sends"]
        history = body(await client.get(f"/api/queue/failed/{send}"))["history"]
    assert sorted(body(answer)["changed"] for answer in answers) == [False, False, False, True]
    assert listed == []
    assert await status_of(pool, send) == ("pending", "pending", "invitation")
    [deed] = history
    assert (deed["verb"], deed["details"]) == ("reopen", {"reason": "retry", "was": "failed", "error": "blocked_recipient"})
    assert deed["actor"].startswith("token ")
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 1
    assert await pool.fetchval("SELECT wake_at <= business_now() FROM accounts WHERE id = (SELECT account_id FROM send_queue)")


async def test_a_person_who_may_be_somebody_else_is_looked_up_again_first(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage, error="another_person")
    async with stage.client(stage.operator) as client:
        body(await client.post(f"/api/queue/failed/{send}/retry"))
    assert await status_of(pool, send) == ("pending", "pending", "profile_lookup")


async def test_a_dropped_send_leaves_the_desk_and_stays_audited(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    async with stage.client(stage.operator) as client:
        answers = [body(await client.post(f"/api/queue/failed/{send}/drop"))["changed"] for _ in range(2)]
        assert body(await client.get("/api/queue/failed"))["sends"] == []
        found = body(await client.get(f"/api/queue/failed/{send}"))
        refused = body(await client.post(f"/api/queue/failed/{send}/retry"), 409)
    assert answers == [True, False]
    assert (found["send"]["status"], found["send"]["error_message"]) == ("cancelled", "blocked_recipient")
    assert [(deed["verb"], deed["details"]["error"]) for deed in found["history"]] == [("drop", "blocked_recipient")]
    assert refused["error"]["details"] == {"status": "cancelled"}
    assert await status_of(pool, send) == ("cancelled", "failed", "invitation")


@pytest.mark.parametrize(
    ("values", "because"),
    [
        ({"lead": {"opted_out_at": BASE}}, "asked not to be written to"),
        ({"lead": {"last_reply_at": BASE}}, "has replied"),
        ({"campaign_values": {"status": "completed"}}, "completed or cancelled"),
        ({"prospect": {"status": "completed", "contacted_at": BASE}}, "sequence is finished"),
    ],
)
async def test_a_retry_that_could_lead_to_nothing_is_refused_with_the_reason(
    stage: Stage, pool: asyncpg.Pool, values: dict[str, Any], because: str
) -> None:
    send = await failed(pool, stage, **values)
    async with stage.client(stage.operator) as client:
        error = body(await client.post(f"/api/queue/failed/{send}/retry"), 409)["error"]
    assert error["code"] == "not_retryable"
    assert because in error["message"]
    assert (await status_of(pool, send))[0] == "failed"
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE object = 'send'") == 0


async def test_nothing_is_retried_that_has_left_or_may_have_left(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    await an_attempt(pool, send, state="unknown")
    async with stage.client(stage.operator) as client:
        error = body(await client.post(f"/api/queue/failed/{send}/retry"), 409)["error"]
    assert "may have left" in error["message"]


async def test_a_lead_on_the_way_elsewhere_is_not_taken_into_two_campaigns(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    async with pool.acquire() as connection:
        row = await connection.fetchrow("SELECT lead_id, account_id FROM send_queue WHERE id = $1", send)
        assert row is not None
        await a_prospect(
            connection, await a_campaign(connection, stage.ours, [row["account_id"]], campaign_name="Elsewhere"), row["lead_id"]
        )
    async with stage.client(stage.operator) as client:
        error = body(await client.post(f"/api/queue/failed/{send}/retry"), 409)["error"]
    assert "'Elsewhere'" in error["message"]


async def test_every_send_that_failed_is_listed_whatever_it_was_and_however_its_campaign_stands(stage: Stage, pool: asyncpg.Pool) -> None:
    touched = {"status": "connection_request_sent", "contacted_at": BASE}
    await failed(pool, stage, next_action="profile_lookup", error="another_person")
    await failed(
        pool, stage, action="withdrawal", next_action="withdrawal", message_type="withdrawal", step_position=1000, prospect=touched
    )
    await failed(pool, stage, action="message", next_action="message", prospect={"status": "completed", "contacted_at": BASE})
    await failed(pool, stage, error="firstName has no value and no default.", message_sha256=BLANK)
    for status in ("draft", "paused", "completed", "cancelled"):
        await failed(pool, stage, campaign_values={"status": status})
    await pool.execute("UPDATE accounts SET status = 'disconnected'")
    async with stage.client(stage.viewer) as client:
        listed = {send["id"] for send in body(await client.get("/api/queue/failed"))["sends"]}
    assert listed == {str(row["id"]) for row in await pool.fetch("SELECT id FROM send_queue WHERE status = 'failed'")}
    assert len(listed) == 8


async def test_pages_and_filters_show_each_failed_send_once(stage: Stage, pool: asyncpg.Pool) -> None:
    first = await failed(pool, stage)
    campaign = await pool.fetchval("SELECT campaign_id FROM send_queue WHERE id = $1", first)
    sends = {first} | {await failed(pool, stage, campaign=campaign) for _ in range(4)}
    wordless = await failed(pool, stage, error="firstName has no value and no default.", message_sha256=BLANK)
    seen: list[str] = []
    async with stage.client(stage.viewer) as client:
        asked = {"limit": "2", "campaign_id": str(campaign)}
        while True:
            page = body(await client.get("/api/queue/failed", params=asked))
            seen += [send["id"] for send in page["sends"]]
            if page["next"] is None:
                break
            asked["after"] = page["next"]
        no_words = body(await client.get("/api/queue/failed", params={"reason": "no_words"}))["sends"]
        none = body(await client.get("/api/queue/failed", params={"reason": "user_unreachable"}))["sends"]
        for wrong in ("x", "2026-03-10T00:00:00_1", f"2026-03-10T00:00:00_{first}", f"0001-01-01T00:00:00+23:59_{first}"):
            assert body(await client.get("/api/queue/failed", params={"after": wrong}), 422)["error"]["code"] == "wrong_page"
    assert sorted(seen) == sorted(map(str, sends))
    assert [send["id"] for send in no_words] == [str(wordless)]
    assert none == []


async def test_another_workspace_sees_and_moves_nothing_and_a_viewer_only_looks(stage: Stage, pool: asyncpg.Pool) -> None:
    send = await failed(pool, stage)
    await an_attempt(pool, send)
    at = f"/api/queue/failed/{send}"
    async with stage.client(stage.foreign) as client:
        assert body(await client.get("/api/queue/failed"))["sends"] == []
        for answer in (await client.get(at), await client.post(f"{at}/retry"), await client.post(f"{at}/drop")):
            assert body(answer, 404)["error"]["code"] == "not_found"
        body(await client.get("/api/queue/failed", params={"workspace_id": str(stage.ours)}), 404)
    async with stage.client(stage.viewer) as client:
        for verb in ("retry", "drop"):
            assert body(await client.post(f"{at}/{verb}"), 403)["error"]["code"] == "forbidden"
    async with stage.client(stage.platform) as client:
        assert [each["id"] for each in body(await client.get("/api/queue/failed"))["sends"]] == [str(send)]
    assert (await status_of(pool, send))[0] == "failed"
