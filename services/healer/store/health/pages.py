"""What people read beside the score: the queue by status, the score over time, runs, times to repair, alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.healer.rules.health.alerts import AlertKind
from services.healer.rules.health.repair_times import TimeBucket
from shared.db.pool import Connection as OneConnection
from shared.db.queries import fetch_all, fetch_column, fetch_value, load
from shared.db.statements import write_audit_line
from shared.vocabulary import SendStatus

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class QueueStatusCount:
    """How many sends have a status, and from when until when (business time): of those that have not ended, when they are
    planned to leave; of those that have, when the first and the last one did."""

    status: str
    sends: int
    earliest_at: datetime | None = None
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaitingSpan:
    """When the first and the last pending send are planned (business)."""

    earliest_at: datetime | None
    latest_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A score as it was; real time. `figures`: what was counted, and under `taken` what it cost."""

    measured_at: datetime
    score: float
    status: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CleanupRun:
    """A run of the clean-up, of whatever workspaces' rows; technical time."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    trigger: str
    fixed_count: int | None
    campaign_ids: list[str]
    error: str | None


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What runs repaired of one workspace."""

    fixed_count: int
    campaign_ids: list[str]


@dataclass(frozen=True, slots=True)
class KindTimes:
    """What one step of the scale holds of one kind of repair."""

    kind: str
    bucket: int
    repaired: int
    within: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert; technical time."""

    id: int
    workspace_id: UUID | None
    kind: AlertKind
    about: str
    evidence: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None


async def fetch_status_counts(connection: Connection, *, workspace_id: UUID | None) -> list[QueueStatusCount]:
    """Every status, in the order of a send's life."""
    in_hand = {row.status: row for row in await fetch_all(connection, queries.in_hand, QueueStatusCount, workspace_id=workspace_id)}
    counted = {row.status: row for row in await fetch_all(connection, queries.counted, QueueStatusCount, workspace_id=workspace_id)}
    span = (await fetch_all(connection, queries.waiting_span, WaitingSpan, workspace_id=workspace_id))[0]
    open_ones = counted["open"].sends if "open" in counted else 0
    waiting = max(0, open_ones - sum(row.sends for row in in_hand.values()))
    pending = QueueStatusCount(SendStatus.PENDING, waiting, span.earliest_at, span.latest_at)
    rows = {status: row for status, row in counted.items() if row.sends > 0} | in_hand
    others = [status for status in SendStatus if status is not SendStatus.PENDING]
    return [pending, *(rows.get(status) or QueueStatusCount(status, 0) for status in others)]


async def fetch_scores(connection: Connection, *, workspace_id: UUID | None, span: timedelta, most: int) -> list[StoredScore]:
    """The score over time, newest first; None: the whole stack's."""
    if workspace_id is None:
        return await fetch_all(connection, queries.scores_of_stack, StoredScore, span=span, most=most)
    return await fetch_all(connection, queries.scores, StoredScore, workspace_id=workspace_id, span=span, most=most)


async def fetch_cleanup_runs(connection: Connection, *, before: int | None, most: int) -> list[CleanupRun]:
    """Newest first."""
    return await fetch_all(connection, queries.runs, CleanupRun, before=before, most=most)


async def select_own_campaigns(connection: Connection, ids: Sequence[str], *, workspace_id: UUID) -> frozenset[str]:
    """Which of these campaigns are the workspace's."""
    return frozenset(await fetch_column(connection, queries.own_campaigns, str, workspace_id=workspace_id, ids=list(ids)))


async def fetch_own_part(connection: Connection, run_ids: Sequence[int], *, workspace_id: UUID) -> OwnPart:
    """What runs repaired of one workspace."""
    return (await fetch_all(connection, queries.own_part, OwnPart, run_ids=list(run_ids), workspace_id=workspace_id))[0]


async def fetch_repair_times(connection: Connection, *, workspace_id: UUID | None, span: timedelta) -> dict[str, list[TimeBucket]]:
    """Steps of the scale, by kind of repair."""
    found: dict[str, list[TimeBucket]] = {}
    for row in await fetch_all(connection, queries.repair_times, KindTimes, workspace_id=workspace_id, span=span):
        found.setdefault(row.kind, []).append(TimeBucket(row.bucket, row.repaired, row.within, row.seconds))
    return found


async def fetch_objective(connection: Connection, workspace_id: UUID) -> timedelta | None:
    """The workspace's own; None: it has none, or there is no such workspace."""
    return await fetch_value(connection, queries.objective, timedelta, workspace_id=workspace_id)


async def set_objective(connection: OneConnection, workspace_id: UUID, objective: timedelta | None, *, actor: str) -> bool:
    """Set it, or remove it; False when there is no such workspace."""
    async with connection.transaction():
        if await fetch_value(connection, queries.set_objective, UUID, workspace_id=workspace_id, objective=objective) is None:
            return False
        seconds = objective and objective.total_seconds()
        details = {"seconds": seconds}
        await write_audit_line(
            connection, actor, "set repair objective", "workspace", workspace_id, workspace_id=workspace_id, details=details
        )
    return True


async def fetch_alerts(connection: Connection, *, workspace_id: UUID | None, only_open: bool, most: int) -> list[ListedAlert]:
    """Open ones first, then the newest that are over."""
    return await fetch_all(connection, queries.alerts, ListedAlert, workspace_id=workspace_id, only_open=only_open, most=most)
