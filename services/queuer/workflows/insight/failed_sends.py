"""The failed desk: what has failed for good, why, and a person's two verbs, retry and drop. Both are safe to press again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.queuer.rules.insight.failure_reasons import FailureExplanation, explain_failure
from services.queuer.rules.insight.retry import FailedSendState, retry_refusal
from services.queuer.store.insight import failed_sends as store
from services.queuer.store.insight.failed_sends import Evidence, Wanted
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import PROSPECTS_READY
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import Conflict, NotFound, Refused
from shared.vocabulary import OPEN, SendStatus


@dataclass(frozen=True, slots=True)
class FailedSend:
    """A row of the desk: the send with its people's names, and its cause in words."""

    row: Mapping[str, Any]
    cause: FailureExplanation


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the desk; `next` is what the page after it is asked with, None on the last."""

    sends: list[FailedSend]
    next: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb came to: the send as it is now; `changed` is false when it was so already."""

    send: FailedSend
    changed: bool


async def page(connection: Connection, wanted: Wanted, *, after: str | None = None, most: int = 50) -> Page:
    """The failed sends, the newest first.

    Raises:
        Refused: `after` is not what a page gave as `next`.
    """
    rows = await store.page(connection, wanted, before=_mark(after) if after else None, most=most)
    last = f"{rows[-1]['updated_at'].isoformat()}_{rows[-1]['id']}" if len(rows) == most else None
    return Page([FailedSend(row, explain_failure(row["error_message"])) for row in rows], last)


async def get(connection: Connection, send_id: UUID, *, workspace_id: UUID | None = None) -> tuple[FailedSend, Evidence]:
    """One send with everything that is known about it, also after a retry.

    Raises:
        NotFound: there is none, or it is another workspace's.
    """
    return await _found(connection, send_id, workspace_id), await store.evidence(connection, send_id)


async def retry(pool: asyncpg.Pool, send_id: UUID, *, workspace_id: UUID | None = None, actor: str, apply: bool = True) -> Done:
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
            return Done(await _found(connection, send_id, workspace_id), changed=False)
        if status is not SendStatus.FAILED:
            raise Conflict(f"This send is {status}, and only one that failed can be retried.", details={"status": status})
        send, facts = await store.load_for_retry(connection, send_id)
        why_not = retry_refusal(send, facts)
        if why_not is not None:
            raise Conflict(why_not, code="not_retryable")
        if apply:
            await store.reopen(connection, send_id, send, actor=actor, look_up=explain_failure(send.error_message).look_up)
            await put(connection, "queuer", [_ready(send)])
        return Done(await _found(connection, send_id, workspace_id), changed=True)


async def drop(pool: asyncpg.Pool, send_id: UUID, *, workspace_id: UUID | None = None, actor: str, apply: bool = True) -> Done:
    """Give a failed send up: it is cancelled and leaves the desk. What failed stays written on it and in the audit log.

    Raises:
        NotFound: there is none, or it is another workspace's.
        Conflict: it did not fail.
    """
    async with pool.acquire() as connection, connection.transaction():
        status = await _lock(connection, send_id, workspace_id)
        if status is SendStatus.CANCELLED:
            return Done(await _found(connection, send_id, workspace_id), changed=False)
        if status is not SendStatus.FAILED:
            raise Conflict(f"This send is {status}, and only one that failed can be dropped.", details={"status": status})
        if apply:
            reason = await store.drop(connection, send_id)
            whose = await _found(connection, send_id, workspace_id)
            owner = whose.row["workspace_id"]
            await write_audit_line(
                connection, actor, "drop", "send", send_id, workspace_id=owner, details={"was": "failed", "error": reason}
            )
        return Done(await _found(connection, send_id, workspace_id), changed=True)


async def _lock(connection: Connection, send_id: UUID, workspace_id: UUID | None) -> SendStatus:
    status = await store.lock(connection, send_id, workspace_id=workspace_id)
    if status is None:
        raise _missing(send_id)
    return SendStatus(status)


async def _found(connection: Connection, send_id: UUID, workspace_id: UUID | None) -> FailedSend:
    row = await store.one(connection, send_id, workspace_id=workspace_id)
    if row is None:
        raise _missing(send_id)
    return FailedSend(row, explain_failure(row["error_message"]))


def _missing(send_id: UUID) -> NotFound:
    return NotFound(f"There is no send {send_id}. `tact failed list` and GET /api/queue/failed show those that failed.")


def _mark(after: str) -> tuple[datetime, UUID]:
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
