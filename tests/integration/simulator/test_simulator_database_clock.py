"""The stack's one clock: the simulator lives in it, leaps included."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from embedded.ports import free_port
from embedded.postgres import PostgresServer
from shared.db import migrate
from tests.integration.simulator.simulator_process import ANA, running, until

LEAP_TO = """
UPDATE stack_clock SET business_at = $1, anchored_at = clock_timestamp(), speed = 0.001, version = version + 1
"""


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL of this module."""
    one = PostgresServer(tmp_path_factory.mktemp("clock") / "postgres", free_port(), durable=False)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


async def test_what_the_stacks_clock_leapt_over_happens_at_its_moment(server: PostgresServer, tmp_path: Path) -> None:
    dsn = await server.create_database("clock")
    await migrate.apply(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute(LEAP_TO, datetime(2026, 3, 2, 9, tzinfo=UTC))
    try:
        async with running(tmp_path, "--clock-database", dsn) as simulator:
            await simulator.levers.post("/people", json={"public_identifier": "ana-nunez", "accepts_after_s": 3600})
            await simulator.invite()
            await connection.execute(LEAP_TO, datetime(2026, 3, 5, 9, tzinfo=UTC))
            relation = (await simulator.get("/users/relations")).json()["items"][0]
            (accepted,) = await simulator.entries(kind="accepted")
            (call,) = await simulator.effects()
            assert (relation["member_id"], accepted["person"]) == (ANA, ANA)
            assert call["at"].startswith("2026-03-02T09:00:00.")
            assert accepted["at"].startswith("2026-03-02T10:00:00.")
            assert (await simulator.entries(action="read"))[-1]["at"].startswith("2026-03-05T09:00:00.")
    finally:
        await connection.close()


async def test_a_clock_that_is_slow_to_answer_moves_no_moment_of_the_log(server: PostgresServer, tmp_path: Path) -> None:
    dsn = await server.create_database("slow")
    await migrate.apply(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute("UPDATE stack_clock SET business_at = business_now(), anchored_at = clock_timestamp(), speed = 1000")
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'stack_clock'::regclass AND NOT granted)"
    try:
        async with running(tmp_path, "--clock-database", dsn) as simulator:
            async with connection.transaction():
                await connection.execute("LOCK TABLE stack_clock")
                call = asyncio.create_task(simulator.invite())
                await until(lambda: connection.fetchval(waits))
                await connection.execute("SELECT pg_sleep(0.5)")  # what waits first may be the simulator's own round, so the call gets time
                arrived = await connection.fetchval("SELECT business_now()")
                await connection.execute("SELECT pg_sleep(1)")
            assert (await call).status_code == 200
            (entry,) = await simulator.effects()
            assert datetime.fromisoformat(entry["at"]) <= arrived, "and not when the clock could be read, 1,000 seconds later"
    finally:
        await connection.close()


async def test_a_database_without_a_clock_says_which_command_makes_one(server: PostgresServer, tmp_path: Path) -> None:
    dsn = await server.create_database("bare")
    with pytest.raises(AssertionError, match="tact migrate apply"):
        async with running(tmp_path, "--clock-database", dsn):
            pass


async def test_a_clock_that_goes_away_fails_the_calls_and_comes_back_with_its_database(server: PostgresServer, tmp_path: Path) -> None:
    dsn = await server.create_database("away")
    await migrate.apply(dsn)
    async with running(tmp_path, "--clock-database", dsn) as simulator:
        await server.stop()
        answer = await simulator.invite()
        assert (answer.status_code, answer.json()["type"]) == (500, "errors/unexpected_error")
        assert "clock" in answer.json()["detail"]
        await server.start()

        async def back() -> bool:
            return (await simulator.invite()).status_code == 200

        await until(back)
        assert len(await simulator.effects()) == 1
