"""Named queries: SQL in a `.sql` file beside its store, called by name and answered in typed rows.

aiosql reads the files (docs/adr/0010). A result is a frozen dataclass whose fields are the query's columns, with the same
names in the same order, so mypy checks every access; tests/integration/shared/db/test_every_query_call.py compares every call in
the code with the query that the migrated database prepares: its name, its parameters, its columns and their types.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import aiosql
import asyncpg

from shared.db.pool import Connection

T = TypeVar("T")

PREFETCHED: Final = 500
"""Rows that a streamed query fetches at once."""
_ROWS_AFFECTED = re.compile(r"\d+$")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement of a `.sql` file; `parameters` in the order of the statement's `$1`, `$2`, ..."""

    name: str
    sql: str
    parameters: tuple[str, ...]
    function: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The query as aiosql runs it, with untyped rows."""
        return self.function(*args, **kwargs)

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        """The given values in the statement's order.

        Raises:
            TypeError: a parameter is missing, or one is given that the statement does not have.
        """
        if given.keys() != set(self.parameters):
            raise TypeError(f"query {self.name} takes {sorted(self.parameters)}, not {sorted(given)}")
        return [given[name] for name in self.parameters]


class Queries:
    """The queries of one `.sql` file as attributes."""

    def __init__(self, path: Path) -> None:
        read = aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
        order: dict[str, list[str]] = read.driver_adapter.var_sorted
        self.path = path
        self._by_name = {
            name: Query(name, getattr(read, name).sql, tuple(order[name]), getattr(read, name))
            for name in read.available_queries
            if not name.endswith("_cursor")
        }

    def __getattr__(self, name: str) -> Query:
        try:
            return self._by_name[name]
        except KeyError:
            raise AttributeError(f"{self.path.name} has no query {name}") from None

    @property
    def available_queries(self) -> list[str]:
        """The queries' names."""
        return sorted(self._by_name)


def load(python_file: str) -> Queries:
    """The queries of the .sql file beside `python_file` (call it with `__file__`)."""
    return Queries(Path(python_file).with_suffix(".sql"))


async def fetch_all(connection: Connection | asyncpg.Pool, query: Query, row: type[T], /, **parameters: Any) -> list[T]:
    """Every row of the result as a `row`, a dataclass with the query's columns in order."""
    return _typed(row, await connection.fetch(query.sql, *query.arguments(parameters)))


async def fetch_one(connection: Connection | asyncpg.Pool, query: Query, row: type[T], /, **parameters: Any) -> T | None:
    """The first row of the result as a `row`; None when there is none."""
    record = await connection.fetchrow(query.sql, *query.arguments(parameters))
    return None if record is None else _typed(row, [record])[0]


async def fetch_column(connection: Connection | asyncpg.Pool, query: Query, kind: type[T], /, **parameters: Any) -> list[T]:
    """The only column of every row, values of `kind`."""
    convert = kind if issubclass(kind, StrEnum) else None
    records = await connection.fetch(query.sql, *query.arguments(parameters))
    return [record[0] if convert is None else convert(record[0]) for record in records]


async def fetch_value(connection: Connection | asyncpg.Pool, query: Query, kind: type[T], /, **parameters: Any) -> T | None:
    """The only column of the first row, a `kind`; None when there is no row, or the value is NULL."""
    value = await connection.fetchval(query.sql, *query.arguments(parameters))
    return value if value is None or not issubclass(kind, StrEnum) else kind(value)


async def require_one(connection: Connection | asyncpg.Pool, query: Query, row: type[T], /, **parameters: Any) -> T:
    """The row of a query that always has one.

    Raises:
        LookupError: there is none, so a table that must hold one row is empty.
    """
    found = await fetch_one(connection, query, row, **parameters)
    if found is None:
        raise LookupError(f"query {query.name} found no row")
    return found


async def require_value(connection: Connection | asyncpg.Pool, query: Query, kind: type[T], /, **parameters: Any) -> T:
    """The value of a query that always has one.

    Raises:
        LookupError: there is none, so a table that must hold one row is empty.
    """
    value = await fetch_value(connection, query, kind, **parameters)
    if value is None:
        raise LookupError(f"query {query.name} found no value")
    return value


async def execute(connection: Connection | asyncpg.Pool, query: Query, /, **parameters: Any) -> int:
    """Run a statement; returns how many rows it affected, 0 for one that does not count."""
    status = await connection.execute(query.sql, *query.arguments(parameters))
    counted = _ROWS_AFFECTED.search(status)
    return int(counted[0]) if counted else 0


async def stream(connection: Connection, query: Query, row: type[T], /, **parameters: Any) -> AsyncIterator[T]:
    """The rows one after another through a cursor, so that memory does not grow with the result; needs a transaction."""
    build = _builder(row)
    async for record in connection.cursor(query.sql, *query.arguments(parameters), prefetch=PREFETCHED):
        yield build(record)


def _typed(row: type[T], records: Sequence[asyncpg.Record]) -> list[T]:
    build = _builder(row)
    return [build(record) for record in records]


def _builder(row: type[T]) -> Callable[[asyncpg.Record], T]:
    make: Callable[..., T] = row
    return cast("Callable[[asyncpg.Record], T]", _build_row(make))  # a cache forgets the type of what it keeps


@cache
def _build_row(row: Callable[..., Any]) -> Callable[[asyncpg.Record], Any]:
    """How a record becomes a `row`: by position, with the words of enum types made into the enum of the field's type."""
    if not is_dataclass(row):
        raise TypeError(f"{row} is not a dataclass")
    make: Callable[..., Any] = row
    hints = get_type_hints(row)
    enums = [(place, enum) for place, field in enumerate(fields(row)) if (enum := _enum(hints[field.name]))]
    if not enums:
        return lambda record: make(*record)

    def build(record: asyncpg.Record) -> Any:
        values = list(record)
        for place, enum in enums:
            if values[place] is not None:
                values[place] = enum(values[place])
        return make(*values)

    return build


def _enum(hint: Any) -> type[StrEnum] | None:
    """The enum that a field's type names, alone or beside None."""
    candidates = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, StrEnum)), None)
