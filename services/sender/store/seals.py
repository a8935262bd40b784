"""The ledger's seals as rows: what is to be sealed, the heads of chains, and new links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load
from shared.ledger.chain import NOTHING, Head

queries = load(__file__)

LOCK: int = 7_225_001
"""The advisory lock of sealing."""

Row = Mapping[str, Any]
"""One row of `attempt_facts`."""


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


async def take_lead(connection: Connection) -> bool:
    """Whether this transaction is the one that seals."""
    return bool(await queries.take_lead(connection, space=LOCK))


async def bound(connection: Connection) -> Bound:
    """The newest attempt, and what must be over before all up to it can be seen."""
    newest = await queries.newest(connection)
    row = await queries.bound(connection)
    return Bound(newest, row["own_xid"], row["oldest_xid"])


async def sealed_to(connection: Connection) -> int:
    """Up to which attempt everything was looked at."""
    return int(await queries.sealed_to(connection))


async def seconds_behind(connection: Connection) -> float:
    """How long the first attempt that was not looked at has been there; 0: none."""
    row = await queries.behind(connection)
    return max(0.0, row["age_s"]) if row else 0.0


async def next_attempts(connection: Connection, *, after: int, upto: int, most: int) -> list[Row]:
    """Attempts in order of their numbers."""
    return [row async for row in queries.next_attempts(connection, after=after, upto=upto, most=most)]


async def move_on(connection: Connection, *, upto: int) -> None:
    """Everything up to there was looked at."""
    await queries.move_on(connection, sealed_to=upto)


async def await_answers(connection: Connection, rows: Sequence[Row]) -> None:
    """Look at these again when they are answered."""
    if rows:
        await queries.await_answers(connection, attempt_ids=[row["id"] for row in rows], account_ids=[row["account_id"] for row in rows])


async def take_queued(connection: Connection, *, upto: int, most: int) -> list[Row]:
    """What up to `upto` was answered or changed since it was passed, each once, with what was sealed of it last."""
    rows = queries.take_queued(connection, upto=upto, most=most)
    taken = sorted({(row["attempt_id"], row["account_id"]) async for row in rows})
    if not taken:
        return []
    found = queries.queued_attempts(connection, attempt_ids=[each for each, _ in taken], account_ids=[account for _, account in taken])
    return [row async for row in found]


async def heads(connection: Connection, account_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """Where these accounts' chains end."""
    rows = queries.heads(connection, account_ids=list(account_ids))
    return {row["account_id"]: Head(row["links"], row["head"] or NOTHING) async for row in rows}


async def technical_now(connection: Connection) -> datetime:
    """The moment that the links of a batch bear."""
    at: datetime = await queries.technical_now(connection)
    return at


async def add(connection: Connection, links: Sequence[Link], ends: Mapping[UUID, Head], *, form: int, at: datetime) -> None:
    """Write links and the heads they lead to."""
    if not links:
        return
    await queries.add_links(
        connection,
        form=form,
        sealed_at=at,
        account_ids=[link.account_id for link in links],
        link_nos=[link.link_no for link in links],
        attempt_ids=[link.attempt_id for link in links],
        facts=[link.facts for link in links],
        hashes=[link.hash for link in links],
    )
    await queries.move_heads(
        connection,
        sealed_at=at,
        account_ids=list(ends),
        links=[head.links for head in ends.values()],
        heads=[head.hash for head in ends.values()],
    )
