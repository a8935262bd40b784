"""A notice, written once per thing that happened, its delivery for every channel that wants it, and the end of a try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from shared.db.pool import Connection as OneConnection
from shared.db.queries import load
from shared.notices.deliveries import DeliveryAnswer, DeliveryOutcome
from shared.notices.notice import TOLD_OF, Notice
from shared.vocabulary import DeliveryState, NoticeKind, NoticeMedium

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool

_NOTICE: Final = ("workspace_id", "dedupe_key", "about", "subject", "text", "details", "happened_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One delivery, taken for one try. `secret` never leaves it but as a signature."""

    id: UUID
    attempts: int
    notice: Notice
    medium: NoticeMedium
    target: str
    secret: str | None
    enabled: bool

    def __repr__(self) -> str:
        """Without target and secret: what is printed may be logged."""
        return f"Try({self.id}, {self.medium}, attempts={self.attempts})"


async def ensure_owner_channel(connection: Connection, workspace_ids: Sequence[UUID]) -> None:
    """A workspace without any channel, ever, gets one: mail to its owner."""
    kinds = [kind.value for kind in TOLD_OF]
    await queries.ensure_owner(connection, workspace_ids=sorted(set(workspace_ids)), kinds=kinds)


async def insert_notice(connection: Connection, notice: Notice, *, told: bool) -> int | None:
    """Store it; None when the thing was noticed already."""
    values = {name: getattr(notice, name) for name in _NOTICE} | {"kind": notice.kind.value, "details": dict(notice.details)}
    return await queries.add_notice(connection, **values, told=told)  # type: ignore[no-any-return] # aiosql: one value


async def insert_deliveries(connection: Connection, notice_id: int, *, held_back: str | None) -> int:
    """A delivery for every channel that wants it; returns how many."""
    return len([row async for row in queries.deliver_to_channels(connection, notice_id=notice_id, held_back=held_back)])


async def record_attempt(pool: asyncpg.Pool, taken: DeliveryAttempt, answer: DeliveryAnswer, then: DeliveryOutcome) -> bool:
    """Record a try's end; false when another one knew better."""
    if then.state is DeliveryState.DELIVERED:
        return await queries.delivered(pool, delivery_id=taken.id, status=answer.status) is not None
    return (
        await queries.not_delivered(
            pool,
            delivery_id=taken.id,
            attempts=taken.attempts,
            state=then.state.value,
            pause=then.pause,
            status=answer.status,
            error=then.error,
        )
        is not None
    )


def try_of(row: Mapping[str, Any]) -> DeliveryAttempt:
    """From the row of a delivery that was taken."""
    return DeliveryAttempt(
        id=row["id"],
        attempts=row["attempts"],
        notice=Notice(**{name: row[name] for name in _NOTICE}, kind=NoticeKind(row["kind"])),
        medium=NoticeMedium(row["medium"]),
        target=row["target"],
        secret=row["secret"],
        enabled=row["enabled"],
    )
