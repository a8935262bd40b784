"""What people read in shared/db/schema.sql is what the migrations make."""

import asyncio

from embedded.schema_file import SCHEMA, dump


async def test_the_schema_file_is_what_the_migrations_make(database: str) -> None:
    made = await asyncio.to_thread(dump, database)
    assert SCHEMA.read_text(encoding="utf-8") == made, "run `make schema` and commit the file"
