"""tact queue and tact failed, as an operator types them: nothing changes without --apply, and everything fits 80 columns."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest

from cli.client import Api
from cli.context import Context
from tests.integration.queuer.api_stage import Stage
from tests.integration.queuer.insight.test_failed_desk import an_attempt, failed, status_of
from tests.integration.queuer.insight.test_queue_figures import a_queue
from tests.support.builders import BASE
from tests.support.commands import Said, tact
from tests.support.serving import Served

Tact = Callable[..., Awaitable[Said]]


@pytest.fixture
def run(served_api: Served) -> Tact:
    """Run a command against the test's API; it must end well unless `code` says otherwise."""

    async def command(*words: str, code: int = 0) -> Said:
        said = await tact(*words, env=served_api.env)
        assert said.code == code, said
        if "--json" not in words:
            assert max((len(line) for line in said.out.splitlines()), default=0) <= 80, said.out
        return said

    return command


async def test_the_queue_is_shown_with_its_counts_and_reasons(stage: Stage, pool: asyncpg.Pool, run: Tact) -> None:
    queue = await a_queue(pool, stage)
    await queue.put(2, status="sent", sent_at=BASE - timedelta(minutes=2))
    await queue.put(3, status="pending", scheduled_for=BASE + timedelta(minutes=30))
    await failed(pool, stage, campaign=queue.campaign)
    said = await run("queue", "show")
    assert "2 sent today, 2 in the last hour" in said.out
    assert "1 failed (tact failed list) wait for a person" in " ".join(said.out.split())
    assert "not due" in said.out
    shown = json.loads((await run("queue", "show", "--json", "--workspace", "Ours", "--account", "Ana")).out)
    assert shown["totals"]["pending"] == 3
    refused = await run("queue", "show", "--campaign", "Winter", code=1)
    assert "There is no campaign 'Winter'" in refused.err


async def test_planning_at_once_says_what_it_did(stage: Stage, run: Tact) -> None:
    assert "No prospects to plan" in (await run("queue", "plan")).out
    assert json.loads((await run("queue", "plan", "--json")).out)["planned"] == 0


async def test_what_failed_is_listed_and_shown_with_its_evidence(stage: Stage, pool: asyncpg.Pool, run: Tact) -> None:
    assert "Nothing has failed" in (await run("failed", "list")).out
    send = await failed(pool, stage)
    await an_attempt(pool, send)
    listed = await run("failed", "list", "--reason", "blocked_recipient")
    assert str(send) in listed.out
    assert "The person has blocked the account" in listed.out
    shown = " ".join((await run("failed", "show", str(send))).out.split())
    for part in ("Reach the person another way", "refused", "422", "lookup", "THIRD_DEGREE"):
        assert part in shown
    assert json.loads((await run("failed", "show", str(send), "--json")).out)["attempts"][0]["http_status"] == 422


async def test_retry_and_drop_change_nothing_without_apply_and_are_audited_with_it(stage: Stage, pool: asyncpg.Pool, run: Tact) -> None:
    first, second = await failed(pool, stage), await failed(pool, stage, lead={"opted_out_at": BASE})
    dry = await run("failed", "retry", "--reason", "blocked_recipient")
    assert "Nothing was changed. 1 can be done" in dry.out
    assert (await status_of(pool, first))[0] == (await status_of(pool, second))[0] == "failed"
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE object = 'send'") == 0
    done = json.loads((await run("failed", "retry", str(first), str(second), "--apply", "--json")).out)
    assert [(each["able"], each["result"].split(".")[0]) for each in done["sends"]] == [
        (True, "pending now"),
        (False, "The person asked not to be written to any more"),
    ]
    assert "cancelled now" in (await run("failed", "drop", str(second), "--apply")).out
    assert "cancelled already" in (await run("failed", "drop", str(second), "--apply")).out
    rows = await pool.fetch("SELECT verb, actor FROM audit_log WHERE object = 'send' ORDER BY id")
    assert [row["verb"] for row in rows] == ["reopen", "drop"]
    assert all(row["actor"].startswith("token ") for row in rows)


async def test_a_verb_reaches_all_that_failed_and_not_the_first_page_alone(
    stage: Stage, pool: asyncpg.Pool, run: Tact, monkeypatch: pytest.MonkeyPatch, served_api: Served
) -> None:
    sends = {str(await failed(pool, stage)) for _ in range(3)}
    monkeypatch.setattr("cli.client.PAGE", 2)

    def read() -> set[str]:
        with Api(Context(served_api.url, served_api.token)) as api:
            return {row["id"] for row in api.pages("/api/queue/failed", "sends", reason="blocked_recipient")}

    assert await asyncio.to_thread(read) == sends
    done = json.loads((await run("failed", "drop", "--reason", "blocked_recipient", "--apply", "--json")).out)
    assert {each["id"] for each in done["sends"] if each["able"]} == sends


async def test_a_verb_without_a_choice_or_with_two_is_refused_with_what_to_type(stage: Stage, run: Tact) -> None:
    assert "Say which: tact failed drop ID" in (await run("failed", "drop", "--apply", code=1)).err
    both = await run("failed", "retry", str(stage.ours), "--reason", "x", code=1)
    assert "Give ids or options, not both" in both.err
    unknown = await run("failed", "show", str(stage.ours), code=1)
    assert "There is no send" in unknown.err
