"""Every service has the same rooms, files stay small enough to read, and SQL stands where it is checked."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT, SERVICES, calls, python_files, texts

ROOMS = ("README.md", "__main__.py", "app.py", "settings.py", "metrics.py")
LAYERS = ("rules", "workflows", "store")
MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
STATEMENT = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS\s*\()", re.DOTALL)
STAR = re.compile(r"\bSELECT\s+(?:\w+\.)?\*", re.IGNORECASE)
ROW_VARIABLE = re.compile(r"\bSELECT\s+\*\s+INTO\b", re.IGNORECASE)
"""PL/pgSQL reading one row into a variable of the table's own type: there the star is the type."""


def sql_files() -> list[Path]:
    """Every .sql file of ours; a dump is written by a machine."""
    places = ("services", "shared", "embedded", "cli", "operations", "bench")
    return [path for place in places for path in sorted((ROOT / place).rglob("*.sql")) if path.name != "schema.sql"]


def without_comments(path: Path) -> str:
    """A .sql file's statements."""
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = ROOT / "services" / service
    assert [room for room in ROOMS if not (folder / room).is_file()] == []
    assert [room for room in LAYERS if not (folder / room).is_dir()] == []
    assert [room for room in ("handlers", "http", "jobs") if (folder / f"{room}.py").is_file() or (folder / room).is_dir()]


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_readme_says_how_to_run_it(service: str) -> None:
    assert f"python -m services.{service}" in (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")


def test_no_file_is_too_long_to_read() -> None:
    files = [ROOT / path for place in PACKAGES for path in python_files(place)] + sql_files()
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for place in PACKAGES for path in python_files(place) if VAGUE & set(path.with_suffix("").parts)] == []


def test_every_folder_of_code_says_what_it_is_for() -> None:
    silent = [
        path
        for place in ("services", "shared", "simulator", "embedded", "cli", "operations")
        for path in python_files(place)
        if path.name == "__init__.py" and not (ROOT / path).read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert silent == []


def test_services_hold_no_sql_in_their_python() -> None:
    found = [f"{path}:{line}" for path in python_files("services") for line, text in texts(path) if STATEMENT.search(text)]
    assert found == []


def test_no_statement_asks_for_every_column() -> None:
    found = [str(path.relative_to(ROOT)) for path in sql_files() if STAR.search(ROW_VARIABLE.sub("", without_comments(path)))]
    assert found == []


def test_queries_of_services_never_take_business_time_from_the_database() -> None:
    # clock_timestamp() is technical time and now() is too; both are fine for leases, but now() is the transaction's start
    # and reads like a business decision, so services write clock_timestamp() for the one and :now for the other.
    found = [
        str(path.relative_to(ROOT))
        for path in sql_files()
        if path.is_relative_to(ROOT / "services")
        and re.search(r"(?<![\w.])now\(\)|current_date|current_timestamp", without_comments(path), re.IGNORECASE)
    ]
    assert found == []


def test_nothing_prints_but_the_command_line() -> None:
    places = ("services", "shared", "simulator", "embedded")
    assert [f"{path}:{call.line}" for place in places for path in python_files(place) for call in calls(path) if call.name == "print"] == []


def test_migrations_are_numbered_once_and_routines_in_order() -> None:
    for folder in ("migrations", "routines"):
        names = [path.stem for path in sorted((ROOT / "shared/db" / folder).glob("*.sql"))]
        numbers = [name.split("_", 1)[0] for name in names]
        assert all(number.isdigit() for number in numbers)
        assert len(numbers) == len(set(numbers)), folder
