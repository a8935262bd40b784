"""Sends that wait until their lead's other sequence is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, load
from shared.db.statements import lock_accounts, wake_accounts

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class HeldSend:
    """A send that waits; `over` when no sequence of its lead comes before it any more."""

    id: UUID
    account_id: UUID
    over: bool


async def load_held(connection: Connection, after: UUID, *, most: int) -> list[HeldSend]:
    """The next held sends in order of id."""
    return await fetch_all(connection, queries.held_sends, HeldSend, after=after, most=most)


async def release_held(connection: Connection, sends: Sequence[HeldSend]) -> int:
    """Let these be dispatched again and wake their accounts; returns how many were still held."""
    accounts = await lock_accounts(connection, {send.account_id for send in sends})
    released = await execute(connection, queries.release_held, send_ids=sorted(send.id for send in sends))
    await wake_accounts(connection, accounts)
    return released
