"""Write the schema as it stands after all migrations to shared/db/schema.sql, for reading (`make schema`)."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from embedded.ports import free_port
from embedded.postgres import PostgresServer, installed
from shared.db.migrate import apply

SCHEMA: Final = Path(__file__).resolve().parents[1] / "shared" / "db" / "schema.sql"
HEAD: Final = "-- The schema after all migrations and routines. Made by `make schema`; read it, never edit it.\n"
NOISE: Final = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")


def dump(dsn: str) -> str:
    """The schema of a migrated database without owners, grants and chatter."""
    command = [str(installed() / "bin" / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges", "--no-comments", dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    lines = [line for line in done.stdout.splitlines() if not line.startswith(NOISE)]
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return HEAD + "\n".join(kept).strip() + "\n"


async def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder) / "data", free_port(), durable=False)
        await server.start()
        try:
            dsn = await server.create_database("schema")
            await apply(dsn)
            SCHEMA.write_text(dump(dsn), encoding="utf-8")
        finally:
            await server.stop()
    sys.stdout.write(f"{SCHEMA} written\n")


if __name__ == "__main__":
    asyncio.run(_write())
