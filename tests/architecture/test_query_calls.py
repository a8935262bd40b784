"""Every call of a named query names a query that is there and passes exactly its parameters."""

import ast
from pathlib import Path

from tests.architecture.query_calls import QueryCall, calls_in, query_calls


def wrong(call: QueryCall) -> str | None:
    """What is wrong with a call; None when its query exists and gets exactly its parameters."""
    if call.query is None:
        return f"{call.place}: there is no query {call.name}"
    if "**" in call.passed and call.passed - {"**"} < frozenset(call.query.parameters):
        return None  # checked when it runs: Query.arguments
    if call.passed != frozenset(call.query.parameters):
        return f"{call.place}: {call.name} takes {sorted(call.query.parameters)}, not {sorted(call.passed)}"
    return None


def test_every_call_names_a_query_and_passes_exactly_its_parameters() -> None:
    assert len(query_calls()) > 300
    assert [sentence for call in query_calls() if (sentence := wrong(call))] == []


def test_a_wrong_name_and_a_wrong_parameter_are_found() -> None:
    path = Path("services/poller/store/accounts.py")
    source = "fetch_one(c, queries.by_idd, Row, account_id=1)\nqueries.by_id(c, acount_id=1)\n".replace("Row", "str")
    found = [wrong(call) for call in calls_in(path, ast.parse(source))]
    assert found == [
        "services/poller/store/accounts.py:1: there is no query by_idd",
        "services/poller/store/accounts.py:2: by_id takes ['account_id'], not ['acount_id']",
    ]
