"""What the provider delivers, in its documented and its live shapes, and what it must not be taken for."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from shared.unipile.webhooks import (
    AccountStatusDelivery,
    BadWebhook,
    Ignored,
    MailEvent,
    MessageReceived,
    NewRelation,
    read_webhook,
    secret_matches,
)

FORM = "application/x-www-form-urlencoded"


def a_message(**changes: object) -> dict[str, Any]:
    """A reply, as the documentation shows it with the live extras."""
    return {
        "account_id": "acc-1",
        "account_type": "LINKEDIN",
        "account_info": {"type": "LINKEDIN", "feature": "classic", "user_id": "ACoAAAOwner"},
        "event": "message_received",
        "webhook_name": "tact messaging",
        "chat_id": "chat-1",
        "message_id": "msg-1",
        "message": "Tamam, görüşelim 👋",
        "timestamp": "2025-03-03T09:30:00.000Z",
        "sender": {"attendee_id": "att-1", "attendee_name": "Ayşe Örnek", "attendee_provider_id": "ACoAAAPerson"},
        "attendees": [{"attendee_id": "att-1", "attendee_provider_id": "ACoAAAPerson"}],
        "attachments": [],
        "is_sender": False,
        "is_event": 0,
        "is_group": None,
        "folder": ["INBOX"],
    } | changes


def a_relation(**changes: object) -> dict[str, Any]:
    return {
        "event": "new_relation",
        "account_id": "acc-1",
        "account_type": "LINKEDIN",
        "webhook_name": "tact users",
        "user_full_name": "Ayşe Örnek",
        "user_provider_id": "ACoAAAPerson",
        "user_public_identifier": "ayse-ornek",
        "user_profile_url": "https://www.linkedin.com/in/ayse-ornek",
        "user_picture_url": "https://example.org/p.jpg",
    } | changes


def read(told: object, content_type: str | None = "application/json") -> object:
    return read_webhook(json.dumps(told).encode(), content_type)


def test_a_reply_is_read_with_who_wrote_it_and_when() -> None:
    told = read(a_message())
    assert isinstance(told, MessageReceived)
    assert told.text == "Tamam, görüşelim 👋"
    assert told.sender.attendee_provider_id == "ACoAAAPerson"
    assert told.timestamp == datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
    assert not told.own


@pytest.mark.parametrize(
    "changes",
    [
        {"is_sender": True},
        {"is_sender": 1},
        {"is_sender": None, "sender": {"attendee_provider_id": "ACoAAAOwner"}},
        {"is_sender": False, "sender": {"attendee_provider_id": "ACoAAAOwner"}},
    ],
)
def test_our_own_message_is_recognised_by_either_sign(changes: dict[str, object]) -> None:
    told = read(a_message(**changes))
    assert isinstance(told, MessageReceived)
    assert told.own


def test_a_message_without_account_info_is_somebody_elses_unless_it_says_otherwise() -> None:
    told = read(a_message(account_info=None, is_sender=None))
    assert isinstance(told, MessageReceived)
    assert not told.own


@pytest.mark.parametrize("content_type", ["application/json", FORM, "text/plain", None])
def test_the_body_is_json_whatever_the_header_says(content_type: str | None) -> None:
    assert isinstance(read(a_message(), content_type), MessageReceived)


def test_an_accepted_connection_is_read_with_and_without_its_moment() -> None:
    told = read(a_relation())
    assert isinstance(told, NewRelation)
    assert (told.user_provider_id, told.user_public_identifier, told.timestamp) == ("ACoAAAPerson", "ayse-ornek", None)
    told = read(a_relation(timestamp=1740994200000))
    assert isinstance(told, NewRelation)
    assert told.timestamp == datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("word", ["OK", "CREDENTIALS", "CONNECTING", "A_WORD_OF_TOMORROW"])
def test_an_account_status_is_read_with_every_word(word: str) -> None:
    read_status = read({"AccountStatus": {"account_id": "acc-1", "account_type": "LINKEDIN", "message": word}, "Product": "CLASSIC"})
    assert isinstance(read_status, AccountStatusDelivery)
    assert (read_status.account_id, read_status.message) == ("acc-1", word)


@pytest.mark.parametrize("event", ["mail_sent", "mail_received", "mail_opened", "mail_link_clicked"])
def test_a_mail_event_keeps_its_word_and_its_ids(event: str) -> None:
    told = read({"event": event, "account_id": "acc-9", "email_id": "mail-1", "tracking_id": "t-1", "date": "2025-03-03T09:30:00.000Z"})
    assert isinstance(told, MailEvent)
    assert (told.event, told.account_id, told.email_id, told.tracking_id) == (event, "acc-9", "mail-1", "t-1")


@pytest.mark.parametrize(
    "event", ["message_read", "message_reaction", "message_edited", "message_deleted", "message_delivered", "invented_tomorrow"]
)
def test_what_is_no_reply_is_ignored_with_a_reason(event: str) -> None:
    told = read(a_message(event=event))
    assert isinstance(told, Ignored)
    assert event in told.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"event=message_received&account_id=acc-1", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b"{}", "neither an event nor an AccountStatus"),
        (b'{"event": 7}', "neither an event nor an AccountStatus"),
        (b'{"event": "new_relation", "account_id": "acc-1"}', "user_provider_id"),
        (b'{"event": "new_relation", "account_id": "", "user_provider_id": "ACoX"}', "account_id"),
        (b'{"event": "mail_opened"}', "account_id"),
        (b'{"AccountStatus": "OK"}', "account_status"),
        (b'{"AccountStatus": {"account_id": "acc-1"}}', "message"),
    ],
)
def test_garbage_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(BadWebhook, match=reason):
        read_webhook(body, FORM)


@pytest.mark.parametrize("missing", ["account_id", "chat_id", "message_id", "timestamp", "sender"])
def test_a_message_without_a_part_we_need_is_refused_without_quoting_it(missing: str) -> None:
    told = a_message()
    del told[missing]
    with pytest.raises(BadWebhook, match=missing) as caught:
        read(told)
    assert "görüşelim" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(BadWebhook, match="timestamp"):
        read(a_message(timestamp="2025-03-03T09:30:00"))


@pytest.mark.parametrize(
    ("given", "expected", "matches"),
    [
        ("let-me-in", "let-me-in", True),
        ("let-me-im", "let-me-in", False),
        ("let-me-in ", "let-me-in", False),
        ("", "let-me-in", False),
        (None, "let-me-in", False),
        ("gizli-ş", "gizli-ş", True),
        ("", "", False),
        (None, "", False),
    ],
)
def test_only_the_very_secret_opens_the_door(given: str | None, expected: str, *, matches: bool) -> None:
    assert secret_matches(given, SecretStr(expected)) is matches
