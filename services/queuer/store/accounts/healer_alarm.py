"""The alert that no healer lives, and the deliveries of its notice."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection
from shared.db.queries import load
from shared.notices.silence import ALERT
from shared.notices.store import DeliveryAttempt, try_of

queries = load(__file__)


async def open_untold(connection: Connection, evidence: Mapping[str, Any]) -> tuple[int, dict[str, Any]] | None:
    """The open alert without a notice, with its evidence; opened now where there is none. None: a notice was sent.

    Its row is locked until the transaction ends.
    """
    await queries.open_alert(connection, kind=ALERT, evidence=dict(evidence))
    row: Any = await queries.untold(connection, kind=ALERT)
    return None if row is None else (row["id"], row["evidence"])


async def who_to_tell(connection: Connection) -> list[UUID]:
    """Every active workspace."""
    return [row["id"] async for row in queries.who_to_tell(connection)]


async def told(connection: Connection, alert_id: int) -> None:
    """People were told that it began; that it is over the healer tells, when it is there again."""
    await queries.told(connection, id=alert_id)


async def take(pool: asyncpg.Pool, *, most: int, lease: timedelta) -> list[DeliveryAttempt]:
    """Deliveries of that notice that are due; nothing once a healer lives, for then they are its own. `lease` is technical."""
    return [try_of(row) async for row in queries.take(pool, most=most, lease=lease)]
