"""Every topic three times from its first offset, beside four running services: nothing leaves, no row changes."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cli.replay.command import Asked, carry_out
from tests.faults.replay_stage import Stage, every_topic, playing


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One stack for all of these tests."""
    async with playing(tmp_path_factory.mktemp("replays")) as played:
        yield played


@pytest.fixture(autouse=True)
def servers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands speak to that stack."""
    for name, value in stage.env.items():
        monkeypatch.setenv(name, value)


async def replay_everything(times: int) -> int:
    """Every topic from its first offset, all of them at once; returns how many events were published."""
    published = 0
    for _ in range(times):
        asked = [Asked(topic=topic, since="beginning", apply=True, as_json=True) for topic in every_topic()]
        for answer in await asyncio.gather(*(carry_out(each) for each in asked)):
            assert answer["events"] > 0, f"{answer['topic']} had nothing to replay"
            assert answer["would_act"] == 0, answer
            assert set(answer["applied"]["behind"].values()) == {0}, answer
            published += answer["applied"]["published"]
    return published


async def difference(stage: Stage, before: dict[str, str]) -> dict[str, str]:
    """Tables that are not what they were."""
    return {name: digest for name, digest in (await stage.digests()).items() if before[name] != digest}


async def test_every_topic_three_times_after_a_day_changes_nothing(stage: Stage) -> None:
    before, writes = await stage.stand_still(), stage.writes()
    assert await replay_everything(3) > 300
    assert await difference(stage, before) == {}
    assert stage.writes() == writes
