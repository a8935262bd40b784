"""What people read beside the score: the queue by status, the score over time, runs, times to repair, alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.healer.rules.health.repair_times import TimeBucket
from shared.db.pool import Connection as OneConnection
from shared.db.queries import load
from shared.db.statements import write_audit_line

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many sends have a status, and from when until when (business time): of those that have not ended, when they are
    planned to leave; of those that have, when the first and the last one did."""

    status: str
    sends: int
    earliest_at: datetime | None
    latest_at: datetime | None


async def fetch_status_counts(connection: Connection, *, workspace_id: UUID | None) -> list[StatusCount]:
    """Every status, in the order of a send's life."""
    in_hand = {row["status"]: row async for row in queries.in_hand(connection, workspace_id=workspace_id)}
    counted = {row["status"]: row async for row in queries.counted(connection, workspace_id=workspace_id)}
    span = await queries.waiting_span(connection, workspace_id=workspace_id)
    open_ones = counted["open"]["sends"] if "open" in counted else 0
    waiting = max(0, open_ones - sum(row["sends"] for row in in_hand.values()))
    standings = [StatusCount("pending", waiting, span["earliest_at"], span["latest_at"])]
    for status, rows in (
        ("dispatched", in_hand),
        ("sending", in_hand),
        *((s, counted) for s in ("sent", "failed", "skipped", "cancelled")),
    ):
        row = rows.get(status)
        there = row is not None and row["sends"] > 0
        standings.append(
            StatusCount(status, row["sends"], row["earliest_at"], row["latest_at"]) if row and there else StatusCount(status, 0, None, None)
        )
    return standings


async def fetch_scores(connection: Connection, *, workspace_id: UUID | None, span: timedelta, most: int) -> list[Row]:
    """The score over time, newest first; None: the whole stack's."""
    if workspace_id is None:
        return [dict(row) async for row in queries.scores_of_stack(connection, span=span, most=most)]
    return [dict(row) async for row in queries.scores(connection, workspace_id=workspace_id, span=span, most=most)]


async def fetch_cleanup_runs(connection: Connection, *, before: int | None, most: int) -> list[Row]:
    """Runs of the clean-up, newest first, whosever rows they mended; `seconds` is their duration."""
    return [dict(row) async for row in queries.runs(connection, before=before, most=most)]


async def select_own_campaigns(connection: Connection, ids: Sequence[str], *, workspace_id: UUID) -> frozenset[str]:
    """Which of these campaigns are the workspace's."""
    return frozenset([row["id"] async for row in queries.own_campaigns(connection, workspace_id=workspace_id, ids=list(ids))])


async def fetch_own_part(connection: Connection, run_ids: Sequence[int], *, workspace_id: UUID) -> Row:
    """What runs mended of one workspace: `fixed_count` and `campaign_ids`."""
    return dict(await queries.own_part(connection, run_ids=list(run_ids), workspace_id=workspace_id))


async def fetch_repair_times(connection: Connection, *, workspace_id: UUID | None, span: timedelta) -> dict[str, list[TimeBucket]]:
    """Steps of the scale, by kind of repair."""
    found: dict[str, list[TimeBucket]] = {}
    async for row in queries.repair_times(connection, workspace_id=workspace_id, span=span):
        found.setdefault(row["kind"], []).append(TimeBucket(row["bucket"], row["repaired"], row["within"], row["seconds"]))
    return found


async def fetch_objective(connection: Connection, workspace_id: UUID) -> timedelta | None:
    """The workspace's own; None: it has none, or there is no such workspace."""
    row = await queries.objective(connection, workspace_id=workspace_id)
    found: timedelta | None = row and row["repair_objective"]
    return found


async def set_objective(connection: OneConnection, workspace_id: UUID, objective: timedelta | None, *, actor: str) -> bool:
    """Set it, or take it away; False when there is no such workspace."""
    async with connection.transaction():
        if await queries.set_objective(connection, workspace_id=workspace_id, objective=objective) is None:
            return False
        seconds = objective and objective.total_seconds()
        details = {"seconds": seconds}
        await write_audit_line(
            connection, actor, "set repair objective", "workspace", workspace_id, workspace_id=workspace_id, details=details
        )
    return True


async def fetch_alerts(connection: Connection, *, workspace_id: UUID | None, only_open: bool, most: int) -> list[Row]:
    """Open ones first, then the newest that are over."""
    return [dict(row) async for row in queries.alerts(connection, workspace_id=workspace_id, only_open=only_open, most=most)]
