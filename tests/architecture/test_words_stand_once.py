"""A list of status words that a statement tests for stands once in SQL (shared/db/routines/05_words.sql) and once in Python
(shared/vocabulary/words.py); every other place names the function or the set."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import vocabulary
from tests.architecture.source import ROOT

LISTS = {
    "is_active": vocabulary.ACTIVE,
    "is_unstarted": vocabulary.UNSTARTED,
    "is_stopping": vocabulary.STOPPING,
    "is_open": vocabulary.OPEN,
    "is_in_hand": vocabulary.IN_HAND,
    "is_stoppable": vocabulary.STOPPABLE,
    "is_live": vocabulary.LIVE_ATTEMPTS,
    "is_undecided": vocabulary.UNDECIDED_ATTEMPTS,
}
PLACES = ("services", "shared", "operations", "embedded", "cli", "bench", "deploy")
"""Not the simulator and the tests: what judges the product has rules of its own."""
THE_PLACE = {Path("shared/db/routines/05_words.sql"), Path("shared/vocabulary/words.py")}
PAIRS = Path("shared/vocabulary/transitions.py")
"""Its pairs of statuses are steps from one to another, no lists."""
GENERATED = {Path("shared/db/schema.sql")}
RULES = {
    "the current zone of an account": re.compile(r"CASE\s+WHEN\s+(?:\w+\.)?timezone_from\s*<=", re.IGNORECASE),
    "the effective limits of an account": re.compile(r"coalesce\(\s*(?:\w+\.)?(?:weekly_cr|daily_\w+)_limit\s*,", re.IGNORECASE),
}
IN_SQL = re.compile(r"\bIN\s*\((?P<words>\s*'\w+'(?:\s*,\s*'\w+')+\s*)\)", re.IGNORECASE)


def lists(module: ast.Module) -> Iterator[set[str]]:
    """Every set, tuple and list of a module that has nothing but words or members of an enum, as words."""
    for node in ast.walk(module):
        if isinstance(node, ast.Set | ast.Tuple | ast.List) and len(node.elts) > 1:
            words = {
                each.attr.lower() if isinstance(each, ast.Attribute) else each.value if isinstance(each, ast.Constant) else None
                for each in node.elts
            }
            if all(isinstance(word, str) for word in words):
                yield {str(word) for word in words}


def copies(path: Path, text: str) -> Iterator[str]:
    """The places of a file that write a list or a rule of 05_words.sql again."""
    for found in IN_SQL.finditer(text):
        words = set(re.findall(r"'(\w+)'", found["words"]))
        if "->>" in text[: found.start()].rsplit("\n", 1)[-1]:
            continue  # a word inside a document of a repair, which is no status of a row
        yield from (f"{path}: {found[0]} is {name}()" for name, the_list in LISTS.items() if words == set(the_list))
    if path.suffix == ".py":
        for named in lists(ast.parse(text)):
            yield from (f"{path}: {sorted(named)} is the set of {name}()" for name, the_list in LISTS.items() if named == set(the_list))
    yield from (f"{path}: {rule}: {found[0]}" for rule, written in RULES.items() for found in written.finditer(text))


def test_no_list_of_words_is_written_a_second_time() -> None:
    paths = {path.relative_to(ROOT) for place in PLACES for suffix in ("sql", "py") for path in (ROOT / place).rglob(f"*.{suffix}")}
    ours = sorted(path for path in paths - THE_PLACE - GENERATED - {PAIRS} if "migrations" not in path.parts)
    assert [copy for path in ours for copy in copies(path, (ROOT / path).read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("suffix", "written"),
    [
        ("sql", "WHERE p.status IN ('pending', 'approved', 'connection_request_sent', 'connected', 'messaging')"),
        ("sql", "AND p.status NOT IN ('messaging', 'connected', 'connection_request_sent', 'approved',\n 'pending')"),
        ("sql", "WHERE x.state IN ('intent', 'unknown', 'accepted')"),
        ("sql", "SELECT CASE WHEN a.timezone_from <= now() THEN a.timezone_next ELSE a.timezone END"),
        ("sql", "SELECT coalesce(a.daily_message_limit, w.daily_message_limit)"),
        ("py", "_OURS = frozenset({SendStatus.SENDING, SendStatus.PENDING, SendStatus.DISPATCHED})"),
        ("py", 'done = row.state in ("intent", "unknown")'),
    ],
)
def test_a_planted_copy_is_found(suffix: str, written: str) -> None:
    assert len(list(copies(Path(f"planted.{suffix}"), written))) == 1


@pytest.mark.parametrize("written", ["WHERE p.status IN ('pending', 'failed')", "AND is_active(p.status)"])
def test_other_lists_and_the_functions_are_let_through(written: str) -> None:
    assert list(copies(Path("planted.sql"), written)) == []
