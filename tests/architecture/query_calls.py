"""Every call of a named query in the product, with the query it runs, the parameters it passes and the type of its rows."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shared.db.queries import Queries, Query
from tests.architecture.source import python_files, tree

PLACES: Final = ("services", "shared", "operations", "cli", "embedded", "bench")
ROWS: Final = ("fetch_all", "fetch_one", "require_one", "stream")
"""Functions of shared/db/queries.py whose third argument is the dataclass of a row."""
VALUES: Final = ("fetch_column", "fetch_value", "require_value")
"""Functions whose third argument is the type of the only column."""
TYPED: Final = (*ROWS, *VALUES, "execute")


@dataclass(frozen=True)
class QueryCall:
    """One call: `way` is the function it goes through, "call" for a query that is called itself and answers untyped records."""

    place: str
    way: str
    query: Query | None
    name: str
    passed: frozenset[str]
    kind: Any


@cache
def query_calls() -> tuple[QueryCall, ...]:
    """Every call of a query in the product's Python files."""
    return tuple(call for place in PLACES for path in python_files(place) for call in calls_in(path, tree(path)))


def calls_in(path: Path, module: ast.Module) -> Iterator[QueryCall]:
    """The calls of one parsed file; the file is imported only when one of its names may be a query's."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _query_name(node) is not None]
    if not calls:
        return
    names: dict[str, Any] = vars(import_module(".".join(path.with_suffix("").parts)))
    for node in calls:
        found = _query_name(node)
        assert found is not None
        way, owner, name = found
        queries = names.get(owner)
        if not isinstance(queries, Queries):
            continue
        kind = None
        if way in (*ROWS, *VALUES):
            kind = eval(compile(ast.Expression(node.args[2]), str(path), "eval"), names)  # noqa: S307 - our own source
        query = getattr(queries, name) if name in queries.available_queries else None
        yield QueryCall(f"{path}:{node.lineno}", way, query, name, frozenset(word.arg or "**" for word in node.keywords), kind)


def _query_name(node: ast.Call) -> tuple[str, str, str] | None:
    """How a call reaches a query: (function, variable of the queries, the query's name); None for any other call."""
    if isinstance(node.func, ast.Name) and node.func.id in TYPED and len(node.args) > 1:
        query, way = node.args[1], node.func.id
    else:
        query, way = node.func, "call"
    if isinstance(query, ast.Attribute) and isinstance(query.value, ast.Name):
        return way, query.value.id, query.attr
    return None
