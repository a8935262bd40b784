"""The HTTP client of the commands: each kind of answer becomes one sentence with the next step and the right exit status."""

import json
from typing import Any

import httpx
import pytest

from cli.client import Api
from cli.context import Context
from cli.errors import CommandError, Unreachable

URL = "http://tact.example"


def answering(status: int, body: Any, *, kind: str = "application/json") -> Api:
    content = body if isinstance(body, str) else json.dumps(body)
    return Api(
        Context(URL, "tact_x"),
        transport=httpx.MockTransport(lambda _: httpx.Response(status, text=content, headers={"content-type": kind})),
    )


def failure(code: str, message: str, details: Any = None) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": message, "details": details}, "request_id": "abc"}


def refusal(status: int, body: Any, **more: Any) -> CommandError:
    with pytest.raises(CommandError) as caught, answering(status, body, **more) as api:
        api.get("/api/campaigns")
    return caught.value


def test_an_error_body_becomes_its_own_sentence() -> None:
    error = refusal(404, failure("unknown_campaign", "There is no campaign.", {"a": 1}))
    assert (str(error), error.code, error.details, error.exit_code) == ("There is no campaign.", "unknown_campaign", {"a": 1}, 1)


def test_a_field_of_the_wrong_shape_is_named() -> None:
    details = [{"where": "body.tier", "message": "is too long"}]
    assert str(refusal(422, failure("invalid_request", "wrong", details))) == "tier: is too long"


@pytest.mark.parametrize("body", [failure("unauthorized", "The token is unknown."), {"error": "Unauthorized"}])
def test_a_token_that_opens_nothing_is_answered_with_how_to_get_one(body: dict[str, Any]) -> None:
    error = refusal(401, body)
    assert "`tact token create`" in str(error)
    assert error.exit_code == 1


def test_a_weak_token_is_answered_with_how_to_get_a_stronger_one() -> None:
    assert "`tact token create --role" in str(refusal(403, failure("forbidden", "This needs the role admin.")))


def test_a_mistake_of_the_server_names_the_request() -> None:
    assert "abc" in str(refusal(500, failure("internal", "Something went wrong.")))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, "<html>Bad gateway</html>", "text/html"),
        (200, "<html>Please log in</html>", "text/html"),
        (200, "{broken", "application/json"),
        (503, failure("unavailable", "The queuer does not answer."), "application/json"),
    ],
)
def test_what_is_no_answer_of_tact_is_unreachable(status: int, body: Any, kind: str) -> None:
    assert refusal(status, body, kind=kind).exit_code == 3


def test_an_address_where_nothing_listens_is_unreachable_with_the_next_step() -> None:
    with pytest.raises(Unreachable) as caught, Api(Context("http://127.0.0.1:9", "")) as api:
        api.get("/")
    assert "`tact up`" in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://[", "http://a b"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(CommandError), Api(Context(url, "")) as api:
        api.get("/")


def test_pages_follow_the_mark_until_the_limit_or_the_end() -> None:
    asked: list[dict[str, str]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        start = int(request.url.params.get("after", 0))
        rows = [{"id": number} for number in range(start + 1, start + 1 + int(request.url.params["limit"]))]
        return httpx.Response(200, json={"rows": rows, "next": rows[-1]["id"] if rows[-1]["id"] < 600 else None})

    with Api(Context(URL, ""), transport=httpx.MockTransport(handler)) as api:
        assert [row["id"] for row in api.pages("/x", "rows", limit=250, kind=None)] == list(range(1, 251))
        assert asked == [{"limit": "200"}, {"limit": "50", "after": "200"}]
        assert len(list(api.pages("/x", "rows"))) == 600
