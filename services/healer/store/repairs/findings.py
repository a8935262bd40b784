"""Findings: what breaks a rule, once per kind, table and row."""

from collections.abc import Sequence

import asyncpg

from shared.contracts.integrity_events import IntegrityEvent
from shared.db.pool import Connection as OneConnection
from shared.db.queries import load

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


async def record_findings(connection: Connection, found: Sequence[IntegrityEvent]) -> int:
    """Store what is new; returns how many."""
    return len(await record_new_findings(connection, found))


async def record_new_findings(connection: Connection, found: Sequence[IntegrityEvent]) -> frozenset[tuple[str, str, str]]:
    """The same; returns kind, table and row of what was new."""
    if not found:
        return frozenset()
    rows = [one.model_dump(mode="json") for one in found]
    return frozenset([(row["kind"], row["table_name"], row["row_id"]) async for row in queries.record(connection, rows=rows)])


async def close_findings(connection: Connection, *, kind: str, table_name: str, row_ids: Sequence[str]) -> None:
    """The rows are in order again."""
    await queries.close(connection, kind=kind, table_name=table_name, row_ids=list(row_ids))


async def count_open_by_severity(connection: Connection) -> dict[str, int]:
    """How many are open."""
    return {row["severity"]: row["many"] async for row in queries.open_by_severity(connection)}
