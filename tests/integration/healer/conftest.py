"""What several tests of the healer begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.integration.healer.healer_rows import House, a_house
from tests.integration.simulator.simulator_process import Simulator, running


@pytest.fixture
async def house(pool: asyncpg.Pool) -> House:
    """A workspace with an account and a campaign."""
    return await a_house(pool)


@pytest.fixture
async def simulator(request: pytest.FixtureRequest, tmp_path: Path, database: str, house: House) -> AsyncIterator[Simulator]:
    """The outside world that the test's module declares as WORLD, on the house's clock."""
    assert house
    async with running(tmp_path, "--clock-database", database, world=request.module.WORLD) as process:
        yield process
