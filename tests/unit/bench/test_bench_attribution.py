"""Which part of the way spent the CPU."""

import pytest

from bench import attribution
from bench.attribution import STATEMENTS, Part
from tests.architecture.source import ROOT


def test_a_services_tasks_belong_to_their_parts_and_what_no_task_spent_is_its_sockets() -> None:
    tasks = {
        "CallPool._call_and_finish": 4e9,
        "LogicSubscriber._run_consume_loop": 1e9,
        "Fetcher._proc_fetch_request": 1e9,
        "job seal": 1e9,
        "job outbox": 0.5e9,
        "Server.serve": 0.5e9,
    }
    parts = attribution.of_service("sender", {"process": 10e9, "tasks": tasks})
    assert dict(parts) == {Part.HTTP: 4, Part.BEGIN: 1, Part.KAFKA: 1, Part.SEALS: 1, Part.EVENTS: 0.5, Part.REST: 0.5, Part.SOCKETS: 2}


def test_the_servers_time_is_shared_out_by_whose_statement_it_was() -> None:
    locked = "SELECT id FROM accounts\n WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    rows = [
        {"query": f"{locked} SKIP LOCKED", "role": "tact_sender", "seconds": 2.0},
        {"query": locked, "role": "tact_sender", "seconds": 1.0},
        {"query": locked, "role": "tact_queuer", "seconds": 3.0},
        {"query": "SELECT nobody knows", "role": "tact_sender", "seconds": 2.0},
    ]
    spent = {part: seconds for part, seconds in attribution.of_statements(rows, 4.0).items() if seconds}
    assert spent == {Part.PLAN: 1.5, Part.BEGIN: 1, Part.FINISH: 0.5, Part.REST: 1}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SET wake_at = NULL WHERE s IN ('a', 'b', 'c')", "SET wake_at = $1 WHERE s IN ($2 /*, ... */)"),
        ("SELECT :now, f(:ids::uuid[]) FROM t JOIN u ON true -- why", "SELECT $1, f($2::uuid[]) FROM t JOIN u ON $3"),
    ],
)
def test_a_statement_is_known_again_as_the_server_writes_it(ours: str, theirs: str) -> None:
    assert attribution.normalize_statement(ours) == attribution.normalize_statement(theirs)


@pytest.mark.parametrize(("service", "task"), [(service, task) for service, parts in attribution.TASKS.items() for task in parts])
def test_a_task_that_is_attributed_exists_under_its_name(service: str, task: str) -> None:
    folders = (ROOT / "services" / service, ROOT / "shared")
    own = "\n".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    if task.startswith("job "):
        assert f'"{task.removeprefix("job ")}"' in own
    elif "." in task:
        class_name, method = task.split(".")
        assert f"class {class_name}" in own
        assert f"def {method}(" in own
    else:
        assert task == "LogicSubscriber"  # of FastStream


def test_nothing_measured_is_nothing_spent() -> None:
    assert sum(attribution.of_statements([], 0.0).values()) == 0


def test_begin_and_finish_share_no_statement() -> None:
    begins, finishes = (set(attribution.statements_of(STATEMENTS["sender"][part])) for part in (Part.BEGIN, Part.FINISH))
    assert min(len(begins), len(finishes)) > 5
    assert begins.isdisjoint(finishes)
