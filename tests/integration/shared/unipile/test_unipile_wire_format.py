"""What goes over the wire and what is read from it, against a real HTTP server on a real socket."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import BodyPartReader, web
from multidict import CIMultiDictProxy
from pydantic import SecretStr

from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderRefused, ProviderUnsure, UnreadableAnswer
from shared.unipile.findings import Blame, Remedy

KEY = "key-of-the-test"


@dataclass
class Request:
    """One request as it arrived. `raw_path` is unescaped by nobody."""

    method: str
    raw_path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]
    json: Any = None
    parts: list[tuple[str, str | None, str]] = field(default_factory=list)  # name, filename, text


@dataclass
class Provider:
    """A server that answers every request with the next prepared answer."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    def will_answer(self, status: int, body: object, **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append(web.Response(status=status, text=text, content_type="application/json", headers=headers))

    async def answer(self, request: web.Request) -> web.Response:
        path, _, _ = request.raw_path.partition("?")
        seen = Request(request.method, path, dict(request.query), request.headers)
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                assert isinstance(part, BodyPartReader)  # a form in a form is no form
                seen.parts.append((part.name or "", part.filename, await part.text()))
        elif request.can_read_body:
            seen.json = await request.json()
        self.requests.append(seen)
        return self.answers.pop(0)

    @property
    def asked(self) -> Request:
        """The only request there was."""
        (request,) = self.requests
        return request


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    told = Provider()
    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", told.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    told.url = f"http://{host}:{port}"
    yield told
    await runner.cleanup()


@pytest_asyncio.fixture
async def unipile(provider: Provider) -> AsyncIterator[UnipileClient]:
    async with UnipileClient(provider.url, SecretStr(KEY), timeout=timedelta(seconds=10)) as client:
        yield client


async def test_an_invitation_is_json_with_the_key_in_its_header(provider: Provider, unipile: UnipileClient) -> None:
    provider.will_answer(200, {"object": "UserInvitationSent", "invitation_id": "7461918827820281856", "usage": 75})
    sent = await unipile.invite("acc-1", "ACoAAAPerson", "Grüße aus İzmir 👋")
    assert (sent.invitation_id, sent.usage) == ("7461918827820281856", 75)
    asked = provider.asked
    assert (asked.method, asked.raw_path) == ("POST", "/api/v1/users/invite")
    assert (asked.headers["X-API-KEY"], asked.headers["Content-Type"]) == (KEY, "application/json")
    assert asked.json == {"account_id": "acc-1", "provider_id": "ACoAAAPerson", "message": "Grüße aus İzmir 👋"}
    assert "Content-Length" in asked.headers


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_an_invitation_without_a_note_has_no_message_and_any_2xx_will_do(
    provider: Provider, unipile: UnipileClient, status: int
) -> None:
    provider.will_answer(status, {"object": "UserInvitationSent", "invitation_id": "1"})
    assert (await unipile.invite("acc-1", "ACoAAAPerson")).usage is None
    assert provider.asked.json == {"account_id": "acc-1", "provider_id": "ACoAAAPerson"}


async def test_a_chat_is_multipart_with_plain_fields_and_its_text_unchanged(provider: Provider, unipile: UnipileClient) -> None:
    text = 'Hallo Ayşe,\n\n"zitiert" & <b>fett</b> \u2013 100 %\r\n👋'
    provider.will_answer(201, {"object": "ChatStarted", "chat_id": "chat-1", "message_id": None})
    started = await unipile.start_chat("acc-1", "ACoAAAPerson", text)
    assert (started.chat_id, started.message_id) == ("chat-1", None)
    asked = provider.asked
    assert (asked.method, asked.raw_path) == ("POST", "/api/v1/chats")
    assert asked.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert "Transfer-Encoding" not in asked.headers
    assert int(asked.headers["Content-Length"]) > len(text)
    assert asked.parts == [("account_id", None, "acc-1"), ("attendees_ids", None, "ACoAAAPerson"), ("text", None, text)]


@pytest.mark.parametrize(
    ("identifier", "raw_path"),
    [
        ("ayse-ornek-12", "/api/v1/users/ayse-ornek-12"),
        ("ana-núñez", "/api/v1/users/ana-n%C3%BA%C3%B1ez"),
        ("李小龙", "/api/v1/users/%E6%9D%8E%E5%B0%8F%E9%BE%99"),
        ("a+b;c=d&e", "/api/v1/users/a%2Bb;c=d&e"),
    ],
)
async def test_an_identifier_is_one_escaped_segment_of_the_path(
    provider: Provider, unipile: UnipileClient, identifier: str, raw_path: str
) -> None:
    provider.will_answer(200, {"object": "UserProfile", "provider_id": "ACoAAAPerson", "network_distance": "SECOND_DEGREE"})
    assert (await unipile.profile("acc 1", identifier)).provider_id == "ACoAAAPerson"
    assert provider.asked.raw_path == raw_path
    assert provider.asked.query == {"account_id": "acc 1"}


async def test_a_list_is_read_page_by_page_with_the_cursor_as_it_came(provider: Provider, unipile: UnipileClient) -> None:
    cursor = "eyJsaW1pdCI6NSwiY3Vyc29yIjo1fQ+/=="  # every character base64 has beside letters
    provider.will_answer(200, {"items": [{"member_id": "ACoAAA1", "created_at": 1740994200000}], "cursor": cursor})
    provider.will_answer(200, {"items": [{"member_id": "ACoAAA2", "created_at": 1740994100000}], "cursor": None})
    first = await unipile.relations("acc-1", limit=5)
    assert first.cursor is not None
    last = await unipile.relations("acc-1", limit=5, cursor=first.cursor)
    assert [row.member_id for row in (*first.items, *last.items)] == ["ACoAAA1", "ACoAAA2"]
    assert last.cursor is None
    assert [request.query for request in provider.requests] == [
        {"account_id": "acc-1", "limit": "5"},
        {"account_id": "acc-1", "limit": "5", "cursor": cursor},
    ]


async def test_moments_are_asked_for_with_milliseconds_and_a_z(provider: Provider, unipile: UnipileClient) -> None:
    page: dict[str, object] = {"items": [], "cursor": None}
    for _ in range(3):
        provider.will_answer(200, page)
    moment = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
    await unipile.messages(account_id="acc-1", after=moment)
    await unipile.messages(chat_id="chat-1", before=moment, limit=250)
    await unipile.chats("acc-1", unread=True)
    assert [(request.raw_path, request.query) for request in provider.requests] == [
        ("/api/v1/messages", {"account_id": "acc-1", "limit": "100", "after": "2025-03-03T09:30:00.000Z"}),
        ("/api/v1/chats/chat-1/messages", {"limit": "250", "before": "2025-03-03T09:30:00.000Z"}),
        ("/api/v1/chats", {"account_id": "acc-1", "limit": "100", "unread": "true"}),
    ]


async def test_the_other_routes_are_where_the_documentation_puts_them(provider: Provider, unipile: UnipileClient) -> None:
    account = {"object": "Account", "type": "LINKEDIN", "id": "acc-1", "sources": [{"id": "acc-1_MESSAGING", "status": "OK"}]}
    provider.will_answer(200, {"items": [], "cursor": None})
    provider.will_answer(200, account)
    provider.will_answer(200, {"items": [account], "cursor": None})
    provider.will_answer(200, {"object": "InvitationCanceled"})
    assert (await unipile.invitations_sent("acc-1")).items == ()
    assert [source.status for source in (await unipile.account("acc-1")).sources] == ["OK"]
    assert (await unipile.accounts()).items[0].id == "acc-1"
    await unipile.delete_invitation("acc-1", "7461918827820281856")
    assert [(request.method, request.raw_path) for request in provider.requests] == [
        ("GET", "/api/v1/users/invite/sent"),
        ("GET", "/api/v1/accounts/acc-1"),
        ("GET", "/api/v1/accounts"),
        ("DELETE", "/api/v1/users/invite/sent/7461918827820281856"),
    ]


async def test_webhooks_are_listed_first_then_made_then_the_surplus_is_removed(provider: Provider, unipile: UnipileClient) -> None:
    url = "https://tact.example.org/webhooks/unipile"
    ours = {"request_url": url, "enabled": True, "headers": [{"key": "Unipile-Auth", "value": "let-me-in"}]}
    provider.will_answer(
        200, {"items": [ours | {"id": "w-1", "name": "tact users"}, ours | {"id": "w-2", "name": "tact users"}], "cursor": "n"}
    )
    provider.will_answer(
        200, {"items": [ours | {"id": "w-3", "name": "tact users", "request_url": "https://else.example.org"}], "cursor": None}
    )
    provider.will_answer(201, {"object": "WebhookCreated", "webhook_id": "w-4"})
    provider.will_answer(201, {"object": "WebhookCreated", "webhook_id": "w-5"})
    provider.will_answer(404, {"type": "errors/resource_not_found", "title": "Webhook not found", "status": 404})
    done = await unipile.ensure_webhooks(url, SecretStr("let-me-in"))
    assert (done.kept, done.missing, done.surplus) == (("w-1",), ("messaging", "account_status"), ("w-2",))
    assert [(request.method, request.raw_path) for request in provider.requests] == [
        ("GET", "/api/v1/webhooks"),
        ("GET", "/api/v1/webhooks"),
        ("POST", "/api/v1/webhooks"),
        ("POST", "/api/v1/webhooks"),
        ("DELETE", "/api/v1/webhooks/w-2"),
    ]
    assert provider.requests[2].json["source"] == "messaging"
    assert provider.requests[2].json["headers"][0] == {"key": "Unipile-Auth", "value": "let-me-in"}


PROBLEMS = [
    (422, "already_invited_recently", "Should delay new invitation to this recipient",
     "An invitation has already been sent recently to this recipient. Please try again later.", Remedy.ALREADY_PENDING),
    (422, "cannot_resend_yet", "Cannot resend yet",
     "You have reached a temporary provider limit. Please try again later.", Remedy.COOL_DOWN),
    (422, "invalid_recipient", "Recipient cannot be reached",
     "Make sure that the recipient ID is valid and that the corresponding profile is not locked.", Remedy.RE_RESOLVE),
    (422, "no_connection_with_recipient", "No connection with recipient",
     "The recipient appears not to be first degree connection.", Remedy.WAIT_FOR_CONNECTION),
    (422, "limit_exceeded", "Limit exceeded", None, Remedy.COOL_DOWN),
    (401, "disconnected_account", "Disconnected account",
     "The account appears to be disconnected from the provider service.", Remedy.PAUSE_ACCOUNT),
    (401, "missing_credentials", "Missing credentials", None, Remedy.STOP_EVERYTHING),
    (403, "feature_not_subscribed", "Feature not subscribed",
     "The requested feature has either not been subscribed or not been authenticated properly.", Remedy.FEATURE_MISSING),
    (429, "too_many_requests", "Too many requests",
     "The provider cannot accept any more requests at the moment. Please try again later.", Remedy.COOL_DOWN),
    (400, "invalid_parameters", "Invalid parameters", "User ID does not match provider's expected format.", Remedy.REPORT_REQUEST),
]  # fmt: skip


@pytest.mark.parametrize(("status", "slug", "title", "detail", "remedy"), PROBLEMS)
async def test_the_literal_bodies_of_refusals_are_a_definite_no(
    provider: Provider, unipile: UnipileClient, *, status: int, slug: str, title: str, detail: str | None, remedy: Remedy
) -> None:
    body = {"type": f"errors/{slug}", "title": title, "status": status} | ({"detail": detail} if detail else {})
    provider.will_answer(status, body)
    with pytest.raises(ProviderRefused) as caught:
        await unipile.invite("acc-1", "ACoAAAPerson", "Hello")
    error = caught.value
    assert (error.status, error.type, error.title, error.detail) == (status, f"errors/{slug}", title, detail)
    assert error.finding.remedy is remedy
    assert error.retry_after is None
    assert "send an invitation" in str(error)
    assert error.finding.meaning in str(error)


async def test_a_provider_error_on_a_write_is_no_refusal(provider: Provider, unipile: UnipileClient) -> None:
    body = {"type": "errors/provider_error", "title": "Provider error", "detail": "The provider is experiencing operational problems"}
    provider.will_answer(500, body)
    provider.will_answer(500, body)
    with pytest.raises(ProviderUnsure) as caught:
        await unipile.invite("acc-1", "ACoAAAPerson")
    assert caught.value.finding.remedy is Remedy.LOOK_UP
    with pytest.raises(ProviderRefused) as read:
        await unipile.profile("acc-1", "ayse-ornek")
    assert read.value.finding.remedy is Remedy.RETRY_LATER


async def test_a_bad_gateways_page_leaves_a_write_open(provider: Provider, unipile: UnipileClient) -> None:
    provider.answers.append(web.Response(status=502, text="<html><body>Bad Gateway</body></html>", content_type="text/html"))
    with pytest.raises(ProviderUnsure) as caught:
        await unipile.start_chat("acc-1", "ACoAAAPerson", "Hello")
    assert (caught.value.status, caught.value.type) == (502, None)
    assert "Bad Gateway" in str(caught.value)


async def test_a_framework_404_means_the_wrong_address_and_not_a_missing_person(provider: Provider, unipile: UnipileClient) -> None:
    provider.will_answer(404, {"message": "Cannot GET /api/v1/users/ayse-ornek", "error": "Not Found", "statusCode": 404})
    with pytest.raises(ProviderRefused, match="UNIPILE_DSN") as caught:
        await unipile.profile("acc-1", "ayse-ornek")
    assert (caught.value.finding.blame, caught.value.finding.remedy) == (Blame.OURS, Remedy.STOP_EVERYTHING)


async def test_a_404_on_an_accounts_list_concerns_the_account(provider: Provider, unipile: UnipileClient) -> None:
    provider.will_answer(404, {"type": "errors/resource_not_found", "title": "Resource not found", "status": 404})
    with pytest.raises(ProviderRefused) as caught:
        await unipile.relations("acc-deleted")
    assert caught.value.finding.remedy is Remedy.PAUSE_ACCOUNT


async def test_a_redirect_is_not_followed_with_the_key(provider: Provider, unipile: UnipileClient) -> None:
    provider.will_answer(301, "", Location="https://elsewhere.example.org/api/v1/users/ayse-ornek")
    with pytest.raises(ProviderRefused) as caught:
        await unipile.profile("acc-1", "ayse-ornek")
    assert caught.value.finding.blame is Blame.OURS
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "Mon, 03 Mar 2025 10:00:00 GMT", "Date": "Mon, 03 Mar 2025 09:30:00 GMT"}, timedelta(minutes=30)),
        ({"Retry-After": "Mon, 03 Mar 2025 09:00:00 GMT", "Date": "Mon, 03 Mar 2025 09:30:00 GMT"}, timedelta(0)),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(
    provider: Provider, unipile: UnipileClient, headers: dict[str, str], wait: timedelta | None
) -> None:
    provider.will_answer(429, {"type": "errors/too_many_requests", "title": "Too many requests", "status": 429}, **headers)
    with pytest.raises(ProviderRefused) as caught:
        await unipile.invite("acc-1", "ACoAAAPerson")
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("not json", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("{}", "object"),
        ('{"object": "UserProfile"}', "object"),
        ("[]", "the whole"),
    ],
)
async def test_a_2xx_that_cannot_be_read_leaves_a_write_open(provider: Provider, unipile: UnipileClient, body: str, why: str) -> None:
    provider.will_answer(201, body)
    with pytest.raises(UnreadableAnswer, match=why) as caught:
        await unipile.start_chat("acc-1", "ACoAAAPerson", "Hello")
    assert (caught.value.status, caught.value.body_excerpt) == (201, body)
    assert caught.value.finding.remedy is Remedy.LOOK_UP


async def test_the_key_is_not_repeated_when_the_provider_echoes_it(provider: Provider, unipile: UnipileClient) -> None:
    provider.will_answer(401, {"type": "errors/missing_credentials", "title": f"Bad key {KEY}", "detail": f"X-API-KEY: {KEY}"})
    provider.will_answer(500, f"<pre>X-API-KEY: {KEY}</pre>")
    provider.will_answer(200, f"X-API-KEY: {KEY}" + "x" * 5000)
    said: list[str] = []
    for _ in range(3):
        with pytest.raises((ProviderRefused, ProviderUnsure, UnreadableAnswer)) as caught:
            await unipile.invite("acc-1", "ACoAAAPerson")
        said.append(f"{caught.value} {vars(caught.value)} {caught.value.__context__}")
    assert KEY not in "".join(said)
    assert len(said[2]) < 1500
    assert KEY not in repr(unipile) + repr(vars(unipile))
