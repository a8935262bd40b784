"""Whatever is sent to the API, within its schema or against it, gets an answer that the schema promises."""

from typing import Any

import asyncpg
from schemathesis import GenerationMode

from tests.integration.queuer.api_stage import PATIENCE, Stage
from tests.integration.queuer.insight.test_failed_desk import failed
from tests.support.probing import probed


async def places(stage: Stage, pool: asyncpg.Pool) -> dict[str, Any]:
    """What generated requests may be about."""
    body = {"campaign_name": "Probed", "campaign_type": "messenger", "message_templates": {"direct_message_1": "Hi"}, "accounts": ["Bo"]}
    async with stage.client(stage.operator) as client:
        campaign = (await client.post("/api/campaigns", json=body)).json()["campaign"]
        await client.post(f"/api/campaigns/{campaign['id']}/start")
    return {"campaign_id": campaign["id"], "account_id": campaign["accounts"][0]["id"], "send_id": str(await failed(pool, stage))}


async def test_requests_within_the_schema_are_answered_as_the_schema_says(stage: Stage, pool: asyncpg.Pool) -> None:
    seen = await probed(stage.url, stage.operator, GenerationMode.POSITIVE, await places(stage, pool), patience=PATIENCE)
    assert len(seen) >= 22
    assert 200 in seen["POST /api/campaigns/{campaign_id}/start"]
    assert 200 in seen["POST /api/queue/failed/{send_id}/retry"]


async def test_requests_against_the_schema_are_refused_and_never_stumbled_over(stage: Stage, pool: asyncpg.Pool) -> None:
    seen = await probed(stage.url, stage.operator, GenerationMode.NEGATIVE, await places(stage, pool), patience=PATIENCE)
    assert 422 in seen["POST /api/campaigns"]
