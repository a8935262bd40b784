"""Which part of the way spent the CPU."""

from bench import attribution
from bench.attribution import BEGIN, DISPATCH, FINISH, HTTP, KAFKA, REST


def test_a_services_tasks_belong_to_their_parts_and_the_rest_is_the_loops() -> None:
    tasks = {"Courier._carry": 4e9, "LogicSubscriber._run_consume_loop": 2e9, "Fetcher._proc_fetch_request": 1e9, "Jobs._run": 1e9}
    parts = attribution.of_service("sender", {"process": 10e9, "tasks": tasks})
    assert dict(parts) == {HTTP: 4.0, BEGIN: 2.0, KAFKA: 1.0, FINISH: 1.0, REST: 2.0}


def test_the_servers_time_is_shared_out_by_whose_statement_it_was() -> None:
    locked = "SELECT id FROM accounts\n WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    rows = [
        {"query": f"{locked} SKIP LOCKED", "role": "tact_sender", "seconds": 2.0},
        {"query": locked, "role": "tact_sender", "seconds": 1.0},
        {"query": "SELECT anything", "role": "tact_queuer", "seconds": 3.0},
        {"query": "SELECT nobody knows", "role": "tact_sender", "seconds": 2.0},
    ]
    assert attribution.of_statements(rows, 4.0) == {DISPATCH: 1.5, KAFKA: 0.0, BEGIN: 1.0, HTTP: 0.0, FINISH: 0.5, REST: 1.0}


def test_nothing_measured_is_nothing_spent() -> None:
    assert sum(attribution.of_statements([], 0.0).values()) == 0


def test_begin_and_finish_share_no_statement() -> None:
    begins, finishes = (set(attribution.statements_of(files)) for files in (attribution.BEGINS, attribution.FINISHES))
    assert min(len(begins), len(finishes)) > 5
    assert begins.isdisjoint(finishes)
