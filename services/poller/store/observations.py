"""Everything that the provider ever showed us, kept as it was first observed, and the relations that wait to be matched again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.poller.rules.observations import ObservationSource, ObservedAccount, SeenInvitation, SeenMessage, SeenRelation
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load

queries = load(__file__)

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 24
"""About three hours of technical time; by then the healer has looked the attempt up, or asks a person."""


@dataclass(frozen=True, slots=True)
class _UnsettledRow:
    """A row of unsettled_observations with its observation."""

    observation_id: int
    tries: int
    account_id: UUID
    workspace_id: UUID
    source: ObservationSource
    person_id: str
    happened_at: datetime | None
    payload: dict[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True)
class UnsettledRelation:
    """A relation that waits until our own record of the invitation is finished."""

    observation_id: int
    tries: int
    account: ObservedAccount
    source: ObservationSource
    relation: SeenRelation


async def record_relations(
    connection: Connection, account: ObservedAccount, relations: Iterable[SeenRelation], *, source: ObservationSource
) -> set[str]:
    """Store them; returns the person ids of those observed for the first time."""
    rows = [_observation(r.person_id, r.person_id, r.happened_at, {**r.payload, "vanity": r.vanity}) for r in relations]
    return await _record(connection, account, "relation", rows, source=source)


async def record_invitations(
    connection: Connection, account: ObservedAccount, shown: Iterable[SeenInvitation], *, source: ObservationSource
) -> set[str]:
    """Store them; returns the ids of those observed for the first time."""
    rows = [
        _observation(one.invitation_id, one.person_id, one.sent_at, one.payload | {"near": one.near.isoformat() if one.near else None})
        for one in shown
    ]
    return await _record(connection, account, "invitation", rows, source=source)


async def record_messages(
    connection: Connection, account: ObservedAccount, messages: Iterable[SeenMessage], *, source: ObservationSource, ours: frozenset[str]
) -> set[str]:
    """Store them; returns the ids of those observed for the first time.

    Own messages are evidence for unknown attempts (`payload.is_sender`). The words are kept only where the other side is one of our
    leads: what a member writes with other people is private.
    """
    rows = [
        _observation(
            m.message_id,
            m.person_id,
            m.said_at,
            {
                "is_sender": m.own,
                "chat_id": m.chat_id,
                "private": m.private,
                "spoken": m.spoken,
                "text": m.text if m.person_id in ours else None,
            },
        )
        for m in messages
    ]
    return await _record(connection, account, "message", rows, source=source)


async def record_status(connection: Connection, account: ObservedAccount, word: str, *, version: int, source: ObservationSource) -> bool:
    """Store the provider's word on an account; False when it was observed before since the status last changed."""
    rows = [_observation(f"{version}:{word}", None, None, {"status": word})]
    return bool(await _record(connection, account, "status", rows, source=source))


async def add_unsettled(connection: Connection, account: ObservedAccount, person_ids: Sequence[str]) -> None:
    """Match these relations again in a moment."""
    await execute(connection, queries.add_unsettled, account_id=account.id, provider_keys=list(person_ids), pause=FIRST_PAUSE)


async def lock_due_unsettled(connection: Connection, most: int) -> list[UnsettledRelation]:
    """Relations that are due to be matched again, locked for this transaction."""
    return [
        UnsettledRelation(
            row.observation_id,
            row.tries,
            ObservedAccount(row.account_id, row.workspace_id, row.now),
            row.source,
            SeenRelation(row.person_id, row.payload.get("vanity"), row.happened_at, row.payload),
        )
        for row in await fetch_all(connection, queries.lock_due_unsettled, _UnsettledRow, most=most)
    ]


async def remove_unsettled(connection: Connection, one: UnsettledRelation) -> None:
    """The relation waits no longer."""
    await execute(connection, queries.remove_unsettled, observation_id=one.observation_id)


async def postpone_unsettled(connection: Connection, one: UnsettledRelation) -> None:
    """Match it again later, each time after twice as long."""
    pause = min(FIRST_PAUSE * 2 ** min(one.tries + 1, 16), LONGEST_PAUSE)
    await execute(connection, queries.postpone_unsettled, observation_id=one.observation_id, pause=pause)


def _observation(key: str, person_id: str | None, happened_at: datetime | None, payload: dict[str, Any]) -> dict[str, Any]:
    return {"provider_key": key, "person_id": person_id, "happened_at": happened_at, "payload": payload}


async def _record(
    connection: Connection, account: ObservedAccount, kind: str, rows: list[dict[str, Any]], *, source: ObservationSource
) -> set[str]:
    if not rows:
        return set()
    stored = await fetch_column(
        connection,
        queries.record,
        str,
        workspace_id=account.workspace_id,
        account_id=account.id,
        kind=kind,
        source=source.value,
        now=account.now,
        rows=rows,
    )
    return set(stored)
