"""Whatever is sent to the API, within its schema or against it, gets an answer that the schema promises."""

import asyncio
import contextlib
from typing import Any

import asyncpg
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.specs.openapi.schemas import OpenApiSchema  # not by the thread that asks: in CPython 3.11 two that parse fail (gh-106905)

from tests.integration.campaigns.campaigns_stage import PATIENCE, Stage
from tests.integration.campaigns.test_failed_desk import failed

EXAMPLES = 10
"""Per operation and kind; the seed makes them the same in every run."""


def probe(stage: Stage, mode: GenerationMode, places: dict[str, Any]) -> dict[str, set[int]]:
    """Send generated requests to every operation; returns the statuses each was answered with."""
    schema: OpenApiSchema = schemathesis.openapi.from_url(f"{stage.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {operation.label: _statuses(operation, stage, mode, places) for operation in operations}


def _statuses(operation: Any, stage: Stage, mode: GenerationMode, places: dict[str, Any]) -> set[int]:
    # Good requests go to a campaign and an account that are there, else they would end at the first 404.
    known = {name: places[name] for name in places if f"{{{name}}}" in operation.path} if mode is GenerationMode.POSITIVE else {}
    statuses: set[int] = set()

    @seed(20_261_124)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode, path_parameters=known or None))
    def ask(case: Any) -> None:
        answer = case.call(headers={"authorization": f"Bearer {stage.operator}"}, timeout=PATIENCE)
        statuses.add(answer.status_code)
        assert answer.status_code < 500
        case.validate_response(answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance])

    with contextlib.suppress(Unsatisfiable):  # an operation without parameters has nothing that could be wrong
        ask()
    return statuses


async def places(stage: Stage, pool: asyncpg.Pool) -> dict[str, Any]:
    """What generated requests may be about."""
    body = {"campaign_name": "Probed", "campaign_type": "messenger", "message_templates": {"direct_message_1": "Hi"}, "accounts": ["Bo"]}
    async with stage.client(stage.operator) as client:
        campaign = (await client.post("/api/campaigns", json=body)).json()["campaign"]
        await client.post(f"/api/campaigns/{campaign['id']}/start")
    return {"campaign_id": campaign["id"], "account_id": campaign["accounts"][0]["id"], "send_id": str(await failed(pool, stage))}


async def test_requests_within_the_schema_are_answered_as_the_schema_says(stage: Stage, pool: asyncpg.Pool) -> None:
    seen = await asyncio.to_thread(probe, stage, GenerationMode.POSITIVE, await places(stage, pool))
    assert len(seen) >= 22
    assert 200 in seen["POST /api/campaigns/{campaign_id}/start"]
    assert 200 in seen["POST /api/queue/failed/{send_id}/retry"]


async def test_requests_against_the_schema_are_refused_and_never_stumbled_over(stage: Stage, pool: asyncpg.Pool) -> None:
    seen = await asyncio.to_thread(probe, stage, GenerationMode.NEGATIVE, await places(stage, pool))
    assert 422 in seen["POST /api/campaigns"]
