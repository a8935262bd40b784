"""Findings: what breaks a rule, once per kind, table and row."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from shared.contracts.integrity_events import IntegrityEvent
from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, load

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class NewFinding:
    """A finding that was not open before."""

    id: int
    kind: str
    table_name: str
    row_id: str


@dataclass(frozen=True, slots=True)
class SeverityCount:
    """How many findings of a severity are open."""

    severity: str
    many: int


async def record_findings(connection: Connection, found: Sequence[IntegrityEvent]) -> int:
    """Store what is new; returns how many."""
    return len(await record_new_findings(connection, found))


async def record_new_findings(connection: Connection, found: Sequence[IntegrityEvent]) -> frozenset[tuple[str, str, str]]:
    """The same; returns kind, table and row of what was new."""
    if not found:
        return frozenset()
    rows = [one.model_dump(mode="json") for one in found]
    new = await fetch_all(connection, queries.record, NewFinding, rows=rows)
    return frozenset((row.kind, row.table_name, row.row_id) for row in new)


async def close_findings(connection: Connection, *, kind: str, table_name: str, row_ids: Sequence[str]) -> None:
    """The rows are in order again."""
    await execute(connection, queries.close, kind=kind, table_name=table_name, row_ids=list(row_ids))


async def count_open_by_severity(connection: Connection) -> dict[str, int]:
    """How many are open."""
    return {row.severity: row.many for row in await fetch_all(connection, queries.open_by_severity, SeverityCount)}
