"""Is there a healer, and what is written where there is none."""

from datetime import datetime
from typing import Any

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def last_beat(connection: Connection) -> tuple[float | None, datetime | None]:
    """For how many real seconds no healer has said that it lives, and when one last did; None: there never was one."""
    row: Any = await queries.last_beat(connection)
    return row["silent_s"], row["last_beat"]


async def open_finding(connection: Connection, last_beat: datetime) -> bool:
    """Say so in the findings; False when it is said already."""
    return await queries.open_finding(connection, last_beat=last_beat) is not None


async def close_finding(connection: Connection) -> bool:
    """It is there again; False when nothing was open."""
    return await queries.close_finding(connection) is not None
