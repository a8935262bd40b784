"""Texts name the component, the row or the person's role; they do not say "whoever", "nobody" or "somebody" for one."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

from tests.architecture.source import ROOT

PLACES: Final = ("services", "shared", "operations", "cli", "embedded", "simulator", "bench", "deploy", "examples", "docs")
KINDS: Final = frozenset({".py", ".sql", ".md", ".yml", ".yaml", ".sh", ".toml"})
SINGLE: Final = (*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / ".env.example", ROOT / "docker-compose.yml", ROOT / "bootstrap.py")
VAGUE: Final = re.compile(r"\b(?:whoever|nobody|somebody)\b", re.IGNORECASE)
MOST: Final = 40
"""How often the words may stand there: in migrations, which are frozen, and as the name of a user or a profile."""


def texts() -> list[Path]:
    """The product's sources and documents; schema.sql is a copy of the migrations and routines."""
    found = [path for place in PLACES for path in (ROOT / place).rglob("*") if path.suffix in KINDS and path.name != "schema.sql"]
    return [*found, *(path for path in SINGLE if path.exists())]


def vague_words(path: Path) -> int:
    """How often one of the three words stands in a file."""
    return len(VAGUE.findall(path.read_text(encoding="utf-8")))


def test_texts_name_the_component_or_the_role() -> None:
    counted = Counter({str(path.relative_to(ROOT)): words for path in texts() if (words := vague_words(path))})
    assert counted.total() <= MOST, f"{counted.total()} in {len(counted)} files, most in {counted.most_common(12)}"


def test_a_vague_word_is_counted_and_a_part_of_a_word_is_not(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Whoever reads it tells nobody; nobodys and somebody's.", encoding="utf-8")
    assert vague_words(page) == 3
