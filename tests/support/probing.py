"""Requests that are made from an API's own schema, within it or against it; each answer must be one that the schema promises.

They are sent by a process of their own. A thread beside the API's loop would do but for CPython 3.11: whichever of two threads parses
Python while the other does may fail (gh-106905), and a logged traceback is parsed as well as an import.

    python -m tests.support.probing '{"url": "http://127.0.0.1:8000", "token": "...", "mode": "positive", "known": {}}'
"""

import asyncio
import contextlib
import json
import sys
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.support.commands import REPOSITORY

EXAMPLES = 10
"""Per operation and kind; the seed makes them the same in every run."""


async def probed(
    url: str, token: str, mode: GenerationMode, known: dict[str, Any], *, below: str = "/", patience: float
) -> dict[str, set[int]]:
    """The statuses that each operation whose path starts with `below` was answered with, by its label, such as `GET /api/queue`.

    `known` are values of path parameters, so that good requests go to something that is there and do not end at the first 404.
    `patience` is how many seconds each answer may take.

    Raises:
        AssertionError: an answer was not what the schema promises, or a 5xx; with what the process said.
    """
    asked = {"url": url, "token": token, "mode": mode.value, "known": known, "below": below, "patience": patience}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.probing", json.dumps(asked)),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return {label: set(statuses) for label, statuses in json.loads(out).items()}


def _main(asked: dict[str, Any]) -> None:
    schema: OpenApiSchema = schemathesis.openapi.from_url(f"{asked['url']}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    chosen = [operation for operation in operations if operation.path.startswith(asked["below"])]
    json.dump({operation.label: sorted(_statuses(operation, asked)) for operation in chosen}, sys.stdout)


def _statuses(operation: Any, asked: dict[str, Any]) -> set[int]:
    mode = GenerationMode(asked["mode"])
    good = mode is GenerationMode.POSITIVE
    known = {name: value for name, value in asked["known"].items() if good and f"{{{name}}}" in operation.path}
    statuses: set[int] = set()

    @seed(20_261_124)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode, path_parameters=known or None))
    def ask(case: Any) -> None:
        answer = case.call(headers={"authorization": f"Bearer {asked['token']}"}, timeout=asked["patience"])
        statuses.add(answer.status_code)
        assert answer.status_code < 500
        case.validate_response(answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance])

    with contextlib.suppress(Unsatisfiable):  # an operation without parameters has nothing that could be wrong
        ask()
    return statuses


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
