"""Limits over HTTP: what may be set by whom, what holds then, and what the audit log keeps."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.integration.queuer.api_stage import Stage


async def account(queuer: asyncpg.Pool, name: str = "acc-ana") -> UUID:
    found: UUID = await queuer.fetchval("SELECT id FROM accounts WHERE provider_account_id = $1", name)
    return found


async def patch(stage: Stage, token: str, path: str, body: dict[str, Any], method: str = "PATCH") -> tuple[int, Any]:
    async with stage.client(token) as client:
        answer = await client.request(method, path, json=body)
        return answer.status_code, answer.json()


async def test_a_new_account_warms_up_from_its_own_day_on_unless_somebody_says_otherwise(stage: Stage, queuer: asyncpg.Pool) -> None:
    now: datetime = await queuer.fetchval("SELECT business_now()")
    new: dict[str, Any] = {"provider_account_id": "acc-new", "name": "New", "account_type": "premium", "timezone": "Europe/Berlin"}
    async with stage.client(stage.operator) as client:
        made = (await client.post("/api/accounts", json=new)).json()["account"]
        limits = (await client.get(f"/api/accounts/{made['id']}/limits")).json()["limits"]
    assert date.fromisoformat(limits["warm_up_from"]) == now.astimezone(ZoneInfo("Europe/Berlin")).date()
    assert (limits["caps"]["invitation"], limits["today"]["invitation"], limits["warm_up_percent"]) == (40, 8, 20)
    new = {"provider_account_id": "acc-old", "name": "Old", "account_type": "premium", "warm_up": False}
    async with stage.client(stage.operator) as client:
        made = (await client.post("/api/accounts", json=new)).json()["account"]
        limits = (await client.get(f"/api/accounts/{made['id']}/limits")).json()["limits"]
    assert (limits["warm_up_from"], limits["today"]) == (None, limits["caps"])


async def test_numbers_of_the_workspace_hold_for_its_accounts_and_an_accounts_own_speak_before_them(
    stage: Stage, queuer: asyncpg.Pool
) -> None:
    ana, bo = await account(queuer), await account(queuer, "acc-bo")
    status, told = await patch(
        stage, stage.operator, f"/api/workspaces/{stage.ours}/limits", {"weekly_cr_limit": 80, "daily_message_limit": 50}
    )
    assert (status, told["changed"]) == (200, True)
    status, told = await patch(stage, stage.operator, f"/api/accounts/{ana}/limits", {"weekly_cr_limit": 60})
    assert (status, told["limits"]["weekly_invitations"], told["limits"]["caps"]["message"]) == (200, 60, 50)
    async with stage.client(stage.viewer) as client:
        other = (await client.get(f"/api/accounts/{bo}/limits")).json()["limits"]
    assert (other["weekly_invitations"], other["caps"]["message"]) == (80, 50)
    status, told = await patch(stage, stage.operator, f"/api/accounts/{ana}/limits", {"weekly_cr_limit": None})
    assert told["limits"]["weekly_invitations"] == 80
    status, told = await patch(stage, stage.operator, f"/api/accounts/{ana}/limits", {"weekly_cr_limit": None})
    assert (status, told["changed"]) == (200, False)
    lines = await queuer.fetch("SELECT object, details FROM audit_log WHERE verb = 'limits' ORDER BY id")
    assert [line["object"] for line in lines] == ["workspace", "account", "account"]
    assert lines[1]["details"]["weekly_cr_limit"] == {"was": None, "is": 60}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"weekly_cr_limit": 201}, 422, "200"),
        ({"daily_cr_limit": 0}, 422, "1"),
        ({"daily_cr_limit": 51}, 422, "tact account exception"),
        ({"warm_up_from": "2999-01-01"}, 422, "check the year"),
        ({"daily_tweets": 5}, 422, "daily_tweets"),
    ],
)
async def test_what_nobody_may_set_is_refused_with_what_to_write(
    stage: Stage, queuer: asyncpg.Pool, body: dict[str, Any], status: int, word: str
) -> None:
    got, told = await patch(stage, stage.operator, f"/api/accounts/{await account(queuer)}/limits", body)
    assert got == status
    assert word in str(told)
    assert await queuer.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'limits'") == 0


async def test_an_exception_is_written_by_the_platform_with_who_and_why_and_then_holds(stage: Stage, queuer: asyncpg.Pool) -> None:
    ana = await account(queuer)
    path = f"/api/accounts/{ana}/exception"
    body = {"most": 70, "by": "Ada Head of Ops", "reason": "ten years old, 9,000 connections"}
    async with stage.client(stage.foreign) as client:
        assert (await client.put(path, json=body)).status_code == 403
    async with stage.client(stage.platform) as client:
        assert (await client.put(path, json=body | {"reason": " "})).status_code == 422
        assert (await client.put(path, json=body | {"most": 101})).status_code == 422
        told = (await client.put(path, json=body)).json()
        again = (await client.put(path, json=body)).json()
    assert (told["changed"], again["changed"], told["limits"]["most_invitations"]) == (True, False, 70)
    status, told = await patch(stage, stage.operator, f"/api/accounts/{ana}/limits", {"daily_cr_limit": 65})
    assert (status, told["limits"]["caps"]["invitation"]) == (200, 65)
    line = await queuer.fetchrow("SELECT details FROM audit_log WHERE verb = 'exception'")
    assert line is not None
    assert (line["details"]["by"], line["details"]["is"]) == ("Ada Head of Ops", 70)
    status, told = await patch(stage, stage.platform, path, body | {"most": None}, "PUT")
    assert (told["limits"]["cr_exception_by"], told["limits"]["caps"]["invitation"]) == (None, 50)


async def test_a_tier_is_set_by_the_platform_alone_and_only_one_that_there_is(stage: Stage, queuer: asyncpg.Pool) -> None:
    path = f"/api/workspaces/{stage.ours}/limits"
    assert (await patch(stage, stage.operator, path, {"tier": "growth"}))[0] == 403
    status, told = await patch(stage, stage.platform, path, {"tier": "gold"})
    assert (status, "standard, growth, enterprise" in told["error"]["message"]) == (422, True)
    assert (await patch(stage, stage.platform, path, {"tier": "growth"}))[1]["changed"] is True
    async with stage.client(stage.viewer) as client:
        limits = (await client.get(f"/api/accounts/{await account(queuer)}/limits")).json()["limits"]
    assert (limits["caps"]["invitation"], limits["weekly_invitations"]) == (50, 150)


async def test_another_workspaces_account_is_not_there(stage: Stage, queuer: asyncpg.Pool) -> None:
    zoe = await account(queuer, "acc-zoe")
    assert (await patch(stage, stage.operator, f"/api/accounts/{zoe}/limits", {"daily_cr_limit": 5}))[0] == 404
    assert (await patch(stage, stage.operator, f"/api/workspaces/{stage.theirs}/limits", {"daily_cr_limit": 5}))[0] == 404
    assert (await patch(stage, stage.platform, f"/api/workspaces/{uuid4()}/limits", {"daily_cr_limit": 5}))[0] == 404


async def test_lanes_that_a_cap_had_closed_are_asked_again_by_the_new_one(stage: Stage, queuer: asyncpg.Pool) -> None:
    ana = await account(queuer)
    campaign = await queuer.fetchval(
        "INSERT INTO campaigns (workspace_id, campaign_name, campaign_type) VALUES ($1, 'One', 'connector') RETURNING id", stage.ours
    )
    await queuer.execute(
        """INSERT INTO lanes (account_id, campaign_id, action, closed_until, reason)
           VALUES ($1, $2, 'invitation', '2099-01-01', 'warm_up'), ($1, $2, 'message', '2099-01-01', 'hours')""",
        ana,
        campaign,
    )
    await patch(stage, stage.operator, f"/api/accounts/{ana}/limits", {"daily_cr_limit": 30})
    closed = await queuer.fetch("SELECT action FROM lanes WHERE account_id = $1 AND closed_until IS NOT NULL", ana)
    assert [row["action"] for row in closed] == ["message"]


@pytest.mark.parametrize(
    "change",
    [
        "weekly_cr_limit = 201",
        "daily_message_limit = 151",
        "daily_lookup_limit = 101",
        "daily_email_limit = 501",
        "cr_exception = 101, cr_exception_by = 'a', cr_exception_reason = 'b', cr_exception_at = now()",
        "cr_exception = 60",
        "cr_exception = 60, cr_exception_by = 'a', cr_exception_reason = ' ', cr_exception_at = now()",
    ],
)
async def test_the_database_holds_the_clamps_whatever_a_service_writes(stage: Stage, queuer: asyncpg.Pool, change: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await queuer.execute(f"UPDATE accounts SET {change} WHERE workspace_id = $1", stage.ours)  # noqa: S608 - the cases above
