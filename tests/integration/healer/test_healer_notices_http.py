"""Channels and the log over HTTP: by those who may, within their own workspace, and without a secret in any answer."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from schemathesis import GenerationMode

from tests.integration.healer.health_stage import Stage, a_stage
from tests.integration.healer.receivers import Receiver, receiver
from tests.support.probing import probed


class Api:
    """The API on its stage, and where it delivers to."""

    def __init__(self, stage: Stage, to: Receiver) -> None:
        self.url, self.client, self.ours, self.theirs = stage.url, stage.client, stage.ours, stage.theirs
        self.viewer, self.operator, self.foreign, self.platform = stage.viewer, stage.operator, stage.foreign, stage.platform
        self.to = to


@pytest.fixture
async def api(database: str, pool: asyncpg.Pool) -> AsyncIterator[Api]:
    async with a_stage(database, pool) as stage, receiver() as to:
        yield Api(stage, to)


async def made(api: Api, client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {"name": "ops", "medium": "webhook", "target": f"{api.to.url}/hook?token=hidden", **changes}
    answer = await client.post("/api/notices/channels", json=body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(answer: httpx.Response, status: int) -> str:
    """The sentence of the house's error body, checked."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["success"], body["request_id"]) == (False, answer.headers["x-request-id"])
    message: str = body["error"]["message"]
    assert message.endswith(".")
    return message


async def test_a_secret_is_told_once_and_never_again(api: Api) -> None:
    async with api.client(api.operator) as client:
        first = await made(api, client)
        secret = first["secret"]
        assert secret.startswith("whsec_")
        channel_id = first["channel"]["id"]
        answers = [
            await client.post(
                "/api/notices/channels", json={"name": "ops", "medium": "webhook", "target": f"{api.to.url}/hook?token=hidden"}
            ),
            await client.get("/api/notices/channels"),
            await client.get(f"/api/notices/channels/{channel_id}"),
            await client.patch(f"/api/notices/channels/{channel_id}", json={"name": "operators"}),
            await client.post(f"/api/notices/channels/{channel_id}/test"),
            await client.get("/api/notices"),
            await client.delete(f"/api/notices/channels/{channel_id}"),
        ]
    assert [answer.status_code for answer in answers] == [200] * 7
    assert [answer.url for answer in answers if secret in answer.text or "hidden" in answer.text] == []
    assert answers[0].json()["secret"] is None
    assert answers[1].json()["channels"][0]["target"].endswith("/hook?…")


async def test_a_new_secret_signs_from_then_on_and_is_told_once(api: Api) -> None:
    async with api.client(api.operator) as client:
        first = await made(api, client)
        changed = (await client.patch(f"/api/notices/channels/{first['channel']['id']}", json={"new_secret": True})).json()
    assert changed["secret"].startswith("whsec_")
    assert changed["secret"] != first["secret"]


async def test_a_test_says_at_once_how_it_ended_and_stands_in_the_log(api: Api) -> None:
    async with api.client(api.operator) as client:
        channel_id = (await made(api, client))["channel"]["id"]
        good = (await client.post(f"/api/notices/channels/{channel_id}/test")).json()["delivery"]
        api.to.answer(500)
        bad = (await client.post(f"/api/notices/channels/{channel_id}/test")).json()["delivery"]
        log = (await client.get("/api/notices", params={"kind": "test"})).json()
        page = (await client.get("/api/notices", params={"limit": 1})).json()
        rest = (await client.get("/api/notices", params={"limit": 1, "before": page["next"]})).json()
    assert (good["state"], good["last_status"]) == ("delivered", 204)
    assert (bad["state"], bad["last_error"]) == ("given_up", "The receiver answered 500. A test is tried once.")
    assert [entry["deliveries"][0]["id"] for entry in log["notices"]] == [bad["id"], good["id"]]
    assert [request.headers["webhook-id"] for request in api.to.requests] == [good["id"], bad["id"]]
    assert [page["notices"][0]["id"], rest["notices"][0]["id"]] == [entry["id"] for entry in log["notices"]]


async def test_who_may_look_may_not_change_and_who_has_no_token_may_nothing(api: Api) -> None:
    async with api.client(api.operator) as client:
        channel_id = (await made(api, client))["channel"]["id"]
    async with api.client(api.viewer) as client:
        assert (await client.get("/api/notices/channels")).json()["channels"][0]["id"] == channel_id
        assert (await client.get("/api/notices")).status_code == 200
        for answer in (
            await client.post("/api/notices/channels", json={"name": "x", "medium": "webhook", "target": "https://example.com"}),
            await client.patch(f"/api/notices/channels/{channel_id}", json={"enabled": False}),
            await client.delete(f"/api/notices/channels/{channel_id}"),
            await client.post(f"/api/notices/channels/{channel_id}/test"),
        ):
            assert "needs the role operator" in refusal(answer, 403)
    async with api.client(None) as client:
        for path in ("/api/notices", "/api/notices/channels"):
            refusal(await client.get(path), 401)


async def test_another_workspaces_channels_and_notices_are_not_there(api: Api) -> None:
    async with api.client(api.operator) as client:
        channel_id = (await made(api, client))["channel"]["id"]
        await client.post(f"/api/notices/channels/{channel_id}/test")
    async with api.client(api.foreign) as client:
        assert (await client.get("/api/notices")).json()["notices"] == []
        assert (await client.get("/api/notices/channels")).json()["channels"] == []
        path = f"/api/notices/channels/{channel_id}"
        for answer in (
            await client.get(path),
            await client.patch(path, json={"enabled": False}),
            await client.delete(path),
            await client.post(f"{path}/test"),
            await client.post(
                "/api/notices/channels",
                json={"workspace_id": str(api.ours.workspace), "name": "x", "medium": "webhook", "target": "https://example.com"},
            ),
        ):
            refusal(answer, 404)
    async with api.client(api.platform) as client:
        assert len((await client.get("/api/notices")).json()["notices"]) == 1
        nowhere = await client.post("/api/notices/channels", json={"name": "x", "medium": "webhook", "target": "https://example.com"})
        assert "name one in workspace_id" in refusal(nowhere, 422)


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"target": "ftp://example.com"}, 422, "like https://"),
        ({"target": "http://169.254.169.254/latest"}, 422, "never sent there"),
        ({"target": "https://ana:word@example.com"}, 422, "user or password"),
        ({"medium": "email", "target": "ana@example.com"}, 422, "Set TACT_SMTP_HOST"),
        ({"medium": "pigeon"}, 422, "shape this route documents"),
        ({"kinds": []}, 422, "shape this route documents"),
        ({"kinds": ["test"]}, 422, "at least one kind"),
        ({"name": " "}, 422, "one line"),
        ({"name": "a\nb"}, 422, "one line"),
        ({"secret": "short"}, 422, "leave it out and one is made"),
        ({"medium": "slack", "secret": "whsec_x"}, 422, "not signed"),
        ({"secrets": "x"}, 422, "shape this route documents"),
        ({"name": "OPS", "target": "https://example.com/other"}, 409, "already"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(api: Api, changes: dict[str, Any], status: int, why: str) -> None:
    async with api.client(api.operator) as client:
        await made(api, client)
        body = {"name": "another", "medium": "webhook", "target": "https://example.com/hook", **changes}
        assert why in refusal(await client.post("/api/notices/channels", json=body), status)


async def test_a_name_is_free_again_after_its_channel_was_removed_and_taken_before(api: Api) -> None:
    async with api.client(api.operator) as client:
        first = (await made(api, client))["channel"]["id"]
        other = (await made(api, client, name="other"))["channel"]["id"]
        assert "another name" in refusal(await client.patch(f"/api/notices/channels/{other}", json={"name": "Ops"}), 409)
        assert (await client.delete(f"/api/notices/channels/{first}")).status_code == 200
        assert (await client.patch(f"/api/notices/channels/{other}", json={"name": "Ops"})).json()["channel"]["name"] == "Ops"
        for answer in (
            await client.delete(f"/api/notices/channels/{first}"),
            await client.get(f"/api/notices/channels/{first}"),
            await client.post(f"/api/notices/channels/{first}/test"),
            await client.delete(f"/api/notices/channels/{uuid4()}"),
        ):
            assert "There is no channel" in refusal(answer, 404)


async def test_a_channel_that_is_switched_off_cannot_be_tested(api: Api) -> None:
    async with api.client(api.operator) as client:
        channel_id = (await made(api, client))["channel"]["id"]
        assert (await client.patch(f"/api/notices/channels/{channel_id}", json={"enabled": False})).json()["channel"]["enabled"] is False
        assert "switch it on" in refusal(await client.post(f"/api/notices/channels/{channel_id}/test"), 409)


async def test_every_deed_leaves_a_line_without_a_secret(api: Api, pool: asyncpg.Pool) -> None:
    async with api.client(api.operator) as client:
        first = await made(api, client)
        channel_id = first["channel"]["id"]
        changed = await client.patch(
            f"/api/notices/channels/{channel_id}", json={"new_secret": True, "target": "https://example.com/?k=hidden"}
        )
        await client.delete(f"/api/notices/channels/{channel_id}")
    rows = await pool.fetch("SELECT verb, actor, details::text AS details FROM audit_log WHERE object = 'notice_channel' ORDER BY id")
    assert [row["verb"] for row in rows] == ["add", "change", "remove"]
    assert all(row["actor"].startswith("token ") for row in rows)
    kept = "".join(row["details"] for row in rows)
    assert not any(secret in kept for secret in (first["secret"], changed.json()["secret"], "hidden"))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_whatever_is_sent_is_answered_as_the_schema_promises(api: Api, mode: GenerationMode) -> None:
    async with api.client(api.operator) as client:
        channel_id = (await made(api, client))["channel"]["id"]
    known = {"channel_id": channel_id}
    assert len(await probed(api.url, api.operator, mode, known, below="/api/notices", patience=30)) == 7
