"""A column that a later migration adds to `campaigns` is written, read and kept in the history without a change of a statement."""

import asyncpg

from services.queuer.store.campaigns import campaigns
from tests.integration.queuer.api_stage import Stage


async def test_a_new_column_needs_no_new_statement(pool: asyncpg.Pool, stage: Stage) -> None:
    await pool.execute("ALTER TABLE campaigns ADD COLUMN quiet_days int NOT NULL DEFAULT 3")
    names = {"workspace_id": str(stage.ours), "campaign_name": "Quiet", "campaign_type": "messenger"}
    async with pool.acquire() as connection:
        made = await campaigns.insert_campaign(connection, {**names, "quiet_days": 5})
        assert made is not None
        assert await campaigns.insert_campaign(connection, {**names, "campaign_name": "QUIET"}) is None
        assert await connection.fetchval("SELECT quiet_days FROM campaigns WHERE id = $1", made) == 5
        await campaigns.change_campaign(connection, made, {"quiet_days": 7})
        whole = await connection.fetchval("SELECT to_jsonb(c) FROM campaigns c WHERE id = $1", made)
        assert whole["quiet_days"] == 7
