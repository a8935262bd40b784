"""The stack's clock as the leaper sees and moves it."""

from datetime import datetime

from shared.db.pool import Connection
from shared.db.queries import load
from shared.runtime.clock import LEAP_LOCK

queries = load(__file__)


async def take(connection: Connection) -> bool:
    """Hold the clock alone until the transaction ends; False when a sender is beginning something."""
    taken: bool = await queries.take_clock(connection, key=LEAP_LOCK)
    return taken


async def in_hand(connection: Connection) -> str | None:
    """What speaks against a leap."""
    found: str | None = await queries.in_hand(connection)
    return found


async def next_moment(connection: Connection) -> datetime | None:
    """When any account may have something to do next (business); None when no known row ever needs anything."""
    found: datetime | None = await queries.next_moment(connection)
    return found


async def read(connection: Connection) -> tuple[datetime, int]:
    """Business time, and the version of the clock that says so."""
    row = await queries.read(connection)
    return row["now"], row["version"]


async def leap(connection: Connection, *, to: datetime, version: int) -> bool:
    """Set the clock forward, unless another process has moved it since `version`."""
    return bool(await queries.leap(connection, to=to, version=version))
