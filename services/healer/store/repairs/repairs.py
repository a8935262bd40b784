"""Findings with their repairs: written down once, applied, refused and undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from shared.contracts.envelope import Envelope, enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.db.statements import business_now, write_audit_line

queries = load(__file__)

MOST_TIMES: Final = 3
"""Repairs of one row within an hour; then something keeps breaking it, and a person is asked."""
KEEPS_BREAKING: Final = "It was repaired three times within the hour and is wrong again: something keeps writing it. Stop that first."


@dataclass(frozen=True, slots=True)
class RecordedFinding:
    """A finding as it was stored; `new` where it was not open before."""

    id: int
    workspace_id: UUID | None
    kind: str
    severity: str
    table_name: str
    row_id: str
    evidence: dict[str, Any]
    new: bool


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A row of integrity_findings; times are technical but `occurred_at`, which the corrupted row tells."""

    id: int
    workspace_id: UUID | None
    campaign_id: UUID | None
    kind: str
    severity: str
    table_name: str
    row_id: str
    evidence: dict[str, Any]
    state: str
    repair: str | None
    changes: list[dict[str, Any]]
    why: str | None
    found_at: datetime
    occurred_at: datetime | None
    closed_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class RepairableFinding:
    """A finding that needs no decision, and how often its row was repaired within the hour."""

    id: int
    times: int


@dataclass(frozen=True, slots=True)
class RepairAnswer:
    """What became of one repair."""

    finding_id: int
    answer: str


@dataclass(frozen=True, slots=True)
class RefusedFinding:
    """What the audit line says of a finding whose repair an operator refused."""

    workspace_id: UUID | None
    kind: str
    row_id: str


async def record_repairs(connection: Connection, rows: Sequence[dict[str, Any]], *, now: datetime | None = None) -> list[int]:
    """Write down what is new, each with its event; returns the findings whose repair needs no decision."""
    if not rows:
        return []
    written = await fetch_all(connection, queries.record, RecordedFinding, rows=list(rows))
    at = now or await business_now(connection)
    await put(connection, "healer", [_build_event(row, at) for row in written if row.new])
    waiting = await fetch_all(connection, queries.mending_themselves, RepairableFinding, rows=list(rows))
    if again := [row.id for row in waiting if row.times >= MOST_TIMES]:
        await execute(connection, queries.hand_to_person, ids=again, why=KEEPS_BREAKING)
    return [row.id for row in waiting if row.times < MOST_TIMES]


async def lock_repairs(connection: Connection) -> None:
    """One process at a time finds and counts: what two find at once would be mended twice."""
    await execute(connection, queries.lock_healing)


async def apply_repairs(connection: Connection, ids: Sequence[int], *, actor: str) -> dict[int, str]:
    """Apply them by sets, none keeping another; returns what became of each (as apply_repair says, or `refused: ...`)."""
    rows = await fetch_all(connection, queries.apply, RepairAnswer, ids=list(ids), actor=actor)
    return {row.finding_id: row.answer for row in rows}


async def close_others(connection: Connection, *, kinds: Sequence[str], looked_at: Sequence[str], found: Sequence[tuple[str, str]]) -> int:
    """Close findings of rows that were looked at and are in order; returns how many."""
    rows = await fetch_column(
        connection,
        queries.close_others,
        int,
        kinds=list(kinds),
        looked_at=list(looked_at),
        kinds_found=[kind for kind, _ in found],
        rows_found=[row for _, row in found],
    )
    return len(rows)


async def close_gone(connection: Connection, kind: str, *, found: Sequence[tuple[str, str]]) -> int:
    """Close the findings of a kind that was looked through as a whole and lacks them; returns how many."""
    return len(await fetch_column(connection, queries.close_gone, int, kind=kind, found=[f"{table} {row}" for table, row in found]))


async def apply_or_undo(connection: Connection, finding: int, *, undo: bool, actor: str) -> str:
    """Apply one, or take it back; answers as apply_repair.

    Raises:
        asyncpg.IntegrityConstraintViolationError: the rows refuse it; nothing was changed.
    """
    if undo:
        return await fetch_value(connection, queries.undo_one, str, id=finding, actor=actor) or ""
    return await fetch_value(connection, queries.apply_one, str, id=finding, actor=actor) or ""


async def refuse_repair(connection: Connection, finding: int, *, actor: str, reason: str) -> bool:
    """Leave the row as it is, for good; False when it was decided already."""
    refused = await fetch_one(connection, queries.refuse, RefusedFinding, id=finding, actor=actor)
    if refused is None:
        return False
    details = {"reason": reason, "kind": refused.kind, "row": refused.row_id}
    await write_audit_line(connection, actor, "refuse", "finding", finding, workspace_id=refused.workspace_id, details=details)
    return True


async def fetch_finding(connection: Connection | asyncpg.Pool, finding: int) -> StoredFinding | None:
    """A finding, as its row stands; None where the connection may see none."""
    return await fetch_one(connection, queries.one_finding, StoredFinding, id=finding)


async def fetch_findings(
    connection: Connection | asyncpg.Pool,
    *,
    before: int | None = None,
    states: Sequence[str] | None = None,
    kind: str | None = None,
    campaign_id: UUID | None = None,
    workspace_id: UUID | None = None,
    most: int = 50,
) -> list[StoredFinding]:
    """Newest first, at most so many."""
    return await fetch_all(
        connection,
        queries.findings,
        StoredFinding,
        before=before,
        states=list(states) if states else None,
        kind=kind,
        campaign_id=campaign_id,
        workspace_id=workspace_id,
        most=most,
    )


def _build_event(row: RecordedFinding, at: datetime) -> Envelope:
    event = IntegrityEvent(
        workspace_id=row.workspace_id,
        kind=row.kind,
        severity=row.severity,
        table_name=row.table_name,
        row_id=row.row_id,
        evidence=row.evidence,
    )
    return enclose(INTEGRITY_EVENTS, event, source="healer", key=row.workspace_id or UUID(int=0), at=at)
