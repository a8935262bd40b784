"""The healer's last heartbeat, and what is written while no healer runs: a finding, an alert, the deliveries of its notice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.notices.silence import ALERT
from shared.notices.store import DeliveryAttempt, DeliveryRow, build_delivery_attempt

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class HealerHeartbeat:
    """For how many real seconds the healer's heartbeat is overdue, and when it last came; None: no healer has ever run."""

    silent_s: float | None
    last_beat: datetime | None


@dataclass(frozen=True, slots=True)
class SilenceAlert:
    """The open alert for which no notice was sent."""

    id: int
    evidence: Mapping[str, Any]


async def read_heartbeat(connection: Connection) -> HealerHeartbeat:
    """The last heartbeat of any healer."""
    return await fetch_one(connection, queries.last_beat, HealerHeartbeat) or HealerHeartbeat(None, None)


async def open_finding(connection: Connection, last_beat: datetime, evidence: Mapping[str, Any]) -> bool:
    """Record that no healer runs; False when that is recorded already.

    `evidence` is that of the event: the healer takes an event with the evidence of a finding for the same event published again.
    """
    return await fetch_value(connection, queries.open_finding, int, last_beat=last_beat, evidence=dict(evidence)) is not None


async def close_finding(connection: Connection) -> bool:
    """Record that a healer runs again; False when nothing was open."""
    return await fetch_value(connection, queries.close_finding, int) is not None


async def open_alert(connection: Connection, evidence: Mapping[str, Any]) -> SilenceAlert | None:
    """The open alert without a notice; opened now where there is none. None: a notice was sent.

    Its row is locked until the transaction ends.
    """
    await execute(connection, queries.open_alert, kind=ALERT, evidence=dict(evidence))
    return await fetch_one(connection, queries.untold, SilenceAlert, kind=ALERT)


async def list_active_workspaces(connection: Connection) -> list[UUID]:
    """The workspaces that get the notice."""
    return await fetch_column(connection, queries.active_workspaces, UUID)


async def mark_notified(connection: Connection, alert_id: int) -> None:
    """Record that the alert has its notice; the healer sends the notice that the silence is over, once it runs again."""
    await execute(connection, queries.mark_notified, id=alert_id)


async def claim_deliveries(pool: asyncpg.Pool, *, most: int, lease: timedelta) -> list[DeliveryAttempt]:
    """Deliveries of that notice that are due; none while a healer runs, for then they are its own. `lease` is technical."""
    return [build_delivery_attempt(row) for row in await fetch_all(pool, queries.claim_deliveries, DeliveryRow, most=most, lease=lease)]
