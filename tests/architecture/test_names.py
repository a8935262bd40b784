"""A name leads to one place: no class name stands for two things in the product, and no function has a name that says nothing."""

import ast
from collections import defaultdict
from typing import Final

from tests.architecture.source import python_files, tree

PLACES: Final = ("services", "shared", "operations", "cli", "embedded", "simulator", "bench")
GENERIC: Final = frozenset(
    {"of", "work", "take", "give", "ask", "do", "go", "let", "told", "said", "wanted", "plain", "took", "became", "stand", "again", "rest"}
)
"""Function names that a search finds everywhere and a traceback learns nothing from, with or without a leading underscore."""


def test_no_class_name_stands_for_two_things() -> None:
    places = defaultdict(list)
    for place in PLACES:
        for path in python_files(place):
            for node in tree(path).body:
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(f"{path}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_module_has_a_function_whose_name_says_nothing() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for place in PLACES
        for path in python_files(place)
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.strip("_") in GENERIC
    ]
    assert found == []
