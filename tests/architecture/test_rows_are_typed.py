"""A row is a dataclass whose attributes mypy checks: it is not read by a string key, and no query is called without naming its row."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.architecture.query_calls import query_calls
from tests.architecture.source import SERVICES, python_files, tree

PLACES: Final = ("shared", "operations", *(f"services/{service}/{room}" for service in SERVICES for room in ("store", "workflows")))
ROW_NAMES: Final = frozenset({"row", "record", "found", "lane", "link", "seen"})
"""Variables that hold a row in this code; a mapping under another name is a document (a message's headers, a table of the code)."""


def keys_in(module: ast.Module) -> Iterator[int]:
    """The lines in which a row is read by a string key."""
    for node in ast.walk(module):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            owner = node.value
            if isinstance(owner, ast.Name) and owner.id in ROW_NAMES and isinstance(node.ctx, ast.Load):
                yield node.lineno


def test_no_row_is_read_by_a_string_key() -> None:
    found = {f"{path}:{line}" for place in PLACES for path in python_files(place) for line in keys_in(tree(path))}
    assert found == set()


def test_no_query_is_called_without_the_type_of_its_rows() -> None:
    assert [call.place for call in query_calls() if call.way == "call"] == []


def test_a_row_read_by_a_key_is_found_and_a_document_is_not() -> None:
    assert list(keys_in(ast.parse('a = row["id"]\nb = headers["id"]\nrow["id"] = 1\nc = row[0]'))) == [1]
