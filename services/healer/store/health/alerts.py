"""Alerts: one row from the moment a condition holds until it does not, and the events that say both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.alerts import TABLE, Alert, AlertKind, SendErrorRates
from shared.contracts.envelope import enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, load

queries = load(__file__)

SERVICE: Final = "healer"
STACK: Final = "stack"
"""Key of an event that is of no workspace."""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as it is stored; times are technical. `told`: people know that it began."""

    id: int
    workspace_id: UUID | None
    kind: AlertKind
    about: str
    evidence: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    told: bool


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open, by what identifies it."""

    id: int
    workspace_id: UUID | None
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class ChangedAlert:
    """An alert that was opened or closed."""

    id: int
    workspace_id: UUID | None
    kind: str
    about: str
    evidence: dict[str, Any]


async def fetch_error_rates(connection: Connection) -> list[SendErrorRates]:
    """How sends ended lately and usually, of workspaces in which any failed lately."""
    return await fetch_all(connection, queries.errors, SendErrorRates)


async def store_alerts(connection: Connection, true_now: Sequence[Alert], *, at: datetime) -> tuple[int, int]:
    """Open what is new and close what holds no more, each with its event, in the caller's transaction; returns how many of each.

    `at` is business time, for the events.
    """
    open_now = {(row.workspace_id, row.kind, row.about): row.id for row in await fetch_all(connection, queries.open_alerts, OpenAlert)}
    wanted = {alert.key: alert for alert in true_now}
    began = [
        row
        for key, alert in wanted.items()
        if key not in open_now and (row := await _open(connection, alert)) is not None  # else another healer was faster
    ]
    still = [alert_id for key, alert_id in open_now.items() if key in wanted]
    if still:
        await execute(connection, queries.seen, ids=still)
    gone = [alert_id for key, alert_id in open_now.items() if key not in wanted]
    over = await fetch_all(connection, queries.close_alerts, ChangedAlert, ids=gone) if gone else []
    await put(
        connection,
        SERVICE,
        [
            enclose(
                INTEGRITY_EVENTS,
                IntegrityEvent(
                    workspace_id=row.workspace_id,
                    kind=row.kind,
                    severity="info" if state == "over" else "critical",
                    table_name=TABLE,
                    row_id=str(row.id),
                    evidence={**row.evidence, "about": row.about, "state": state},
                ),
                source=SERVICE,
                key=row.workspace_id or STACK,
                at=at,
            )
            for state, rows in (("begun", began), ("over", over))
            for row in rows
        ],
    )
    return len(began), len(over)


async def fetch_unannounced(connection: Connection | asyncpg.Pool, *, most: int) -> list[StoredAlert]:
    """Alerts whose begin or end was not announced yet."""
    return await fetch_all(connection, queries.untold, StoredAlert, most=most)


async def fetch_recipients(connection: Connection | asyncpg.Pool, workspace_id: UUID | None) -> list[UUID]:
    """The workspace it is of while it is active, or every active one."""
    return await fetch_column(connection, queries.who_to_tell, UUID, workspace_id=workspace_id)


async def mark_announced(connection: Connection | asyncpg.Pool, alerts: Sequence[StoredAlert]) -> None:
    """They were told as they stand in `alerts`."""
    over = [alert.id for alert in alerts if alert.closed_at is not None]
    await execute(connection, queries.told, ids=[alert.id for alert in alerts], over=over)


async def _open(connection: Connection, alert: Alert) -> ChangedAlert | None:
    return await fetch_one(
        connection,
        queries.open_alert,
        ChangedAlert,
        workspace_id=alert.workspace_id,
        kind=alert.kind.value,
        about=alert.about,
        evidence=dict(alert.evidence),
    )
