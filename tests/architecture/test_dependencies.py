"""Dependencies point one way: handlers, http, jobs -> workflows -> rules, store, clients -> shared; services never to one another."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.architecture.folders import circles, graph, subfolders
from tests.architecture.source import ROOT, SERVICES, calls, imports, imports_from, python_files

OUTSIDE = ("asyncpg", "aiosql", "httpx", "aiohttp", "aiokafka", "faststream", "fastapi", "asyncio", "socket", "subprocess")
PURE = (*OUTSIDE, "time", "os", "shared.db", "shared.kafka", "shared.runtime", "shared.service", "shared.metrics")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
INWARD: Mapping[str, tuple[str, ...]] = {
    "handlers": ("http", "jobs", "app"),
    "http": ("handlers", "jobs", "app"),
    "jobs": ("handlers", "http", "app"),
    "workflows": ("handlers", "http", "jobs", "app"),
    "store": ("handlers", "http", "jobs", "app", "workflows"),
    "rules": ("handlers", "http", "jobs", "app", "workflows", "store", "channels"),
    "channels": ("handlers", "http", "jobs", "app", "workflows", "store"),
}
"""By room, a package or a module, the rooms that it must not import; a folder that is no such room fails."""
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "queuer": ("planning", "dispatch", "campaigns", "accounts", "people", "insight"),
    "sender": ("outcome",),
    "poller": (),
    "healer": ("adoption", "health", "maintenance", "notices", "repairs", "unknown_attempts"),
}
"""By service, the subject packages that its rooms may have, the same names in every room; a folder of another name fails."""
TECHNICAL_TIME: Mapping[str, str] = {}
"""Files of services that may ask the process's own clock, each with its reason; the stack's clock is shared/runtime/clock.py."""


def named(paths: Mapping[Path, set[str]]) -> list[str]:
    """Violations as lines a person can open."""
    return [f"{path}: {', '.join(sorted(found))}" for path, found in paths.items() if found]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_other_service(service: str) -> None:
    others = [f"services.{name}" for name in SERVICES if name != service]
    assert named({path: imports_from(path, *others) for path in python_files(f"services/{service}")}) == []


def test_shared_knows_neither_services_nor_what_is_built_on_them() -> None:
    above = ("services", "embedded", "cli", "operations", "simulator", "tests", "bench", "docs")
    assert named({path: imports_from(path, *above) for path in python_files("shared")}) == []


def test_services_know_neither_the_simulator_nor_the_embedded_stack() -> None:
    assert (
        named(
            {path: imports_from(path, "simulator", "embedded", "cli", "operations", "tests", "bench") for path in python_files("services")}
        )
        == []
    )


def test_the_simulator_and_its_judge_share_no_code_with_what_they_judge() -> None:
    ours = ("shared", "services", "embedded", "cli", "operations", "tests")
    assert named({path: imports_from(path, *ours) for path in python_files("simulator")}) == []


def test_the_judge_reads_logs_and_not_the_simulators_insides() -> None:
    assert named({path: imports_from(path, "simulator.unipile") for path in python_files("simulator/judge")}) == []


@pytest.mark.parametrize(
    "place", [*(f"services/{service}/rules" for service in SERVICES), "shared/policy", "shared/calendar", "shared/vocabulary"]
)
def test_rules_reach_no_database_no_network_and_no_process(place: str) -> None:
    # Rules of services may speak in the words of the provider's client; the policy and the calendar know nothing of it.
    forbidden = PURE if place.startswith("shared") else OUTSIDE
    assert named({path: imports_from(path, *forbidden) for path in python_files(place)}) == []


@pytest.mark.parametrize(
    "place", [*(f"services/{service}/rules" for service in SERVICES), "shared/policy", "shared/calendar", "shared/people"]
)
def test_rules_are_told_the_time_and_never_ask(place: str) -> None:
    assert (
        named({path: {f"{call.name} (line {call.line})" for call in calls(path) if call.name in CLOCKS} for path in python_files(place)})
        == []
    )


def test_services_take_business_time_from_the_stacks_clock_alone() -> None:
    found = {
        path: {f"{call.name} (line {call.line})" for call in calls(path) if call.name in CLOCKS}
        for path in python_files("services")
        if str(path) not in TECHNICAL_TIME
    }
    assert named(found) == []


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("room", INWARD)
def test_no_room_knows_the_rooms_around_it(service: str, room: str) -> None:
    outer = [f"services.{service}.{name}" for name in INWARD[room]]
    module = Path(f"services/{service}/{room}.py")
    files = [*python_files(f"services/{service}/{room}"), *([module] if (ROOT / module).is_file() else [])]
    assert named({path: imports_from(path, *outer) for path in files}) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_folder_of_a_service_is_a_known_room_or_a_subject_in_one(service: str) -> None:
    rooms = subfolders(f"services/{service}")
    subjects = {f"{room}/{name}" for room in set(rooms) & INWARD.keys() for name in subfolders(f"services/{service}/{room}")}
    deeper = {f"{each}/{name}" for each in subjects for name in subfolders(f"services/{service}/{each}")}
    unknown = (
        {room for room in rooms if room not in INWARD} | {each for each in subjects if each.split("/")[1] not in SUBJECTS[service]} | deeper
    )
    assert sorted(unknown) == [], f"services/{service} has folders that no rule of this file covers"


@pytest.mark.parametrize("subjects", [False, True], ids=["rooms", "subjects"])
def test_no_folders_import_one_another_in_a_circle(subjects: bool) -> None:
    assert circles(graph(subjects=subjects)) == []


@pytest.mark.parametrize(
    "place", [*(f"services/{service}" for service in SERVICES), "shared", "operations", "embedded", "bench", "simulator"]
)
def test_only_the_command_line_imports_the_command_line(place: str) -> None:
    assert named({path: imports_from(path, "cli") for path in python_files(place)}) == []


@pytest.mark.parametrize("service", SERVICES)
def test_only_stores_and_what_stands_around_workflows_load_queries(service: str) -> None:
    rules = python_files(f"services/{service}/rules") + python_files(f"services/{service}/workflows")
    assert named({path: imports(path) & {"shared.db.queries.load", "aiosql"} for path in rules}) == []


def test_the_proofs_limits_share_no_code_with_what_they_judge() -> None:
    limits = Path("operations/proof/limits.py")
    assert named({limits: imports_from(limits, "shared", "services", "embedded", "cli")}) == []


def test_nobody_imports_the_tests() -> None:
    places = ("services", "shared", "simulator", "embedded", "cli", "operations", "bench", "docs", "deploy")
    assert named({path: imports_from(path, "tests") for place in places for path in python_files(place)}) == []
