"""Each source reaches us once: what is kept, made and removed among the provider's registrations."""

from shared.unipile.models import RegisteredWebhook, WebhookHeader
from shared.unipile.registrations import WebhookSource, body_of, name_of, others, plan

URL = "https://tact.example.org/webhooks/unipile"
SECRET = WebhookHeader(key="Unipile-Auth", value="let-me-in")


def a_webhook(id_: str, source: WebhookSource, /, **changes: object) -> RegisteredWebhook:
    told = {"id": id_, "request_url": URL, "name": name_of(source), "enabled": True, "headers": [SECRET.model_dump()]}
    return RegisteredWebhook.model_validate(told | changes)


def all_three() -> list[RegisteredWebhook]:
    return [a_webhook(f"w-{source}", source) for source in WebhookSource]


def test_nothing_is_done_when_every_source_is_registered() -> None:
    found = plan(all_three(), url=URL, header=SECRET)
    assert (found.missing, found.surplus) == ((), ())
    assert set(found.kept) == {"w-messaging", "w-users", "w-account_status"}


def test_only_the_missing_sources_are_asked_for() -> None:
    found = plan([a_webhook("w-1", WebhookSource.USERS)], url=URL, header=SECRET)
    assert found.missing == (WebhookSource.MESSAGING, WebhookSource.ACCOUNT_STATUS)


def test_a_second_registration_of_our_own_address_is_surplus() -> None:
    found = plan([*all_three(), a_webhook("w-again", WebhookSource.MESSAGING)], url=URL, header=SECRET)
    assert found.surplus == ("w-again",)


def test_another_address_is_neither_ours_to_remove_nor_a_registration_of_ours() -> None:
    other = a_webhook("w-other", WebhookSource.MESSAGING, request_url="https://somebody.example.org/hook")
    found = plan([other], url=URL, header=SECRET)
    assert found.surplus == ()
    assert WebhookSource.MESSAGING in found.missing


def test_a_registration_of_our_address_for_something_else_stays() -> None:
    mail = a_webhook("w-mail", WebhookSource.USERS, name="mail by hand", events=["mail_opened"])
    assert plan([*all_three(), mail], url=URL, header=SECRET).surplus == ()


def test_a_source_is_told_by_its_own_word_by_our_name_or_by_its_events() -> None:
    told = [
        a_webhook("w-1", WebhookSource.MESSAGING, name=None, source="messaging"),
        a_webhook("w-2", WebhookSource.USERS, name="made by hand", events=["new_relation"]),
        a_webhook("w-3", WebhookSource.ACCOUNT_STATUS),
    ]
    assert plan(told, url=URL, header=SECRET).missing == ()


def test_an_old_secret_is_replaced_and_a_hidden_one_believed() -> None:
    old = a_webhook("w-old", WebhookSource.USERS, headers=[{"key": "unipile-auth", "value": "yesterday"}])
    without = a_webhook("w-without", WebhookSource.MESSAGING, headers=[])
    hidden = a_webhook("w-hidden", WebhookSource.ACCOUNT_STATUS, headers=None)
    found = plan([old, without, hidden], url=URL, header=SECRET)
    assert found.kept == ("w-hidden",)
    assert found.surplus == ("w-old", "w-without")
    assert set(found.missing) == {WebhookSource.USERS, WebhookSource.MESSAGING}


def test_a_switched_off_registration_is_replaced() -> None:
    found = plan([a_webhook("w-off", WebhookSource.USERS, enabled=False)], url=URL, header=SECRET)
    assert found.surplus == ("w-off",)
    assert WebhookSource.USERS in found.missing


def test_a_registration_asks_for_json_our_header_and_only_the_events_we_read() -> None:
    body = body_of(WebhookSource.MESSAGING, url=URL, header=SECRET)
    assert (body["request_url"], body["source"], body["events"]) == (URL, "messaging", ["message_received"])
    assert body["headers"] == [SECRET.model_dump(), {"key": "Content-Type", "value": "application/json"}]
    assert "events" not in body_of(WebhookSource.ACCOUNT_STATUS, url=URL, header=SECRET)


def test_a_registration_by_our_name_for_another_address_is_another_stacks() -> None:
    theirs = RegisteredWebhook(id="w9", name="tact messaging", request_url="https://elsewhere.example/webhooks/unipile")
    foreign = RegisteredWebhook(id="w8", name="their crm", request_url="https://crm.example/hook")
    assert others([theirs, foreign], url="https://tact.example/webhooks/unipile") == ("https://elsewhere.example/webhooks/unipile",)
    assert others([theirs], url=None, allowed=[theirs.request_url]) == ()
    assert others([theirs], url=theirs.request_url) == ()
