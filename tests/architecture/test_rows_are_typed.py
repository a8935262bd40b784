"""A row is a dataclass whose attributes mypy checks: it is not read by a string key, and no query is called without naming its row."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.architecture.query_calls import query_calls
from tests.architecture.source import SERVICES, python_files, tree

PLACES: Final = ("shared", "operations", *(f"services/{service}/{room}" for service in SERVICES for room in ("store", "workflows")))
ROW_NAMES: Final = frozenset({"row", "record", "found", "lane", "link", "seen"})
"""Variables that hold a row in this code; a mapping under another name is a document (a message's headers, a table of the code)."""
READ_BY_KEY: Final[dict[str, int]] = {
    "operations/replay/ranges.py": 1,
}
"""How often a file still reads a row by a key; only smaller, and none at the end."""
UNTYPED_CALLS: Final[dict[str, int]] = {}
"""How many queries a file still calls without the type of their rows; only smaller, and none at the end."""


def keys_in(module: ast.Module) -> Iterator[int]:
    """The lines in which a row is read by a string key."""
    for node in ast.walk(module):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            owner = node.value
            if isinstance(owner, ast.Name) and owner.id in ROW_NAMES and isinstance(node.ctx, ast.Load):
                yield node.lineno


def above(found: Counter[str], allowed: dict[str, int]) -> dict[str, int]:
    """The files with more than they are allowed."""
    return {path: count for path, count in found.items() if count > allowed.get(path, 0)}


def test_no_row_is_read_by_a_string_key() -> None:
    found = Counter({str(path): len(list(keys_in(tree(path)))) for place in PLACES for path in python_files(place)})
    assert above(found, READ_BY_KEY) == {}


def test_no_query_is_called_without_the_type_of_its_rows() -> None:
    found = Counter(call.place.rsplit(":", 1)[0] for call in query_calls() if call.way == "call")
    assert above(found, UNTYPED_CALLS) == {}


def test_a_row_read_by_a_key_is_found_and_a_document_is_not() -> None:
    assert list(keys_in(ast.parse('a = row["id"]\nb = headers["id"]\nrow["id"] = 1\nc = row[0]'))) == [1]
    assert above(Counter({str(Path("a.py")): 2, "b.py": 1}), {"a.py": 1, "b.py": 1}) == {"a.py": 2}
