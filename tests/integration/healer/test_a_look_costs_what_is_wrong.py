"""No look at the health reads a large table in full: each finds what it is about by an index, or reads a count that is kept."""

from pathlib import Path

import aiosql
import asyncpg
import pytest

from shared.db.pool import Connection

STORE = Path(__file__).resolve().parents[3] / "services/healer/store/health"
FILES = ("counts", "pages", "measurements", "alerts", "risks")
LARGE = frozenset(
    {
        "audit_log",
        "campaign_prospects",
        "cleanup_runs",
        "health_alerts",
        "health_history",
        "history",
        "integrity_findings",
        "integrity_history",
        "leads",
        "prospect_approval_data",
        "send_attempts",
        "send_queue",
    }
)
"""Tables that grow with everything that ever was."""
IN_FULL = {"recount": "counts the whole queue anew, once an hour, and says so"}


async def scanned(connection: Connection, sql: str) -> set[str]:
    """Large tables that the plan for any arguments reads in full, though it was told that this is dear."""
    found: set[str] = set()

    def walk(node: dict[str, object]) -> None:
        if node["Node Type"] == "Seq Scan":
            found.add(str(node["Relation Name"]))
        for child in node.get("Plans", []):  # type: ignore[attr-defined]
            walk(child)

    await connection.execute(f"PREPARE looked AS {sql}")
    given = await connection.fetchval("SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'looked'")
    arguments = f"({', '.join(['NULL'] * given)})" if given else ""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE looked{arguments}")
    await connection.execute("DEALLOCATE looked")
    walk(plan[0]["Plan"])
    return found & LARGE


@pytest.mark.parametrize("name", FILES)
async def test_no_query_of_the_file_reads_a_large_table_in_full(name: str, pool: asyncpg.Pool) -> None:
    queries = aiosql.from_path(STORE / f"{name}.sql", "asyncpg", mandatory_parameters=False)
    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        large = {
            query: tables
            for query in queries.available_queries
            if not query.endswith("_cursor") and query not in IN_FULL
            if (tables := await scanned(connection, getattr(queries, query).sql))
        }
        await connection.execute("RESET enable_seqscan; RESET plan_cache_mode")
    assert large == {}
