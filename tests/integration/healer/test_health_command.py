"""`tact health` as an operator types it, on a terminal of 80 columns."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.errors import CommandError
from services.healer.workflows.health.keep_alerts import AlertKeeper
from services.healer.workflows.health.measure import MeasureHealth
from shared.db.pool import open_pool
from shared.runtime.clock import StackClock
from tests.integration.healer.healer_rows import House, a_house
from tests.integration.healer.health_stage import people, sends
from tests.support.commands import tact
from tests.support.serving import Served


@pytest.fixture
def env(served_api: Served, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in served_api.env.items():
        monkeypatch.setenv(name, value)
    return served_api.env


async def health(*words: str) -> Result:
    """The command in this process: its loop runs in a thread of its own, and starting Python once is enough."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["health", *words]))


def widest(out: str) -> int:
    return max(len(line) for line in out.splitlines())


async def a_sick_stack(database: str, pool: asyncpg.Pool) -> House:
    """Two of ten prospects corrupted, measured."""
    house = await a_house(pool)
    everybody = await people(pool, house, 8)
    await people(pool, house, 2, status="connection_request_sent")
    await sends(pool, house, everybody[:5])
    await pool.execute("INSERT INTO cleanup_runs (trigger, finished_at, fixed_count) VALUES ('cron', now(), 0)")
    await pool.execute(
        """INSERT INTO integrity_history (workspace_id, kind, table_name, row_id, before, after, done_by, occurred_at)
           VALUES ($1, 'corrupted_sent', 'campaign_prospects', 'x', '{}', '{}', 'a test', now() - interval '1 second')""",
        house.workspace,
    )
    async with await open_pool(database, role="tact_healer", size=2) as own:
        clock = StackClock(own)
        await clock.refresh()
        await MeasureHealth(own, objective=timedelta(seconds=2), kept=timedelta(days=400), then=[AlertKeeper(clock)]).round()
    return house


async def test_the_command_shows_the_score_and_what_to_do(database: str, pool: asyncpg.Pool, env: dict[str, str]) -> None:
    house = await a_sick_stack(database, pool)
    said = await tact("health", env=env, within=120)
    assert said.code == 0, said.err
    assert said.out.startswith("60 of 100, critical\n")
    for sentence in ("Run cleanup function to fix 2 corrupted prospects", "20 % of prospects are corrupted", "measured"):
        assert sentence in said.out
    assert widest(said.out) <= 80
    as_json = json.loads((await health("--json", "-w", str(house.workspace))).output)
    assert (as_json["health_score"], as_json["queue_stats"]["pending"]) == (60, 5)


@pytest.mark.usefixtures("env")
async def test_each_page_fits_and_has_its_json(database: str, pool: asyncpg.Pool) -> None:
    house = await a_sick_stack(database, pool)
    shown: dict[str, tuple[str, Callable[[Any], bool]]] = {
        "campaigns": (str(house.campaign), lambda found: found[0]["corrupted_sent"] == 2),
        "queue": ("pending", lambda found: found[0]["sends"] == 5),
        "history": ("99 % within 2 s", lambda found: found["repairs"]["met"] and found["runs"][0]["fixed_count"] == 0),
        "alerts": ("corruption_high", lambda found: found[0]["evidence"]["corrupted"] == 2),
    }
    for page, (words, right) in shown.items():
        said = await health(page)
        assert (said.exit_code, words in said.output) == (0, True), said.output
        assert widest(said.output) <= 80
        assert right(json.loads((await health(page, "--json")).output)), page


@pytest.mark.usefixtures("env")
async def test_an_objective_is_shown_set_and_taken_away(pool: asyncpg.Pool) -> None:
    workspace = str((await a_house(pool)).workspace)
    assert "within 2 s, as the setting" in (await health("objective", workspace)).output
    assert "within 5 s, its own" in (await health("objective", workspace, "--seconds", "5")).output
    for words, why in (
        (("--seconds", "0.01"), "from 0.1 seconds to 30 days"),
        (("--seconds", "nan"), "a number of seconds"),
        (("--seconds", "5", "--default"), "one of --seconds and --default"),
    ):
        refused = await health("objective", workspace, *words)
        assert isinstance(refused.exception, CommandError)
        assert why in str(refused.exception)
    assert json.loads((await health("objective", workspace, "--default", "--json")).output) == {"seconds": 2, "own_objective": False}


@pytest.mark.usefixtures("env")
async def test_an_empty_stack_is_healthy_and_a_workspace_that_is_not_there_is_refused() -> None:
    said = await health()
    assert said.output.startswith("100 of 100, healthy\n")
    assert "All systems healthy" in said.output
    assert "The healer has not measured anything yet." in said.output
    for page in ("campaigns", "queue", "history", "alerts"):
        assert (await health(page)).exit_code == 0
    refused = await health("-w", "Nobody")
    assert isinstance(refused.exception, CommandError)
    assert "Nobody" in str(refused.exception)
