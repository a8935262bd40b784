"""What people are told, once per thing that happened, and how one try's end leads to the next."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.healer.rules.notices.notice_texts import (
    MOST_IN_WINDOW,
    OLDEST,
    FailedSendFacts,
    LostAccountFacts,
    announce_flood_limit,
    hold_back_reason,
    word_failed_send,
    word_lost_account,
    word_test,
)
from shared.notices.deliveries import (
    LONGEST_WISH,
    PAUSES,
    DeliveryAnswer,
    SecretError,
    build_signature_headers,
    build_slack_body,
    build_webhook_body,
    decide_next_try,
    decode_secret,
    read_http_status,
)
from shared.notices.mail import compose
from shared.notices.notice import Notice
from shared.vocabulary import AccountStatus, DeliveryState, NoticeKind

MOMENT = datetime(2026, 3, 10, 15, 4, 5, tzinfo=UTC)
ID = UUID("8a4f0c6e-71d2-5b8b-9f6a-1e2d3c4b5a51")
OTHER = UUID("0b8f5b0e-64b5-4b0c-8d8c-2f1f0c7f6a11")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
REFUSED = DeliveryAnswer(delivered=False, status=500, error="The receiver answered 500.")


def a_failure(**changes: Any) -> FailedSendFacts:
    """An invitation that was refused."""
    values: dict[str, Any] = {
        "send_id": ID,
        "workspace_id": OTHER,
        "campaign_id": OTHER,
        "campaign_name": "Spring",
        "prospect_id": OTHER,
        "person": "Ana Lopez",
        "company": "Acme",
        "account_id": OTHER,
        "account_name": "Ada",
        "message_type": "connection_request",
        "reason": "The recipient cannot be reached",
        "at": MOMENT,
    }
    return FailedSendFacts(**{**values, **changes})


def a_loss(**changes: Any) -> LostAccountFacts:
    """An account whose session is gone."""
    values: dict[str, Any] = {
        "account_id": ID,
        "workspace_id": OTHER,
        "account_name": "Ada",
        "provider_account_id": "acc-1",
        "status": AccountStatus.DISCONNECTED,
        "reason": "The account is disconnected; reconnect it.",
        "version": 7,
        "at": MOMENT,
    }
    return LostAccountFacts(**{**values, **changes})


def test_a_failed_send_is_told_with_person_campaign_account_reason_and_what_to_do() -> None:
    notice = word_failed_send(a_failure())
    assert notice.subject == "Tact: Connection request to Ana Lopez failed"
    for fact in ("Ana Lopez (Acme)", '"Spring"', '"Ada"', "2026-03-10 15:04 UTC", "The recipient cannot be reached."):
        assert fact in notice.text, fact
    for command in ("show", "retry", "drop"):
        assert f"`tact failed {command} {ID}" in notice.text, command
    assert (notice.kind, notice.details["person"]) == (NoticeKind.SEND_FAILED, "Ana Lopez")


def test_a_person_reads_the_cause_in_words_and_a_program_its_code() -> None:
    notice = word_failed_send(a_failure(reason="blocked_recipient", detail="The person has blocked the account, or is blocked by it."))
    assert "\nWhy: The person has blocked the account, or is blocked by it.\n" in notice.text
    assert (notice.details["reason"], notice.details["detail"]) == (
        "blocked_recipient",
        "The person has blocked the account, or is blocked by it.",
    )


def test_a_failure_without_a_name_company_or_reason_is_still_a_sentence() -> None:
    notice = word_failed_send(a_failure(person=" ", company="", reason=None))
    assert "Connection request to a person without a name in the campaign" in notice.text
    assert "Why: No reason was given." in notice.text


@pytest.mark.parametrize(
    ("status", "kind", "todo"),
    [
        (AccountStatus.DISCONNECTED, NoticeKind.ACCOUNT_DISCONNECTED, "Reconnect it at Unipile"),
        (AccountStatus.PAUSED, NoticeKind.ACCOUNT_PAUSED, "`tact account resume acc-1`"),
    ],
)
def test_a_lost_account_is_told_with_what_to_do(status: AccountStatus, kind: NoticeKind, todo: str) -> None:
    notice = word_lost_account(a_loss(status=status))
    assert notice.kind is kind
    assert notice.text.startswith(f'The account "Ada" (acc-1) is {status} since 2026-03-10 15:04 UTC; nothing leaves from it')
    assert todo in notice.text


def test_the_same_thing_has_the_same_key_and_another_one_another() -> None:
    shifted = MOMENT.astimezone(tz=datetime.strptime("+0200", "%z").tzinfo)
    assert word_failed_send(a_failure()).dedupe_key == word_failed_send(a_failure(at=shifted, reason="told otherwise")).dedupe_key
    assert word_failed_send(a_failure()).dedupe_key != word_failed_send(a_failure(at=MOMENT + timedelta(days=3))).dedupe_key
    assert word_lost_account(a_loss()).dedupe_key == word_lost_account(a_loss(at=MOMENT + timedelta(days=3))).dedupe_key
    assert word_lost_account(a_loss()).dedupe_key != word_lost_account(a_loss(version=9)).dedupe_key


def test_what_happened_long_ago_and_a_flood_are_only_kept() -> None:
    notice = word_failed_send(a_failure())
    assert hold_back_reason(notice, told_lately=0, now=MOMENT + OLDEST) is None
    assert "more than 7 days" in str(hold_back_reason(notice, told_lately=0, now=MOMENT + OLDEST + timedelta(seconds=1)))
    assert hold_back_reason(word_lost_account(a_loss()), told_lately=0, now=MOMENT + 2 * OLDEST) is None, "it still stands so"
    assert hold_back_reason(notice, told_lately=MOST_IN_WINDOW - 1, now=MOMENT) is None
    assert "within the hour" in str(hold_back_reason(notice, told_lately=MOST_IN_WINDOW, now=MOMENT))


def test_the_last_one_before_the_silence_says_so() -> None:
    notice = word_failed_send(a_failure())
    assert announce_flood_limit(notice, told_lately=0) == notice
    assert announce_flood_limit(notice, told_lately=MOST_IN_WINDOW - 1).text.endswith("`tact notices log` shows them.")


@given(st.text(), st.text(), st.text())
def test_no_name_from_outside_breaks_a_header_or_a_body(person: str, campaign: str, reason: str) -> None:
    notice = word_failed_send(a_failure(person=person, campaign_name=campaign, reason=reason))
    message = compose(notice, delivery_id=ID, sender="tact@example.com", to="ana@example.com", at=MOMENT)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Tact-Kind",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert "\n" not in str(message["Subject"])
    assert message.as_bytes()
    text = json.loads(build_slack_body(notice))["text"]
    assert "<" not in text
    assert ">" not in text


def test_slack_is_written_to_in_its_own_form() -> None:
    hostile = word_failed_send(a_failure(person="<!channel> & Sons"))
    assert json.loads(build_slack_body(hostile)) == {
        "text": f"{hostile.subject}\n{hostile.text}".replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    }


def test_a_receiver_can_verify_the_signature_with_nothing_but_the_standard() -> None:
    notice = word_lost_account(a_loss())
    content = build_webhook_body(notice, OTHER)
    headers = build_signature_headers(content, delivery_id=OTHER, secret=SECRET, at=MOMENT)
    expected = hmac.new(b"k" * 32, f"{OTHER}.{int(MOMENT.timestamp())}.".encode() + content, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": str(OTHER),
        "webhook-timestamp": str(int(MOMENT.timestamp())),
        "webhook-signature": f"v1,{base64.b64encode(expected).decode()}",
    }
    told = json.loads(content)
    assert (told["id"], told["type"], told["data"]["version"]) == (str(OTHER), "account_disconnected", 7)


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode(), SECRET[6:]])
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    with pytest.raises(SecretError, match="leave it out"):
        decode_secret(secret)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_success_is_a_delivery(status: int) -> None:
    assert read_http_status(status).delivered


@pytest.mark.parametrize(
    ("status", "hopeless"), [(301, True), (307, True), (410, True), (400, False), (404, False), (429, False), (503, False)]
)
def test_only_a_redirect_and_gone_are_hopeless(status: int, hopeless: bool) -> None:
    answer = read_http_status(status)
    assert (answer.delivered, answer.hopeless) == (False, hopeless)


def test_tries_are_further_and_further_apart_and_end() -> None:
    pauses = []
    for attempts in range(1, len(PAUSES) + 1):
        then = decide_next_try(REFUSED, attempts=attempts, kind=NoticeKind.SEND_FAILED)
        assert then.state is DeliveryState.WAITING
        pauses.append(then.pause)
    assert pauses == sorted(pauses) == list(PAUSES)
    last = decide_next_try(REFUSED, attempts=len(PAUSES) + 1, kind=NoticeKind.SEND_FAILED)
    assert (last.state, last.error) == (DeliveryState.GIVEN_UP, "The receiver answered 500. Given up after 8 tries.")


def test_a_receiver_that_asks_for_patience_gets_it_within_reason() -> None:
    for wish, pause in (
        ("120", timedelta(minutes=2)),
        ("1", PAUSES[0]),
        ("999999999", LONGEST_WISH),
        ("soon", PAUSES[0]),
        ("-5", PAUSES[0]),
    ):
        assert decide_next_try(read_http_status(429, retry_after=wish), attempts=1, kind=NoticeKind.SEND_FAILED).pause == pause


def test_a_test_is_tried_once() -> None:
    then = decide_next_try(REFUSED, attempts=1, kind=NoticeKind.TEST)
    assert (then.state, then.error) == (DeliveryState.GIVEN_UP, "The receiver answered 500. A test is tried once.")
    assert decide_next_try(DeliveryAnswer(delivered=True, status=200), attempts=1, kind=NoticeKind.TEST).state is DeliveryState.DELIVERED


def test_every_test_is_a_notice_of_its_own() -> None:
    def one(test_id: UUID) -> Notice:
        return word_test(workspace_id=OTHER, channel_id=OTHER, channel_name="ops", test_id=test_id, at=MOMENT)

    assert one(ID).dedupe_key != one(OTHER).dedupe_key


def test_the_documents_example_verifies_what_is_sent_and_nothing_else() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/notices.md").read_text(encoding="utf-8")
    example: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], example)  # noqa: S102 - our own page
    content = build_webhook_body(word_lost_account(a_loss()), OTHER)
    now = datetime.now(UTC)
    headers = build_signature_headers(content, delivery_id=OTHER, secret=SECRET, at=now)
    assert example["is_from_tact"](headers, content, SECRET)
    assert not example["is_from_tact"](headers, content + b" ", SECRET)
    assert not example["is_from_tact"]({**headers, "webhook-id": str(ID)}, content, SECRET)
    assert not example["is_from_tact"](headers, content, "whsec_" + base64.b64encode(b"x" * 32).decode())
    old = build_signature_headers(content, delivery_id=OTHER, secret=SECRET, at=now - timedelta(hours=1))
    assert not example["is_from_tact"](old, content, SECRET)
