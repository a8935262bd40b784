"""The stack's business clock as the clock skipper sees and moves it."""

from dataclasses import dataclass
from datetime import datetime

from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_value, load
from shared.runtime.clock import LEAP_LOCK

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class ClockVersion:
    """Business time, and the version of the clock that says so."""

    now: datetime
    version: int


async def try_lock_clock(connection: Connection) -> bool:
    """Hold the clock alone until the transaction ends; False when a sender is beginning something."""
    return bool(await fetch_value(connection, queries.try_lock_clock, bool, key=LEAP_LOCK))


async def reason_to_stay(connection: Connection) -> str | None:
    """What forbids a skip of the clock."""
    return await fetch_value(connection, queries.reason_to_stay, str)


async def next_moment(connection: Connection) -> datetime | None:
    """When any account may have something to do next (business); None when no known row ever needs anything."""
    return await fetch_value(connection, queries.next_moment, datetime)


async def read_clock(connection: Connection) -> ClockVersion:
    """The clock as it is."""
    [clock] = await fetch_all(connection, queries.read_clock, ClockVersion)
    return clock


async def move_clock(connection: Connection, *, to: datetime, version: int) -> bool:
    """Set the clock forward, unless another process has moved it since `version`."""
    return bool(await fetch_value(connection, queries.move_clock, bool, to=to, version=version))
