"""`python -m bench.heal [--prospects N]`: what a look costs among N prospects and among ten times as many.

The look is what the healer does four times a second, the view is what every caller reads; neither may cost what is stored. One
million loads in about two minutes; ten million (`--prospects 1000000 --times 10`) in about half an hour, with 8 GB of disk.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiosql
import asyncpg

from embedded.ports import free_port
from embedded.postgres import PostgresServer
from shared.db.migrate import apply
from shared.db.pool import open_pool

queries = aiosql.from_path(Path(__file__).with_suffix(".sql"), "asyncpg", mandatory_parameters=False)

AT_ONCE: Final = 25_000
"""Rows in one statement: a table of millions takes them slower and slower, and a statement has the pool's time limit."""
LOOKS: Final = 50
WARM: Final = 10
CORRUPTED: Final = 20
WITHIN_MS: Final = 10.0


def main() -> int:
    """Print the figures; returns 1 where a look among the larger number takes 10 ms or more."""
    parser = argparse.ArgumentParser(prog="python -m bench.heal", description=__doc__)
    parser.add_argument("--prospects", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=10)
    asked = parser.parse_args()
    return asyncio.run(_run(asked.prospects, asked.times))


async def _run(prospects: int, times: int) -> int:
    with tempfile.TemporaryDirectory(prefix="tact-heal-") as folder:
        await asyncio.to_thread(os.chmod, folder, 0o755)
        server = PostgresServer(Path(folder) / "data", free_port(), durable=False)
        await server.start()
        try:
            dsn = await server.create_database("heal")
            await apply(dsn)
            async with await open_pool(dsn, role=None, size=2, name="bench") as pool:
                return await _measure(pool, prospects, times)
        finally:
            await server.stop()


async def _measure(pool: asyncpg.Pool, prospects: int, times: int) -> int:
    async with pool.acquire() as connection, connection.transaction():
        await queries.workspace(connection)
        await queries.campaigns(connection)
    figures = []
    stored = 0
    for size in (prospects, prospects * times):
        began = time.monotonic()
        await _load(pool, stored, size)
        stored = size
        looks = {
            "nothing wrong": await _look(pool),
            f"{CORRUPTED} rows wrong": await _look(pool, CORRUPTED),
        }
        await queries.mend(pool)
        await pool.execute("VACUUM campaign_prospects")
        figures.append(looks)
        for what, (view, look) in looks.items():
            sys.stdout.write(f"{size:>10} prospects, {what:<15} view {view:6.2f} ms   look {look:6.2f} ms\n")
        sys.stdout.write(f"{'':>10} loaded and measured in {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    ratios = [max(after / before for after, before in zip(figures[1][what], figures[0][what], strict=True)) for what in figures[0]]
    sys.stdout.write(f"{times} times as many rows cost {max(ratios):.2f} times as much at most\n")
    return int(max(max(pair) for pair in figures[1].values()) >= WITHIN_MS)


async def _load(pool: asyncpg.Pool, have: int, size: int) -> None:
    for first in range(have, size, AT_ONCE):
        last = min(first + AT_ONCE, size) - 1
        async with pool.acquire() as connection, connection.transaction():
            await queries.around_the_triggers(connection)
            await queries.leads(connection, first=first, last=last)
            await queries.prospects(connection, first=first, last=last)
    async with pool.acquire() as connection, connection.transaction():
        await queries.around_the_triggers(connection)
        await queries.counted(connection)
        await queries.totals(connection, total=size)
    await pool.execute("VACUUM ANALYZE campaign_prospects")


async def _look(pool: asyncpg.Pool, wrong: int = 0) -> tuple[float, float]:
    """Milliseconds at the median: the view, and the healer's look."""
    if wrong:
        async with pool.acquire() as connection, connection.transaction():
            await queries.around_the_triggers(connection)
            await queries.corrupt(connection, most=wrong)
    async with pool.acquire() as connection:
        return await _median(lambda: queries.view(connection)), await _median(lambda: queries.look(connection))


async def _median(ask: Callable[[], Awaitable[Any]]) -> float:
    for _ in range(WARM):
        await ask()
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took)


if __name__ == "__main__":
    sys.exit(main())
