"""Wrong requests are refused with the literal bodies that were captured from the real provider (UNIPILE §3.3)."""

from typing import Any

import pytest

from tests.integration.simulator.simulator_process import ANA, FRIEND, GONE, LOCKED, Simulator

DISCONNECTED = {
    "type": "errors/disconnected_account",
    "title": "Disconnected account",
    "detail": "The account appears to be disconnected from the provider service.",
    "status": 401,
}
ALREADY_INVITED = {
    "type": "errors/already_invited_recently",
    "title": "Should delay new invitation to this recipient",
    "detail": "An invitation has already been sent recently to this recipient. Please try again later.",
    "status": 422,
}
CANNOT_RESEND = {
    "type": "errors/cannot_resend_yet",
    "title": "Cannot resend yet",
    "detail": "You have reached a temporary provider limit. Please try again later.",
    "status": 422,
}
INVALID_RECIPIENT = {
    "type": "errors/invalid_recipient",
    "title": "Recipient cannot be reached",
    "detail": "Make sure that the recipient ID is valid and that the corresponding profile is not locked.",
    "status": 422,
}
NO_CONNECTION = {
    "type": "errors/no_connection_with_recipient",
    "title": "No connection with recipient",
    "detail": "The recipient appears not to be first degree connection.",
    "status": 422,
}
NOT_AN_ID = {
    "type": "errors/invalid_parameters",
    "title": "Invalid parameters",
    "detail": "User ID does not match provider's expected format.",
    "status": 400,
}
TOO_MANY_REQUESTS = {
    "type": "errors/too_many_requests",
    "title": "Too many requests",
    "detail": "The provider cannot accept any more requests at the moment. Please try again later.",
    "status": 429,
}


@pytest.mark.parametrize(
    "recipient", ["ana-nunez", "https://www.linkedin.com/in/ana-nunez", "ACwAAAna00000001", "AEMAAAna00000001"], ids=str.lower
)
async def test_only_a_classic_id_can_be_invited(untouched: Simulator, recipient: str) -> None:
    answer = await untouched.invite(recipient)
    assert (answer.status_code, answer.json()) == (400, NOT_AN_ID)
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_second_invitation_is_refused_and_not_recognised(simulator: Simulator) -> None:
    assert (await simulator.invite()).status_code == 200
    answer = await simulator.invite()
    assert (answer.status_code, answer.json()) == (422, ALREADY_INVITED)


async def test_inviting_again_after_a_withdrawal_is_refused_too(simulator: Simulator) -> None:
    invitation = (await simulator.invite()).json()["invitation_id"]
    cancelled = await simulator.api.delete(f"/users/invite/sent/{invitation}", params={"account_id": "acc-premium"})
    assert (cancelled.status_code, cancelled.json()) == (200, {"object": "InvitationCanceled"})
    assert (await simulator.invite()).json() == ALREADY_INVITED
    profile = (await simulator.get(f"/users/{ANA}")).json()
    assert profile["invitation"] == {"type": "SENT", "status": "WITHDRAWN"}


async def test_the_accounts_weekly_throttle_is_no_fault_of_the_recipient(simulator: Simulator) -> None:
    await simulator.levers.put("/behaviour", json={"weekly_invitation_limit": 1})
    first = await simulator.invite("ACoAASomebody0001")
    assert first.json()["usage"] == 95
    assert (await simulator.invite()).json() == CANNOT_RESEND


async def test_a_locked_profile_can_neither_be_looked_up_nor_invited(untouched: Simulator) -> None:
    assert (await untouched.invite(LOCKED)).json() == INVALID_RECIPIENT
    looked = await untouched.get("/users/locked-lena")
    assert (looked.status_code, looked.json()) == (422, INVALID_RECIPIENT)


async def test_a_message_to_a_stranger_is_refused(untouched: Simulator) -> None:
    answer = await untouched.write(ANA)
    assert (answer.status_code, answer.json()) == (422, NO_CONNECTION)


async def test_a_wrong_key_concerns_no_account(untouched: Simulator) -> None:
    for headers in ({"X-API-KEY": "wrong"}, {"X-API-KEY": ""}):
        answer = await untouched.api.get("/users/me", params={"account_id": "acc-premium"}, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {"type": "errors/missing_credentials", "title": "Missing credentials", "status": 401}


async def test_a_disconnected_account_can_do_nothing_until_it_is_back(simulator: Simulator) -> None:
    await simulator.lever("/accounts/acc-premium/disconnect")
    for answer in (
        await simulator.invite(),
        await simulator.write(),
        await simulator.get("/users/relations"),
        await simulator.get("/users/me"),
    ):
        assert (answer.status_code, answer.json()) == (401, DISCONNECTED)
    shown = (await simulator.api.get("/accounts/acc-premium")).json()
    assert shown["sources"] == [{"id": "acc-premium_MESSAGING", "status": "CREDENTIALS"}]
    await simulator.lever("/accounts/acc-premium/reconnect")
    assert (await simulator.invite()).status_code == 200


@pytest.mark.parametrize("who", ["nobody-at-all", GONE, "gone-gustav"])
async def test_an_unknown_person_is_not_found(untouched: Simulator, who: str) -> None:
    answer = await untouched.get(f"/users/{who}")
    assert answer.status_code == 404
    assert answer.json() == {"type": "errors/resource_not_found", "title": "Resource not found", "detail": "User not found", "status": 404}


async def test_an_unknown_account_is_not_found(untouched: Simulator) -> None:
    answer = await untouched.invite(account="acc-of-nobody")
    assert (answer.status_code, answer.json()["type"]) == (404, "errors/resource_not_found")


@pytest.mark.parametrize(("account", "longest"), [("acc-free", 200), ("acc-premium", 300)])
async def test_a_note_that_is_too_long_is_refused(simulator: Simulator, account: str, longest: int) -> None:
    refused = await simulator.invite(account=account, message="x" * (longest + 1))
    assert (refused.status_code, refused.json()["type"]) == (400, "errors/too_many_characters")
    assert (await simulator.invite(account=account, message="x" * longest)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/messages/send"),
        ("POST", "/mails/send"),
        ("GET", "/linkedin/invitations"),
        ("GET", "/users/ana-nunez/relations"),
        ("PUT", "/users/invite"),
        ("POST", "/webhooks/we_1/test"),
    ],
)
async def test_an_invented_route_gets_the_frameworks_404(untouched: Simulator, method: str, path: str) -> None:
    answer = await untouched.api.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"message": f"Cannot {method} /api/v1{path}", "error": "Not Found", "statusCode": 404}


async def test_whoever_asks_for_profile_gets_the_stranger_whatever_the_query_says(untouched: Simulator) -> None:
    answers = [(await untouched.get("/users/profile", **query)).json() for query in ({"identifier": "ana-nunez"}, {"provider_id": ANA})]
    assert answers[0] == answers[1]
    assert answers[0]["public_identifier"] == "profile"
    assert answers[0]["invitation"] == {"type": "SENT", "status": "WITHDRAWN"}


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"provider_id": ANA}, "missing_parameters"),
        ({"account_id": "acc-premium"}, "missing_parameters"),
        ({"account_id": "acc-premium", "provider_id": 7}, "invalid_parameters"),
        ({"account_id": "acc-premium", "provider_id": ANA, "message": ["x"]}, "invalid_parameters"),
        (["a list"], "malformed_request"),
    ],
)
async def test_a_body_with_mistakes_is_refused(untouched: Simulator, body: Any, slug: str) -> None:
    answer = await untouched.api.post("/users/invite", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, f"errors/{slug}")
    assert await untouched.effects() == []


async def test_a_body_that_is_no_json_or_says_it_is_none_is_refused(untouched: Simulator) -> None:
    broken = await untouched.api.post("/users/invite", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["type"]) == (400, "errors/malformed_request")
    form = await untouched.api.post("/users/invite", data={"account_id": "acc-premium", "provider_id": ANA})
    assert (form.status_code, form.json()["type"]) == (415, "errors/unsupported_media_type")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/users/relations", {"limit": 1001}),
        ("/users/relations", {"limit": 0}),
        ("/users/invite/sent", {"limit": 251}),
        ("/users/invite/received", {"limit": 101}),
        ("/messages", {"limit": "many"}),
        ("/messages", {"limit": "9" * 5000}),
        ("/messages", {"limit": "٣"}),
        ("/chats", {"limit": 251}),
        ("/chats", {"cursor": "no cursor at all"}),
        ("/users/invite/sent", {"cursor": "WzFd"}),
        ("/messages", {"after": "2026-03-02T09:00:00Z"}),
        ("/messages", {"before": "yesterday"}),
        ("/chats", {"unread": "perhaps"}),
    ],
)
async def test_a_list_asked_for_wrongly_is_refused(untouched: Simulator, path: str, query: dict[str, str | int]) -> None:
    answer = await untouched.get(path, **query)
    assert (answer.status_code, answer.json()["type"]) == (400, "errors/invalid_parameters")


async def test_chats_take_multipart_and_json_unless_json_is_switched_off(simulator: Simulator) -> None:
    body = {"account_id": "acc-premium", "attendees_ids": [FRIEND], "text": "Hello"}
    assert (await simulator.api.post("/chats", json=body)).status_code == 201
    await simulator.levers.put("/behaviour", json={"chats_json": "refuse"})
    refused = await simulator.api.post("/chats", json=body)
    assert (refused.status_code, refused.json()["type"]) == (415, "errors/unsupported_media_type")
    assert (await simulator.write()).status_code == 201


async def test_an_inmail_needs_a_product_the_account_does_not_have(untouched: Simulator) -> None:
    fields = {"account_id": "acc-premium", "attendees_ids": ANA, "text": "Hello", "linkedin[inmail]": "true"}
    answer = await untouched.api.post("/chats", files={name: (None, value) for name, value in fields.items()})
    assert (answer.status_code, answer.json()["type"]) == (403, "errors/feature_not_subscribed")


async def test_any_documented_error_can_be_ordered_by_its_type_alone(simulator: Simulator) -> None:
    await simulator.lever("/faults", fault="status", type="errors/too_many_requests", match={"action": "invitation"})
    answer = await simulator.invite()
    assert (answer.status_code, answer.json()) == (429, TOO_MANY_REQUESTS)
    assert (await simulator.invite()).status_code == 200


async def test_bytes_that_are_no_text_break_nothing(untouched: Simulator) -> None:
    assert (await untouched.get("/users/%FF%FE")).status_code in (200, 404)
    assert (await untouched.api.get("/no/%FF%FE")).json()["statusCode"] == 404
    assert (await untouched.api.get("/no/such/\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))).json()["statusCode"] == 404
    headers = {"Content-Type": "application/json"}
    assert (await untouched.api.post("/users/invite", content=b"\xff\xfe{", headers=headers)).status_code == 400


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary named"),
        ("multipart/form-data; boundary=b", b"nothing like a form"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\ncut off'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--b--\r\n'),
    ],
)
async def test_a_form_that_cannot_be_read_is_refused(untouched: Simulator, content_type: str, body: bytes) -> None:
    answer = await untouched.api.post("/chats", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert answer.json()["type"] in ("errors/malformed_request", "errors/missing_parameters")


async def test_a_body_beyond_what_attachments_may_weigh_is_refused(untouched: Simulator) -> None:
    answer = await untouched.api.post("/users/invite", content=b" " * (17 * 1024 * 1024), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "errors/content_too_large")
