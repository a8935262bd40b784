"""The simulator of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.simulator.simulator_process import Simulator, running


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    """One with its own clock at normal speed, from a fixed Monday on."""
    async with running(tmp_path, "--clock-start", "2026-03-02T09:00:00Z") as one:
        yield one


@pytest.fixture(scope="module")
async def untouched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    """One for all tests of a module that change nothing in it."""
    async with running(tmp_path_factory.mktemp("untouched"), "--clock-start", "2026-03-02T09:00:00Z") as one:
        yield one
