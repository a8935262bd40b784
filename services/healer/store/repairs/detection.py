"""Rows that break a rule, detected kind by kind, each with the changes that would repair it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.healer.rules.repairs.finding_kinds import GUARDS, KINDS
from services.healer.store.repairs import repairs
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, load

queries = load(__file__)

SETTLED: Final = timedelta(seconds=60)
"""Technical: a relation is the poller's to match for as long."""
STUCK: Final = timedelta(minutes=10)
"""Technical: how long a send may be dispatched or sending; its owner's leases and look-ups end before."""


@dataclass(frozen=True, slots=True)
class DetectedRow:
    """One row that breaks a rule. `why` None: its repair applies itself."""

    kind: str
    workspace_id: UUID | None
    campaign_id: UUID | None
    table_name: str
    row_id: str
    occurred_at: datetime | None
    evidence: dict[str, Any]
    changes: list[dict[str, Any]]
    why: str | None

    @property
    def mends_itself(self) -> bool:
        """Whether it is applied without asking."""
        return self.why is None and bool(self.changes)


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that breaks a rule, as every detection query answers it."""

    workspace_id: UUID | None
    campaign_id: UUID | None
    table_name: str
    row_id: str
    occurred_at: datetime | None
    evidence: dict[str, Any]
    changes: list[dict[str, Any]]
    why: str | None


async def detect_in_prospects(connection: Connection, kind: str, ids: Sequence[UUID], *, now: datetime) -> list[DetectedRow]:
    """What of this kind stands in the rows of these prospects."""
    query = getattr(queries, kind)
    given = {"ids": list(ids), "now": now, "settled": SETTLED}
    rows = await fetch_all(connection, query, BrokenRow, **{name: given[name] for name in query.parameters})
    return [_build_detected(kind, row) for row in rows]


async def detect_in_campaigns(connection: Connection, ids: Sequence[UUID]) -> list[DetectedRow]:
    """Campaigns whose counts are wrong."""
    return [
        _build_detected("counters_differ", row) for row in await fetch_all(connection, queries.counters_differ, BrokenRow, ids=list(ids))
    ]


async def detect_in_totals(connection: Connection) -> list[DetectedRow]:
    """Kept totals that are wrong."""
    return [_build_detected("total_differs", row) for row in await fetch_all(connection, queries.total_differs, BrokenRow)]


async def detect_in_hand(connection: Connection, kind: str, *, most: int) -> list[DetectedRow]:
    """Sends that no process will finish."""
    return [_build_detected(kind, row) for row in await fetch_all(connection, getattr(queries, kind), BrokenRow, stuck=STUCK, most=most)]


async def detect_missing_guards(connection: Connection) -> list[DetectedRow]:
    """Triggers and indexes that are not there, or switched off."""
    names, tables, whats = zip(*GUARDS, strict=True)
    rows = await fetch_all(connection, queries.guards_off, BrokenRow, names=list(names), tables=list(tables), whats=list(whats))
    return [_build_detected("guards_off", row) for row in rows]


async def find_prospects_with_duplicates(connection: Connection, *, most: int) -> list[UUID]:
    """Prospects with several rows of one step; reads the whole table, so only asked while its constraint is missing."""
    return await fetch_column(connection, queries.prospects_with_duplicates, UUID, most=most)


async def record_detected(connection: Connection, found: Sequence[DetectedRow]) -> list[int]:
    """Write them down, telling those that are new; returns the findings that mend themselves."""
    return await repairs.record_repairs(connection, [_encode_finding(find) for find in found])


def _encode_finding(find: DetectedRow) -> dict[str, Any]:
    kind = KINDS[find.kind]
    return {
        "workspace_id": find.workspace_id and str(find.workspace_id),
        "campaign_id": find.campaign_id and str(find.campaign_id),
        "kind": find.kind,
        "severity": kind.severity,
        "table_name": find.table_name,
        "row_id": find.row_id,
        "evidence": find.evidence,
        "repair": kind.repair if find.changes else None,
        "changes": find.changes,
        "why": find.why or (None if find.changes else kind.person),
        "occurred_at": find.occurred_at and find.occurred_at.isoformat(),
        "state": "open" if find.mends_itself or not find.changes else "proposed",
    }


def _build_detected(kind: str, row: BrokenRow) -> DetectedRow:
    return DetectedRow(
        kind=kind,
        workspace_id=row.workspace_id,
        campaign_id=row.campaign_id,
        table_name=row.table_name,
        row_id=row.row_id,
        occurred_at=row.occurred_at,
        evidence=row.evidence,
        changes=row.changes,
        why=row.why,
    )
