"""Deliveries of the provider, and the two cron routes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, SecretStr

from services.poller.metrics import WEBHOOK_SECONDS, WEBHOOKS
from services.poller.store.reads import ReadKind
from services.poller.workflows import receive
from services.poller.workflows.make_read import ReadOutcome
from services.poller.workflows.schedule_reads import ReadRound, ReadScheduler
from shared.db.errors import DATABASE_ERRORS
from shared.service.http import ApiError, CronError, require_cron_secret
from shared.service.process import Service
from shared.unipile.webhooks import BadWebhook, read_webhook, secret_matches

LARGEST_BODY: Final = 1_000_000
"""Bytes; a message with its attachments' names is far below."""
HEADER: Final = "Unipile-Auth"


class Received(BaseModel):
    """What a delivery was."""

    success: bool = True
    kind: str


class Polled(BaseModel):
    """What a call of a cron route came to."""

    success: bool = True
    accounts: int
    read: int
    skipped: dict[str, int]


class AcceptedPolled(Polled):
    """Reads of relations."""

    accepted: int


class RepliesPolled(Polled):
    """Reads of chats."""

    replies: int


def routes(service: Service, reader: ReadScheduler, *, secret: SecretStr | None, away_for: timedelta) -> APIRouter:
    """The poller's own routes."""
    router = APIRouter()

    @router.post("/webhooks/unipile", tags=["webhooks"], summary="A delivery of Unipile; answered 200 once it is stored")
    async def unipile(request: Request) -> Received:
        with WEBHOOK_SECONDS.time():
            kind = await _handle(request)
        WEBHOOKS.labels(kind=kind.value).inc()
        service.wake_relay()
        return Received(kind=kind.value)

    async def _handle(request: Request) -> receive.DeliveryKind:
        if secret is None or not secret_matches(request.headers.get(HEADER), secret):
            WEBHOOKS.labels(kind=receive.DeliveryKind.WRONG_SECRET.value).inc()
            raise ApiError(401, "wrong_secret", f"The header {HEADER} does not carry the secret of TACT_WEBHOOK_SECRET.")
        body = await _body(request)
        try:
            delivery = read_webhook(body, request.headers.get("content-type"))
        except BadWebhook as error:
            WEBHOOKS.labels(kind=receive.DeliveryKind.GARBAGE.value).inc()
            raise ApiError(400, "unreadable_webhook", str(error)) from None
        return await receive.receive(service.pool, delivery, orjson.loads(body), away_for=away_for)

    @router.post("/api/cron/poll-accepted-connections", tags=["cron"], summary="Read the relations of every account now")
    async def poll_accepted_connections(request: Request) -> AcceptedPolled:
        require_cron_secret(service, request)
        called = await _poll(lambda: reader.read_all_now(ReadKind.RELATIONS))
        service.wake_relay()
        return AcceptedPolled(accepted=called.accepted, **_read_counts(called))

    @router.post("/api/cron/poll-message-replies", tags=["cron"], summary="Read the chats of every account now")
    async def poll_message_replies(request: Request) -> RepliesPolled:
        require_cron_secret(service, request)
        called = await _poll(lambda: reader.read_all_now(ReadKind.CHATS))
        service.wake_relay()
        return RepliesPolled(replies=called.replies, **_read_counts(called))

    return router


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            WEBHOOKS.labels(kind=receive.DeliveryKind.GARBAGE.value).inc()
            raise ApiError(400, "unreadable_webhook", f"The body is larger than {LARGEST_BODY:,} bytes; Unipile sends nothing like it.")
    return body


async def _poll(poll: Callable[[], Awaitable[ReadRound]]) -> ReadRound:
    try:
        return await poll()
    except DATABASE_ERRORS as error:
        raise CronError(500, "Poll failed", str(error) or type(error).__name__) from error


def _read_counts(called: ReadRound) -> dict[str, Any]:
    read = called.outcomes[ReadOutcome.READ.value]
    return {
        "accounts": called.outcomes.total(),
        "read": read,
        "skipped": {reason: count for reason, count in sorted(called.outcomes.items()) if reason != ReadOutcome.READ.value and count},
    }
