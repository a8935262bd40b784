"""Sends that wait until their lead's other sequence is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load
from shared.db.statements import lock_accounts, wake_accounts

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Held:
    """A send that waits; `over` when nothing of its lead's is before it any more."""

    send_id: UUID
    account_id: UUID
    over: bool


async def waiting(connection: Connection, after: UUID, *, most: int) -> list[Held]:
    """The next of them in order of id."""
    return [Held(row["id"], row["account_id"], row["over"]) async for row in queries.waiting(connection, after=after, most=most)]


async def free(connection: Connection, sends: Sequence[Held]) -> int:
    """These may be dispatched again, and their accounts are looked at; how many that were still held."""
    accounts = sorted({send.account_id for send in sends})
    await lock_accounts(connection, accounts)
    freed = [row["id"] async for row in queries.free(connection, send_ids=sorted(send.send_id for send in sends))]
    await wake_accounts(connection, accounts)
    return len(freed)
