"""What has failed for good, why, and an operator's two actions, retry and drop. Both are safe to repeat."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from services.queuer.rules.insight.failure_reasons import explain_failure
from services.queuer.rules.insight.retry import FailedSendState, retry_refusal
from services.queuer.store.insight import failed_sends as store
from services.queuer.store.insight.failed_sends import FailedSend, FailedSendFilter, FailedSendWithText
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import PROSPECTS_READY
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import Conflict, NotFound, Refused
from shared.vocabulary import OPEN, SendStatus


@dataclass(frozen=True, slots=True)
class FailedSendsPage:
    """Failed sends; `next` is what the page after it is asked with, None on the last."""

    sends: list[FailedSend]
    next: str | None


@dataclass(frozen=True, slots=True)
class ChangedSend:
    """The send as it is after a retry or a drop; `changed` is false when it was so already."""

    send: FailedSend
    changed: bool


async def list_failed(connection: Connection, wanted: FailedSendFilter, *, after: str | None = None, most: int = 50) -> FailedSendsPage:
    """The failed sends, the newest first.

    Raises:
        Refused: `after` is not what a page gave as `next`.
    """
    sends = await store.load_page(connection, wanted, before=_read_mark(after) if after else None, most=most)
    return FailedSendsPage(sends, f"{sends[-1].updated_at.isoformat()}_{sends[-1].id}" if len(sends) == most else None)


async def load_send(connection: Connection, send_id: UUID, *, workspace_id: UUID | None = None) -> FailedSendWithText:
    """One send, also after a retry.

    Raises:
        NotFound: there is none, or it is another workspace's.
    """
    send = await store.load_send(connection, send_id, workspace_id=workspace_id)
    if send is None:
        raise _unknown_send(send_id)
    return send


async def retry(pool: asyncpg.Pool, send_id: UUID, *, workspace_id: UUID | None = None, actor: str, apply: bool = True) -> ChangedSend:
    """Let a failed send be planned and decided again. It waits its turn like any other: nothing leaves past a limit.

    Send and prospect change in one transaction with their audit and the event that wakes the planner, which finds the
    words anew where they were what failed. Without `apply` everything is asked and nothing changes.

    Raises:
        NotFound: there is none, or it is another workspace's.
        Conflict: it did not fail, or nothing could leave all the same; the message says why.
    """
    async with pool.acquire() as connection, connection.transaction():
        status = await _lock(connection, send_id, workspace_id)
        if status in OPEN:
            return ChangedSend(await load_send(connection, send_id, workspace_id=workspace_id), changed=False)
        if status is not SendStatus.FAILED:
            raise Conflict(f"This send is {status}, and only one that failed can be retried.", details={"status": status})
        send, facts = await store.load_for_retry(connection, send_id)
        why_not = retry_refusal(send, facts)
        if why_not is not None:
            raise Conflict(why_not, code="not_retryable")
        if apply:
            await store.reopen(connection, send_id, send, actor=actor, look_up=explain_failure(send.error_message).look_up)
            await put(connection, "queuer", [_ready(send)])
        return ChangedSend(await load_send(connection, send_id, workspace_id=workspace_id), changed=True)


async def drop(pool: asyncpg.Pool, send_id: UUID, *, workspace_id: UUID | None = None, actor: str, apply: bool = True) -> ChangedSend:
    """Give a failed send up: it is cancelled and is no longer listed as failed. What failed stays written on it and in the audit log.

    Raises:
        NotFound: there is none, or it is another workspace's.
        Conflict: it did not fail.
    """
    async with pool.acquire() as connection, connection.transaction():
        status = await _lock(connection, send_id, workspace_id)
        send = await load_send(connection, send_id, workspace_id=workspace_id)
        if status is SendStatus.CANCELLED:
            return ChangedSend(send, changed=False)
        if status is not SendStatus.FAILED:
            raise Conflict(f"This send is {status}, and only one that failed can be dropped.", details={"status": status})
        if apply:
            await store.drop_send(connection, send_id)
            details = {"was": "failed", "error": send.error_message}
            await write_audit_line(connection, actor, "drop", "send", send_id, workspace_id=send.workspace_id, details=details)
        return ChangedSend(await load_send(connection, send_id, workspace_id=workspace_id), changed=True)


async def _lock(connection: Connection, send_id: UUID, workspace_id: UUID | None) -> SendStatus:
    status = await store.lock_send(connection, send_id, workspace_id=workspace_id)
    if status is None:
        raise _unknown_send(send_id)
    return status


def _unknown_send(send_id: UUID) -> NotFound:
    return NotFound(f"There is no send {send_id}. `tact failed list` and GET /api/queue/failed show those that failed.")


def _read_mark(after: str) -> tuple[datetime, UUID]:
    moment, _, send_id = after.rpartition("_")
    wrong = Refused("`after` is not a page's mark; give back what the page before said in `next`.", code="wrong_page")
    try:
        at, last = datetime.fromisoformat(moment), UUID(send_id)
        mark = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    if at.tzinfo is None:
        raise wrong
    return mark, last


def _ready(send: FailedSendState) -> Envelope:
    event = ProspectReady(prospect_id=send.prospect_id, campaign_id=send.campaign_id, workspace_id=send.workspace_id, reason="reopened")
    return enclose(PROSPECTS_READY, event, source="queuer", key=send.account_id, at=send.now)
