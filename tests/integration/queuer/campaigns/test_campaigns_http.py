"""Campaigns over HTTP: made, seen, changed, started, by those who may."""

from typing import Any

import asyncpg
import httpx
import pytest

from services.queuer.store.accounts.tokens import list_tokens
from services.queuer.workflows.accounts.tokens import create_token, revoke_token
from shared.contracts.routes import Target, find_target
from tests.integration.queuer.api_stage import Stage

TEMPLATES = {
    "connection_request": "Hi {firstName|there}",
    "direct_message_1": "Thanks {{firstName|there}}!",
    "follow_up_1": "Again, {company|you}",
}


def connector(**changes: Any) -> dict[str, Any]:
    """The body of a campaign that could start."""
    return {
        "campaign_name": "Autumn",
        "campaign_type": "connector",
        "message_templates": TEMPLATES,
        "accounts": ["acc-ana", "acc-bo"],
        **changes,
    }


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/campaigns", json=connector(**changes))
    assert answer.status_code in {200, 201}, answer.text
    campaign: dict[str, Any] = answer.json()["campaign"]
    return campaign


def refusal(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The house's error body, checked."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["success"] is False
    assert body["request_id"] == answer.headers["x-request-id"]
    error: dict[str, Any] = body["error"]
    assert error["message"].endswith(".")
    return error


async def test_a_campaign_is_made_once_however_often_it_is_sent(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        first = await client.post("/api/campaigns", json=connector())
        second = await client.post("/api/campaigns", json=connector())
        listed = (await client.get("/api/campaigns")).json()["campaigns"]
    assert (first.status_code, second.status_code) == (201, 200)
    campaign = first.json()["campaign"]
    assert campaign == second.json()["campaign"]
    assert campaign["status"] == "draft"
    assert [step["message_type"] for step in campaign["steps"]] == ["connection_request", "direct_message_1", "follow_up_1"]
    assert [step["delay_hours"] for step in campaign["steps"]] == [0, 72, 72]
    assert [step["requires_connection"] for step in campaign["steps"]] == [False, True, True]
    assert [account["provider_account_id"] for account in campaign["accounts"]] == ["acc-ana", "acc-bo"]
    assert [each["id"] for each in listed] == [campaign["id"]]


async def test_the_same_name_with_other_words_is_a_conflict_that_says_what_differs(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        await made(client)
        error = refusal(await client.post("/api/campaigns", json=connector(on_missing="skip", accounts=["acc-ana"])), 409)
    assert error["details"]["differs"] == ["accounts", "on_missing"]


async def test_start_pause_and_resume_may_be_pressed_any_number_of_times(stage: Stage, pool: asyncpg.Pool) -> None:
    async with stage.client(stage.operator) as client:
        at = f"/api/campaigns/{(await made(client))['id']}"
        seen = []
        for verb in ("pause", "start", "start", "pause", "pause", "resume", "resume", "start"):
            answer = (await client.post(f"{at}/{verb}")).json()
            seen.append((verb, answer["campaign"]["status"], answer["changed"]))
        by_body = await client.post("/api/campaigns/direct/send-connection-requests-fast", json={"campaign_id": at.rsplit("/", 1)[1]})
        campaign = (await client.get(at)).json()["campaign"]
    assert seen == [
        ("pause", "draft", False),
        ("start", "running", True),
        ("start", "running", False),
        ("pause", "paused", True),
        ("pause", "paused", False),
        ("resume", "running", True),
        ("resume", "running", False),
        ("start", "running", False),
    ]
    assert by_body.json()["changed"] is False
    assert campaign["actual_started_at"] <= campaign["paused_at"] <= campaign["resumed_at"]
    assert await pool.fetchval("SELECT count(*) FROM accounts WHERE wake_at IS NOT NULL") == 2
    assert [row["verb"] for row in await pool.fetch("SELECT verb FROM audit_log WHERE object = 'campaign' ORDER BY id")] == [
        "create",
        "start",
        "pause",
        "resume",
    ]


async def test_the_older_routes_are_gone_and_name_the_new_one(stage: Stage) -> None:
    async with stage.client(None) as client:
        for name in ("send-connection-requests", "send-connection-requests-queued"):
            error = refusal(await client.post(f"/api/campaigns/direct/{name}", json={"anything": 1}), 410)
            assert "send-connection-requests-fast" in error["message"]


async def test_without_a_token_or_with_a_wrong_one_nobody_gets_in(stage: Stage) -> None:
    for token in (None, "tact_wrong", "ünknown"):
        async with stage.client(token) as client:
            assert refusal(await client.get("/api/campaigns"), 401)["code"] == "unauthorized"


async def test_a_viewer_looks_and_changes_nothing(stage: Stage) -> None:
    async with stage.client(stage.operator) as operator, stage.client(stage.viewer) as viewer:
        at = f"/api/campaigns/{(await made(operator))['id']}"
        assert (await viewer.get(at)).status_code == 200
        for answer in (
            await viewer.post("/api/campaigns", json=connector(campaign_name="Other")),
            await viewer.patch(at, json={"on_missing": "skip"}),
            await viewer.post(f"{at}/start"),
            await viewer.post(f"{at}/import", content=b"x"),
            await viewer.post(f"{at}/approve"),
            await viewer.post("/api/accounts", json={"provider_account_id": "a", "name": "b"}),
        ):
            assert refusal(answer, 403)["code"] == "forbidden"


async def test_another_workspace_sees_and_moves_nothing_of_ours(stage: Stage) -> None:
    async with stage.client(stage.operator) as ours, stage.client(stage.foreign) as theirs:
        campaign_id = (await made(ours))["id"]
        at = f"/api/campaigns/{campaign_id}"
        account_id = (await ours.get("/api/accounts")).json()["accounts"][0]["id"]
        for answer in (
            await theirs.get(at),
            await theirs.patch(at, json={"campaign_name": "Mine now"}),
            await theirs.post(f"{at}/start"),
            await theirs.post(f"{at}/cancel"),
            await theirs.post(f"{at}/import", content=b"First Name,URL\nA,https://www.linkedin.com/in/a-b\n"),
            await theirs.post(f"{at}/approve"),
            await theirs.post("/api/campaigns/direct/send-connection-requests-fast", json={"campaign_id": campaign_id}),
            await theirs.post(f"/api/accounts/{account_id}/pause"),
            await theirs.post("/api/campaigns", json=connector(workspace_id=str(stage.ours))),
        ):
            refusal(answer, 404)
        assert (await theirs.get("/api/campaigns")).json()["campaigns"] == []
        assert [w["company_name"] for w in (await theirs.get("/api/workspaces")).json()["workspaces"]] == ["Theirs"]
        assert [a["provider_account_id"] for a in (await theirs.get("/api/accounts")).json()["accounts"]] == ["acc-zoe"]
        assert "acc-ana" not in refusal(await theirs.post("/api/campaigns", json=connector()), 422)["message"].partition("there are")[2]


async def test_an_operator_of_the_platform_sees_all_and_names_the_workspace(stage: Stage) -> None:
    async with stage.client(stage.platform) as client:
        assert refusal(await client.post("/api/campaigns", json=connector()), 422)["code"] == "workspace_missing"
        await made(client, workspace_id=str(stage.ours))
        assert [w["company_name"] for w in (await client.get("/api/workspaces")).json()["workspaces"]] == ["Ours", "Theirs"]
        first = (await client.get("/api/workspaces", params={"limit": 1})).json()
        assert [w["company_name"] for w in (await client.get("/api/workspaces", params={"after": first["next"]})).json()["workspaces"]] == [
            "Theirs"
        ]


async def test_a_revoked_token_opens_nothing_once_it_is_forgotten(stage: Stage, queuer: asyncpg.Pool) -> None:
    new = await create_token(queuer, workspace_id=stage.ours, role=(await list_tokens(queuer))[0].role, name="short lived")
    assert await revoke_token(queuer, new.id)
    assert not await revoke_token(queuer, new.id)
    async with stage.client(new.token) as client:
        refusal(await client.get("/api/campaigns"), 401)


async def test_an_unknown_campaign_is_not_found(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        nobody = "/api/campaigns/6b0f3a52-5d0e-4f0c-9a57-2f6c1b1d7ac1"
        for answer in (await client.get(nobody), await client.post(f"{nobody}/start"), await client.patch(nobody, json={})):
            assert refusal(answer, 404)["code"] == "unknown_campaign"


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"schedule_settings": {"working_hours_start": "19:00"}}, "schedule", "Working hours end at 18:00"),
        ({"schedule_settings": {"timezone": "Europe/Berln"}}, "schedule", "did you mean Europe/Berlin"),
        ({"message_templates": {"connection_request": "Hi {firstNme}"}}, "template", "Character 4"),
        ({"message_templates": {"connection_request": "Hi {firstName"}}, "template", "no closing partner"),
        ({"message_templates": {"connection_request": "x" * 301}}, "too_long", "301 characters"),
        ({"message_templates": {"invite": "Hi"}}, "refused", "no message type"),
        ({"message_templates": {"email_1": "Hi"}}, "refused", "has no email_1"),
        ({"accounts": ["acc-nobody"]}, "unknown_account", "no account 'acc-nobody' in this workspace; there are acc-"),
        ({"accounts": ["acc-zoe"]}, "unknown_account", "no account 'acc-zoe'"),
        ({"accounts": ["acc-ana", "Ana"]}, "account_twice", "named twice"),
        ({"step_delays": {"follow_up_7": 1}}, "refused", "which has no template"),
        ({"turn_length": 0}, "refused", "write 1 to 100"),
        ({"campaign_name": "  "}, "refused", "campaign_name is empty"),
        ({"campaign_name": "a\nb"}, "refused", "line break"),
        ({"steps": [{"message_type": "connection_request", "template": ""}]}, "refused", "not both"),
    ],
)
async def test_a_campaign_that_cannot_be_is_refused_with_what_to_do(stage: Stage, changes: dict[str, Any], code: str, says: str) -> None:
    async with stage.client(stage.operator) as client:
        error = refusal(await client.post("/api/campaigns", json=connector(**changes)), 422)
        assert (await client.get("/api/campaigns")).json()["campaigns"] == []
    assert error["code"] == code
    assert says in error["message"]


async def test_a_field_nobody_knows_is_refused_by_name(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        error = refusal(await client.post("/api/campaigns", json=connector(templates={})), 422)
    assert {"where": "body.templates", "message": "Extra inputs are not permitted"} in error["details"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"message_templates": {}}, "no_steps"),
        ({"message_templates": {"follow_up_1": "Hi"}}, "no_first_step"),
        ({"campaign_type": "messenger", "message_templates": {"follow_up_1": "Hi"}}, "no_first_step"),
        ({"accounts": []}, "no_accounts"),
        ({"campaign_type": "outreach", "message_templates": {"email_1": "Hi"}, "accounts": []}, "email_not_yet"),
    ],
)
async def test_what_could_not_say_its_first_word_is_not_started(stage: Stage, changes: dict[str, Any], code: str) -> None:
    async with stage.client(stage.operator) as client:
        at = f"/api/campaigns/{(await made(client, **changes))['id']}"
        assert refusal(await client.post(f"{at}/start"), 422)["code"] == code
        assert (await client.get(at)).json()["campaign"]["status"] == "draft"
        assert refusal(await client.post(f"{at}/resume"), 409)["code"] == "wrong_status"


async def test_what_is_over_stays_over(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        at = f"/api/campaigns/{(await made(client))['id']}"
        refusal(await client.post(f"{at}/complete"), 409)
        assert [(await client.post(f"{at}/cancel")).json()["changed"] for _ in range(2)] == [True, False]
        for answer in (
            await client.post(f"{at}/start"),
            await client.post(f"{at}/complete"),
            await client.patch(at, json={"on_missing": "skip"}),
        ):
            assert refusal(answer, 409)["code"] == "wrong_status"


async def test_accounts_are_added_once_and_paused_by_hand(stage: Stage, pool: asyncpg.Pool) -> None:
    body = {"provider_account_id": "acc-new", "name": "New", "account_type": "free", "country": "SA", "timezone": "Asia/Riyadh"}
    async with stage.client(stage.operator) as client:
        answers = [await client.post("/api/accounts", json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        at = f"/api/accounts/{answers[0].json()['account']['id']}"
        pressed = [(await client.post(f"{at}/{verb}")).json() for verb in ("resume", "pause", "pause", "resume", "resume")]
        refusal(await client.post("/api/accounts", json={**body, "name": "Newer"}), 409)
        refusal(await client.post("/api/accounts", json={**body, "provider_account_id": "acc-zoe"}), 409)
        refusal(await client.post("/api/accounts", json={**body, "timezone": "Asia/Riad"}), 422)
    assert [(each["account"]["status"], each["changed"]) for each in pressed] == [
        ("usable", False),
        ("paused", True),
        ("paused", False),
        ("usable", True),
        ("usable", False),
    ]
    events = await pool.fetch("SELECT payload FROM outbox WHERE topic = 'accounts.status' ORDER BY id")
    assert ['"status":"paused"' in row["payload"] for row in events] == [True, False]
    assert ['"version":1' in events[0]["payload"], '"version":2' in events[1]["payload"]] == [True, True]


async def test_every_route_stands_in_the_path_table_as_the_queuers(stage: Stage) -> None:
    async with stage.client(None) as client:
        paths = list((await client.get("/openapi.json")).json()["paths"])
    assert "/api/campaigns/{campaign_id}/import" in paths
    assert [find_target(path) for path in paths] == [Target("queuer", path, "") for path in paths]


async def test_invitations_are_taken_back_where_the_campaign_says_so(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        campaign = await made(client)
        assert campaign["withdraw_after_days"] is None
        path = f"/api/campaigns/{campaign['id']}"
        for asked, days, changed in ((21, 21, True), (21, 21, False), (None, None, True), (7, 7, True), (0, None, True)):
            answer = (await client.patch(path, json={"withdraw_after_days": asked})).json()
            assert (answer["campaign"]["withdraw_after_days"], answer["changed"]) == (days, changed)
        await client.patch(path, json={"withdraw_after_days": 14})
        answer = (await client.patch(path, json={"campaign_name": "Winter"})).json()
        assert answer["campaign"]["withdraw_after_days"] == 14, "what is not named stays"
        for wrong in (-1, 366, "soon", 1.5):
            refusal(await client.patch(path, json={"withdraw_after_days": wrong}), 422)
        assert (await made(client, campaign_name="Spring", withdraw_after_days=10))["withdraw_after_days"] == 10
