"""SQL asks `has_channel` which campaigns may be planned; it says what shared/vocabulary/channels.py says."""

import asyncpg

from shared.vocabulary import SENDABLE_CAMPAIGN_TYPES, CampaignType


async def test_sql_and_python_agree_on_the_campaign_types_that_have_a_channel(pool: asyncpg.Pool) -> None:
    said = {name: await pool.fetchval("SELECT has_channel($1::campaign_type)", name) for name in CampaignType}
    assert said == {name: name in SENDABLE_CAMPAIGN_TYPES for name in CampaignType}


async def test_has_channel_is_inlined_so_that_a_partial_index_on_the_status_still_serves(pool: asyncpg.Pool) -> None:
    plan = await pool.fetch("EXPLAIN (VERBOSE) SELECT id FROM campaigns c WHERE c.status = 'running' AND has_channel(c.campaign_type)")
    assert "has_channel" not in "\n".join(line[0] for line in plan)
