"""The ledger's seals as rows: what is to be sealed, the heads of chains, and new links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_value, load, require_one, require_value
from shared.ledger.chain import NOTHING, Head
from shared.ledger.facts import AttemptFacts

queries = load(__file__)

LOCK: int = 7_225_001
"""The advisory lock of sealing."""


@dataclass(frozen=True, slots=True)
class Bound:
    """No attempt up to `newest` can appear any more once the oldest transaction is `own_xid` or later."""

    newest: int
    own_xid: int
    oldest_xid: int


@dataclass(frozen=True, slots=True)
class Link:
    """One link to be written."""

    account_id: UUID
    link_no: int
    attempt_id: int
    facts: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class QueuedAttempt(AttemptFacts):
    """An attempt that was answered or changed since the walk passed it, with what was sealed last in the account it was queued for."""

    queued_for: UUID
    sealed_form: int | None
    sealed_facts: str | None
    ref_was_seen: bool


@dataclass(frozen=True, slots=True)
class _Transactions:
    own_xid: int
    oldest_xid: int


@dataclass(frozen=True, slots=True)
class _Queued:
    attempt_id: int
    account_id: UUID


@dataclass(frozen=True, slots=True)
class _Head:
    account_id: UUID
    links: int
    head: bytes | None


async def acquire_lead(connection: Connection) -> bool:
    """Whether this transaction is the one that seals."""
    return await require_value(connection, queries.acquire_lead, bool, space=LOCK)


async def read_bound(connection: Connection) -> Bound:
    """The newest attempt, and what must be over before all up to it can be seen."""
    newest = await require_value(connection, queries.newest, int)
    now = await require_one(connection, queries.bound, _Transactions)
    return Bound(newest, now.own_xid, now.oldest_xid)


async def read_sealed_to(connection: Connection) -> int:
    """The last attempt that the walk has passed."""
    return await require_value(connection, queries.sealed_to, int)


async def seconds_behind(connection: Connection) -> float:
    """The age of the first attempt that the walk has not passed; 0: none."""
    return max(0.0, await fetch_value(connection, queries.behind, float) or 0.0)


async def load_next_attempts(connection: Connection, *, after: int, upto: int, most: int) -> list[AttemptFacts]:
    """Attempts in order of their numbers."""
    return await fetch_all(connection, queries.next_attempts, AttemptFacts, after=after, upto=upto, most=most)


async def record_sealed_to(connection: Connection, *, upto: int) -> None:
    """The walk has passed everything up to there."""
    await execute(connection, queries.record_sealed_to, sealed_to=upto)


async def await_answers(connection: Connection, rows: Sequence[AttemptFacts]) -> None:
    """Queue intents, to be sealed when they are answered."""
    if rows:
        await execute(connection, queries.await_answers, attempt_ids=[row.id for row in rows], account_ids=[row.account_id for row in rows])


async def dequeue_attempts(connection: Connection, *, upto: int, most: int) -> list[QueuedAttempt]:
    """What up to `upto` was answered or changed since it was passed, each once."""
    rows = await fetch_all(connection, queries.dequeue, _Queued, upto=upto, most=most)
    taken = sorted({(row.attempt_id, row.account_id) for row in rows})
    if not taken:
        return []
    attempt_ids, account_ids = zip(*taken, strict=True)
    return await fetch_all(connection, queries.queued_attempts, QueuedAttempt, attempt_ids=attempt_ids, account_ids=account_ids)


async def load_heads(connection: Connection, account_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """Where these accounts' chains end."""
    rows = await fetch_all(connection, queries.heads, _Head, account_ids=account_ids)
    return {row.account_id: Head(row.links, row.head or NOTHING) for row in rows}


async def technical_now(connection: Connection) -> datetime:
    """The moment that the links of a batch bear."""
    return await require_value(connection, queries.technical_now, datetime)


async def add_links(connection: Connection, links: Sequence[Link], ends: Mapping[UUID, Head], *, form: int, at: datetime) -> None:
    """Write links and the heads they lead to."""
    if not links:
        return
    await execute(
        connection,
        queries.add_links,
        form=form,
        sealed_at=at,
        account_ids=[link.account_id for link in links],
        link_nos=[link.link_no for link in links],
        attempt_ids=[link.attempt_id for link in links],
        facts=[link.facts for link in links],
        hashes=[link.hash for link in links],
    )
    await execute(
        connection,
        queries.move_heads,
        sealed_at=at,
        account_ids=list(ends),
        links=[head.links for head in ends.values()],
        heads=[head.hash for head in ends.values()],
    )
