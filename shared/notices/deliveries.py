"""One try to reach a person: how it is signed, what its end means, and when the next one is due."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from shared.notices.notice import Notice
from shared.vocabulary import DeliveryState, NoticeKind

PAUSES: Final = tuple(timedelta(minutes=m) for m in (0.5, 2, 10, 30, 120, 360, 720))
"""Technical time between two tries: eight tries in 21 hours, so that a receiver may be down for a night."""
LONGEST_WISH: Final = timedelta(hours=12)
"""A receiver that asks for more patience (Retry-After) is asked again by then."""
PREFIX: Final = "whsec_"
"""The spelling of secrets and headers is that of Standard Webhooks 1.0, for which receivers find libraries in most languages."""
SHORTEST_SECRET: Final = 24  # bytes, as Standard Webhooks asks
LONGEST_SECRET: Final = 64


class SecretError(ValueError):
    """A secret that cannot sign; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """How one try ended: delivered, or why not. `status` is the server's own number."""

    delivered: bool
    status: int | None = None
    error: str | None = None
    hopeless: bool = False
    """No later try can end otherwise."""
    again_in: timedelta | None = None
    """What the receiver asked for."""


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What a try's end makes of the delivery."""

    state: DeliveryState
    error: str | None = None
    pause: timedelta = timedelta(0)


def decide_next_try(answer: DeliveryAnswer, *, attempts: int, kind: NoticeKind, pauses: Sequence[timedelta] = PAUSES) -> DeliveryOutcome:
    """Delivered, given up with the reason, or tried again after a pause; `attempts` counts the one that just ended."""
    if answer.delivered:
        return DeliveryOutcome(DeliveryState.DELIVERED)
    error = answer.error or "The try failed without a word."
    if kind is NoticeKind.TEST:
        return DeliveryOutcome(DeliveryState.GIVEN_UP, f"{error} A test is tried once.")
    if answer.hopeless:
        return DeliveryOutcome(DeliveryState.GIVEN_UP, error)
    if attempts > len(pauses):
        return DeliveryOutcome(DeliveryState.GIVEN_UP, f"{error} Given up after {attempts} tries.")
    return DeliveryOutcome(DeliveryState.WAITING, error, max(pauses[attempts - 1], min(answer.again_in or timedelta(0), LONGEST_WISH)))


def read_http_status(status: int, *, retry_after: str | None = None, said: str = "") -> DeliveryAnswer:
    """What the answer of a receiver means. Everything but a redirect and Gone may be mended at the other end meanwhile."""
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return DeliveryAnswer(delivered=True, status=status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return DeliveryAnswer(
            delivered=False,
            status=status,
            hopeless=True,
            error=f"The receiver answered {status}, a redirect, and redirects are not followed; give the channel the final address.",
        )
    words = f" and said '{said}'" if said else ""
    wish = timedelta(seconds=min(int(retry_after), 86_400)) if retry_after and retry_after.isdecimal() and retry_after.isascii() else None
    return DeliveryAnswer(
        delivered=False,
        status=status,
        hopeless=status == HTTPStatus.GONE,
        error=f"The receiver answered {status}{words}.",
        again_in=wish,
    )


def build_webhook_body(notice: Notice, delivery_id: UUID) -> bytes:
    """What a webhook receives: JSON in UTF-8."""
    document: Mapping[str, Any] = {
        "id": str(delivery_id),
        "type": notice.kind.value,
        "timestamp": notice.happened_at.isoformat(),
        "workspace_id": str(notice.workspace_id),
        "subject": notice.subject,
        "text": notice.text,
        "data": dict(notice.details),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def build_slack_body(notice: Notice) -> bytes:
    """Slack's form. `&`, `<` and `>` are its control characters: a person's name must not become a link or call a whole channel."""
    text = f"{notice.subject}\n{notice.text}".replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def build_signature_headers(content: bytes, *, delivery_id: UUID, secret: str, at: datetime) -> dict[str, str]:
    """The headers a receiver verifies: HMAC-SHA256 over id, time and body. `at` is technical: it is compared with the receiver's clock."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(decode_secret(secret), f"{delivery_id}.{stamp}.".encode() + content, hashlib.sha256).digest()
    return {
        "webhook-id": str(delivery_id),
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def decode_secret(secret: str) -> bytes:
    """The bytes that sign.

    Raises:
        SecretError: it is no `whsec_` and base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise SecretError(
            f"A webhook's secret is '{PREFIX}' and the base64 of {SHORTEST_SECRET} to {LONGEST_SECRET} random bytes; "
            "leave it out and one is made."
        )
    return key
