"""The folders are the architecture: who may import whom, which rooms are pure, and how large a file may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("queuer", "sender", "poller", "healer")
PURE = ("shared/policy", "shared/calendar", "shared/vocabulary", *(f"services/{service}/rules" for service in SERVICES))
IMPURE = {"asyncio", "asyncpg", "httpx", "aiohttp", "aiokafka", "faststream", "os", "time", "socket", "subprocess"}
LONGEST_FILE = 400
ROOMS = ("README.md", "__main__.py", "app.py", "settings.py", "metrics.py", "rules", "workflows", "store")


def modules(folder: str) -> list[Path]:
    """Every Python file below a folder of the repository."""
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The names of the modules a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def offenders(folder: str, *forbidden: str) -> list[str]:
    """Files below `folder` that import something below one of the forbidden packages."""
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name in imported(path)
        if any(name == package or name.startswith(f"{package}.") for package in forbidden)
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_services_never_import_one_another(service: str) -> None:
    others = [f"services.{other}" for other in SERVICES if other != service]
    assert offenders(f"services/{service}", *others) == []


def test_what_is_shared_knows_no_service_and_no_machine() -> None:
    assert offenders("shared", "services", "cli", "embedded", "simulator") == []


def test_the_services_know_nothing_of_the_machine_they_run_on() -> None:
    assert offenders("services", "cli", "embedded", "simulator") == []


def test_the_simulator_and_its_judge_share_no_code_with_what_they_judge() -> None:
    assert offenders("simulator", "services", "shared", "cli", "embedded") == []


@pytest.mark.parametrize("folder", PURE)
def test_rules_are_pure(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}" for path in modules(folder) for name in imported(path) if name.split(".")[0] in IMPURE
    ]
    assert found == []
    clocks = [str(path.relative_to(ROOT)) for path in modules(folder) if ".now(" in path.read_text(encoding="utf-8")]
    assert clocks == [], "the moment is an argument"


@pytest.mark.parametrize("service", SERVICES)
def test_rules_and_stores_do_not_reach_up_into_workflows(service: str) -> None:
    up = (f"services.{service}.workflows", f"services.{service}.handlers", f"services.{service}.http", f"services.{service}.jobs")
    assert offenders(f"services/{service}/rules", *up, f"services.{service}.store") == []
    assert offenders(f"services/{service}/store", *up) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_rooms(service: str) -> None:
    assert [room for room in ROOMS if not (ROOT / "services" / service / room).exists()] == []


def test_no_file_outgrows_a_page_of_thought() -> None:
    places = ("services", "shared", "simulator", "embedded", "cli", "bench")
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for place in places
        for path in modules(place)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    assert long == []


def test_sql_lists_its_columns() -> None:
    places = [path for place in ("services", "shared", "embedded") for path in (ROOT / place).rglob("*.sql")]
    bare = [
        str(path.relative_to(ROOT))
        for path in places
        if "SELECT *" in path.read_text(encoding="utf-8").upper() and path.name != "schema.sql"
    ]
    assert [name for name in bare if "/routines/" not in name] == []


def test_the_business_clock_is_the_only_clock_of_a_workflow() -> None:
    found = [
        str(path.relative_to(ROOT))
        for service in SERVICES
        for path in modules(f"services/{service}/workflows")
        if "datetime.now(" in path.read_text(encoding="utf-8")
    ]
    assert found == []
