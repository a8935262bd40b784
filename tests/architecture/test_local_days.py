"""An account's day is worked out in one place: PostgreSQL's zones may be of another release than Python's."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PLACES = ("services", "cli", "operations", "embedded", "shared/db/routines")
STATEMENTS = sorted(path for place in PLACES for path in (ROOT / place).rglob("*.sql"))


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_statement_works_out_a_day_by_a_stored_zone(path: Path) -> None:
    zones = re.findall(r"AT TIME ZONE\s+('\w+'|\S+)", path.read_text(encoding="utf-8"), re.IGNORECASE)
    assert set(zones) <= {"'UTC'"}, "shared/policy/rows.py: local_day says which day it is; pass it in"
