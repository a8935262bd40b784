"""Notices, written once per occurrence, their deliveries for every channel that wants them, and the result of a delivery attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_column, fetch_value, load
from shared.notices.deliveries import DeliveryAnswer, DeliveryOutcome
from shared.notices.notice import TOLD_OF, Notice
from shared.vocabulary import DeliveryState, NoticeKind, NoticeMedium

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A claimed delivery with its notice and its channel."""

    id: UUID
    attempts: int
    workspace_id: UUID
    kind: NoticeKind
    dedupe_key: str
    about: UUID
    subject: str
    text: str
    details: dict[str, Any]
    happened_at: datetime
    medium: NoticeMedium
    target: str
    secret: str | None
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One delivery, claimed for one attempt. `secret` is used only to sign."""

    id: UUID
    attempts: int
    notice: Notice
    medium: NoticeMedium
    target: str
    secret: str | None
    enabled: bool

    def __repr__(self) -> str:
        """Without target and secret: what is printed may be logged."""
        return f"DeliveryAttempt({self.id}, {self.medium}, attempts={self.attempts})"


async def ensure_owner_channel(connection: Connection, workspace_ids: Sequence[UUID]) -> None:
    """A workspace without any channel, ever, gets one: mail to its owner."""
    kinds = [kind.value for kind in TOLD_OF]
    await execute(connection, queries.ensure_owner, workspace_ids=sorted(set(workspace_ids)), kinds=kinds)


async def insert_notice(connection: Connection, notice: Notice, *, told: bool) -> int | None:
    """Store it; None when the occurrence has a notice already."""
    return await fetch_value(
        connection,
        queries.add_notice,
        int,
        workspace_id=notice.workspace_id,
        kind=notice.kind.value,
        dedupe_key=notice.dedupe_key,
        about=notice.about,
        subject=notice.subject,
        text=notice.text,
        details=dict(notice.details),
        happened_at=notice.happened_at,
        told=told,
    )


async def insert_deliveries(connection: Connection, notice_id: int, *, held_back: str | None) -> int:
    """A delivery for every channel that wants it; returns how many."""
    return len(await fetch_column(connection, queries.deliver_to_channels, UUID, notice_id=notice_id, held_back=held_back))


async def record_attempt(pool: asyncpg.Pool, taken: DeliveryAttempt, answer: DeliveryAnswer, then: DeliveryOutcome) -> bool:
    """Record the result of an attempt; False when a later attempt was counted meanwhile."""
    if then.state is DeliveryState.DELIVERED:
        return await fetch_value(pool, queries.delivered, UUID, delivery_id=taken.id, status=answer.status) is not None
    recorded = await fetch_value(
        pool,
        queries.not_delivered,
        UUID,
        delivery_id=taken.id,
        attempts=taken.attempts,
        state=then.state.value,
        pause=then.pause,
        status=answer.status,
        error=then.error,
    )
    return recorded is not None


def build_delivery_attempt(row: DeliveryRow) -> DeliveryAttempt:
    """The attempt from the row of a claimed delivery."""
    return DeliveryAttempt(
        id=row.id,
        attempts=row.attempts,
        notice=Notice(
            workspace_id=row.workspace_id,
            kind=row.kind,
            dedupe_key=row.dedupe_key,
            about=row.about,
            subject=row.subject,
            text=row.text,
            details=row.details,
            happened_at=row.happened_at,
        ),
        medium=row.medium,
        target=row.target,
        secret=row.secret,
        enabled=row.enabled,
    )
