"""What `tact replay` says of a run whose topic is not the one that it was begun on."""

import asyncpg

from operations.replay import ranges, runs
from shared.contracts.topics import PROSPECTS_LEFT
from shared.kafka.admin import create_topics
from tests.support.commands import tact


async def test_a_replay_whose_topic_was_made_again_is_not_gone_on_with_but_begun_anew(
    pool: asyncpg.Pool, database: str, kafka: str
) -> None:
    await create_topics(kafka)
    there = await ranges.find_range(kafka, PROSPECTS_LEFT.name, None, None)
    once = ranges.Range(there.topic, there.starts, {partition: end + 1_000_000 for partition, end in there.ends.items()})
    async with pool.acquire() as connection:
        run = await runs.begin_run(connection, "--from beginning", once, since=None, until=None, reason="test")
    env = {"TACT_DATABASE_URL": database, "TACT_KAFKA": kafka}
    words = ("replay", PROSPECTS_LEFT.name, "--from", "beginning")
    refused = await tact(*words, env=env)
    assert (refused.code, refused.out) == (1, "")
    assert f"Replay {run.id} was interrupted, and prospects.left was deleted and created again since" in refused.err
    assert (await tact(*words, "--anew", "--apply", env=env)).code == 0
    assert await pool.fetchval("SELECT bool_and(finished_at IS NOT NULL) FROM replay_runs")
