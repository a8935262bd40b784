"""No query of any store refers to a table, a column or a type that the migrated schema does not have."""

from pathlib import Path

import aiosql
import asyncpg
import pytest

ROOT = Path(__file__).resolve().parents[4]
PLACES = ("services", "shared", "embedded", "cli", "operations")
NOT_QUERIES = {"migrations", "routines"}
FILES = sorted(
    path for place in PLACES for path in (ROOT / place).rglob("*.sql") if path.parent.name not in NOT_QUERIES and path.name != "schema.sql"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
async def test_every_query_of_the_file_prepares_on_the_migrated_schema(path: Path, pool: asyncpg.Pool) -> None:
    queries = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
    async with pool.acquire() as connection:
        for name in queries.available_queries:
            if not name.endswith("_cursor"):
                await connection.prepare(getattr(queries, name).sql)
