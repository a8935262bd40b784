"""Bring a database to this version's schema: numbered migrations once, routines whenever their text changed.

Everything runs in one transaction under an advisory lock, so two deployments that start together apply each file
once, and a failure leaves the schema as it was. Files that were applied are never edited: their hash is kept and
compared (STYLE rule 9).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from shared.db.pool import Connection

MIGRATIONS: Final = Path(__file__).with_name("migrations")
ROUTINES: Final = Path(__file__).with_name("routines")
LOCK: Final = 7_228_001  # the advisory lock of migrations: a number that no other lock uses
OLDEST_POSTGRES: Final = 150_000  # security_invoker views came with PostgreSQL 15

BOOKS: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
  version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS schema_routines (
  name text PRIMARY KEY, sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
"""


class SchemaError(Exception):
    """The database cannot be brought, or is not, at this version; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """One .sql file: its sortable name, its text and the hash that tells whether it is the one applied."""

    name: str
    text: str

    @property
    def version(self) -> int:
        """The number a migration's name begins with."""
        return int(self.name.split("_", 1)[0])

    @property
    def sha256(self) -> str:
        """Hex digest of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What `apply` would do, in order, and what stands in its way."""

    migrations: Sequence[File]
    routines: Sequence[File]
    problems: Sequence[str]

    @property
    def empty(self) -> bool:
        """Nothing to do and nothing wrong."""
        return not (self.migrations or self.routines or self.problems)


def files(folder: Path) -> list[File]:
    """The folder's .sql files in order of name."""
    return [File(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


async def plan(connection: Connection) -> MigrationPlan:
    """Compare this version's files with what the database says was applied."""
    if not await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        return MigrationPlan(files(MIGRATIONS), files(ROUTINES), _too_old(connection))
    applied = {
        version: (name, sha256) for version, name, sha256 in await connection.fetch("SELECT version, name, sha256 FROM schema_migrations")
    }
    known = {name: sha256 for name, sha256 in await connection.fetch("SELECT name, sha256 FROM schema_routines")}  # noqa: C416 - a record is no tuple to mypy
    here = {file.version: file for file in files(MIGRATIONS)}
    problems = [
        f"migration {file.name} was edited after it was applied; put the old text back and write a new migration"
        for version, file in here.items()
        if version in applied and applied[version][1] != file.sha256
    ]
    problems += [
        f"the database has migration {name}, which this version does not know; deploy the newer version"
        for version, (name, _) in applied.items()
        if version not in here
    ]
    # A routine may refer to another, so one changed file applies them all, in order.
    changed = any(known.get(file.name) != file.sha256 for file in files(ROUTINES))
    fresh = [file for version, file in here.items() if version not in applied]
    return MigrationPlan(fresh, files(ROUTINES) if changed or fresh else [], [*_too_old(connection), *problems])


async def apply(dsn: str) -> MigrationPlan:
    """Apply what `plan` names, in one transaction; returns what was done.

    Raises:
        SchemaError: something stands in the way; nothing was changed.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            todo = await plan(connection)
            if todo.problems:
                raise SchemaError("; ".join(todo.problems))
            await connection.execute(BOOKS)
            for file in todo.migrations:
                await _run(connection, file)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)", file.version, file.name, file.sha256
                )
            for file in todo.routines:
                await _run(connection, file)
                await connection.execute(
                    """INSERT INTO schema_routines (name, sha256) VALUES ($1, $2)
                       ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now(), updated_at = now()""",
                    file.name,
                    file.sha256,
                )
            return todo
    finally:
        await connection.close()


async def require_current(connection: Connection) -> None:
    """Refuse to start on a schema behind this version's; a newer one is fine, for schemas expand before they contract.

    Raises:
        SchemaError: names the missing migrations and the command that applies them.
    """
    if not await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        raise SchemaError("The database has no schema of Tact yet. Run `tact migrate apply` first.")
    applied = {version for (version,) in await connection.fetch("SELECT version FROM schema_migrations")}
    missing = [file.name for file in files(MIGRATIONS) if file.version not in applied]
    if missing:
        raise SchemaError(f"The database's schema is behind this version: {', '.join(missing)} missing. Run `tact migrate apply` first.")


async def _run(connection: asyncpg.Connection, file: File) -> None:
    try:
        await connection.execute(file.text)
    except asyncpg.PostgresError as error:
        raise SchemaError(f"{file.name}.sql failed, nothing was changed: {error}") from error


def _too_old(connection: Connection) -> list[str]:
    version = connection.get_server_version()
    if version.major * 10_000 >= OLDEST_POSTGRES:
        return []
    return [f"PostgreSQL {version.major} is too old, Tact needs 15 or newer"]
