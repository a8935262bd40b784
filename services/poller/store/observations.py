"""Everything the provider ever showed us, kept as it was first seen, and what of it waits for a second look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.poller.rules.seen import Account, Message, Relation, SentInvitation, Source
from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=10)
MOST_TRIES: Final = 24
"""About three hours of technical time; by then the healer has looked the attempt up, or asks a person."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A relation that waits until our own record of the invitation is finished."""

    observation_id: int
    tries: int
    account: Account
    source: Source
    relation: Relation


async def record_relations(connection: Connection, account: Account, relations: Iterable[Relation], *, source: Source) -> set[str]:
    """Store them; the person ids of those seen for the first time come back."""
    rows = [_row(r.person_id, r.person_id, r.happened_at, {**r.payload, "vanity": r.vanity}) for r in relations]
    return await _record(connection, account, "relation", rows, source=source)


async def record_invitations(connection: Connection, account: Account, shown: Iterable[SentInvitation], *, source: Source) -> set[str]:
    """Store them; the ids of those seen for the first time come back."""
    rows = [
        _row(one.invitation_id, one.person_id, one.sent_at, one.payload | {"near": one.near.isoformat() if one.near else None})
        for one in shown
    ]
    return await _record(connection, account, "invitation", rows, source=source)


async def record_messages(
    connection: Connection, account: Account, messages: Iterable[Message], *, source: Source, ours: frozenset[str]
) -> set[str]:
    """Store them; the ids of those seen for the first time come back.

    Own messages are evidence for attempts nobody knows the end of (`payload.is_sender`). The words are kept only where the other
    side is one of our people: what a member writes with others is none of our business.
    """
    rows = [
        _row(
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


async def record_status(connection: Connection, account: Account, word: str, *, version: int, source: Source) -> bool:
    """Store the provider's word on an account; false when it was said before since the status last changed."""
    rows = [_row(f"{version}:{word}", None, None, {"status": word})]
    return bool(await _record(connection, account, "status", rows, source=source))


async def leave_unsettled(connection: Connection, account: Account, person_ids: Sequence[str]) -> None:
    """Look at these relations again in a moment."""
    await queries.leave_unsettled(connection, account_id=account.id, provider_keys=list(person_ids), pause=FIRST_PAUSE)


async def take_unsettled(connection: Connection, most: int) -> list[Unsettled]:
    """Those whose time has come, locked for this transaction."""
    return [
        Unsettled(
            row["observation_id"],
            row["tries"],
            Account(row["account_id"], row["workspace_id"], row["now"]),
            Source(row["source"]),
            Relation(row["person_id"], row["payload"].get("vanity"), row["happened_at"], row["payload"]),
        )
        async for row in queries.take_unsettled(connection, most=most)
    ]


async def settled(connection: Connection, one: Unsettled) -> None:
    """It waits no longer."""
    await queries.settled(connection, observation_id=one.observation_id)


async def look_again(connection: Connection, one: Unsettled) -> None:
    """Later, each time after twice as long."""
    pause = min(FIRST_PAUSE * 2 ** min(one.tries + 1, 16), LONGEST_PAUSE)
    await queries.look_again(connection, observation_id=one.observation_id, pause=pause)


def _row(key: str, person_id: str | None, happened_at: datetime | None, payload: dict[str, Any]) -> dict[str, Any]:
    return {"provider_key": key, "person_id": person_id, "happened_at": happened_at, "payload": payload}


async def _record(connection: Connection, account: Account, kind: str, rows: list[dict[str, Any]], *, source: Source) -> set[str]:
    if not rows:
        return set()
    stored = queries.record(
        connection,
        workspace_id=account.workspace_id,
        account_id=account.id,
        kind=kind,
        source=source.value,
        now=account.now,
        rows=rows,
    )
    return {row["provider_key"] async for row in stored}
