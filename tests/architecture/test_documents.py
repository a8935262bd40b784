"""The documents say what is so: generated parts are current, links lead somewhere, and names are names of the code."""

import re
from pathlib import Path

import pytest

from docs.generate import BLOCKS, DocumentError, outdated, renewed
from shared.vocabulary import NoticeKind
from tests.architecture.source import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "services").rglob("*.md"),
        *(ROOT / "examples").glob("*.md"),
    ]
)
LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
MADE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)")
ADR_PARTS = ("Status:", "## Why this came up", "## Decision", "## What else was possible", "## What it costs")


def test_what_is_generated_is_up_to_date() -> None:
    assert [str(page.relative_to(ROOT)) for page in outdated()] == [], "run: python -m docs.generate"


def test_every_generated_block_has_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in BLOCKS if f"<!-- generated: {name} -->" not in text] == []


def test_a_page_that_asks_for_an_unknown_block_is_told_which_there_are(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- generated: nonsense -->\n<!-- end -->\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"asks for the block 'nonsense'; docs/generate.py makes settings"):
        renewed(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [match["to"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    own = [link.split("#")[0] for link in links if not link.startswith(("http://", "https://", "#", "mailto:"))]
    assert [link for link in own if not (page.parent / link).exists()] == []


def test_the_architecture_page_names_every_table() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    tables = {name for path in (ROOT / "shared/db/migrations").glob("*.sql") for name in MADE.findall(path.read_text(encoding="utf-8"))}
    assert {name for name in tables if f"`{name}`" not in text} == set()


def test_every_decision_is_listed_and_has_its_parts() -> None:
    folder = ROOT / "docs/adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    decisions = sorted(folder.glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert path.name in index
        assert text.startswith(f"# {path.name[:4]}: ")
        assert [part for part in ADR_PARTS if part not in text] == [], path.name


def test_every_decision_that_the_code_names_is_there() -> None:
    numbers = {path.name[:4] for path in (ROOT / "docs/adr").glob("[0-9]*.md")}
    sources = [
        path
        for place in ("services", "shared", "simulator", "embedded", "cli", "operations")
        for path in (ROOT / place).rglob("*.*")
        if path.suffix in {".py", ".sql", ".md"}
    ]
    named = {number for path in sources for number in re.findall(r"docs/adr/(\d{4})", path.read_text(encoding="utf-8"))}
    assert named <= numbers


def test_every_test_that_a_page_names_is_there() -> None:
    there = set(re.findall(r"def (test_\w+)", "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))))
    named = {(page.name, name) for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))}
    assert {(page, name) for page, name in named if name not in there} == set()


def test_every_page_that_the_code_names_is_there() -> None:
    sources = [
        path
        for place in ("services", "shared", "simulator", "embedded", "cli", "operations", "bench")
        for path in (ROOT / place).rglob("*.*")
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in sources if path.suffix in {".py", ".sql"})
    assert {name for name in re.findall(r"docs/[\w/-]+\.md", text) if not (ROOT / name).exists()} == set()


def test_the_notices_page_names_every_kind() -> None:
    text = (ROOT / "docs/notices.md").read_text(encoding="utf-8")
    assert [kind for kind in NoticeKind if f"| `{kind}` |" not in text] == []


def test_every_runbook_is_listed() -> None:
    folder = ROOT / "docs/runbooks"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in folder.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []


def test_the_three_sentences_of_the_trigger_stand_in_the_lifecycle_page() -> None:
    text = (ROOT / "docs/prospect_lifecycle.md").read_text(encoding="utf-8")
    trigger = (ROOT / "shared/db/routines/30_validate_prospect_status.sql").read_text(encoding="utf-8")
    sentences = [
        "Cannot set status to connection_request_sent without contacted_at timestamp",
        "Setting contacted_at requires status to be connection_request_sent, connected, messaging, replied, or failed",
        "Cannot remove contacted_at timestamp once set",
    ]
    assert all(sentence in text and sentence in trigger for sentence in sentences)


def test_no_page_tells_an_address_or_a_path_of_one_machine() -> None:
    private = re.compile(r"/(home|root|work|Users)/\w")
    assert [str(page.relative_to(ROOT)) for page in PAGES if private.search(page.read_text(encoding="utf-8"))] == []


def test_every_file_that_a_recipe_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:services|shared|operations|cli|embedded|simulator|tests|docs|requirements)/[\w/.-]*)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert len(named) > 30
