"""One run through the whole pipeline: a burst for the rate, then a steady stream below it for the lateness.

A burst's lateness only measures the burst (the last of it is as late as the burst is long), and a stream that the
pipeline can bear says nothing about what it could bear. Hence both.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg

from bench import attribution, cpu, seeding
from bench.attribution import Part
from bench.figures import BenchFigures
from bench.seeding import NOT_TODAY, OPEN, OVER_THE_SPACING, Turn, queries
from bench.stack import BenchError, BenchStack
from shared.db.statements import business_now
from simulator.judge import percentile

STALLED_AFTER: Final = 30.0
"""Seconds without one more invitation at the stub."""
LOOK_EVERY: Final = 0.2
MOST_TURNS: Final = 10
"""An account sends so often at most: its daily cap is near, and each turn leaps over its spacing."""
STEADY_SHARE: Final = 0.5
"""Of the rate just measured."""
STEADY_FOR: Final = timedelta(seconds=10)
STEADY_BEGINS: Final = timedelta(seconds=3)
"""Time to write the rows before the first falls due."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Load:
    """How many accounts there are, how many of their sends are due in the burst, and how many rows wait for tomorrow beside them.

    `at_once` is how many are due together at most, where every account has one send; none: as many as there are accounts.

    Raises:
        ValueError: accounts would have to send again, and the leap over their spacing would wake all of them together.
    """

    accounts: int
    rows: int
    waiting: int = 0
    at_once: int | None = None

    def __post_init__(self) -> None:
        if self.at_once is not None and self.rows > self.accounts:
            raise ValueError(f"{self.rows} sends of {self.accounts} accounts cannot be due {self.at_once} at a time.")

    def turns(self) -> list[Turn]:
        """The burst: every account once, `at_once` of them in a turn, and again after its spacing until the rows are used up."""
        found: list[Turn] = []
        done, together = 0, self.at_once or self.accounts
        while done < self.rows:
            before, first = divmod(done, self.accounts)
            size = min(together, self.accounts - first, self.rows - done)
            found.append(Turn(before + 1, first, first + size - 1, OPEN))
            done += size
        return found

    def tomorrow(self) -> list[Turn]:
        """Accounts without a send in the burst have one planned all the same, and `waiting` more: looking must not cost what is stored."""
        due = OPEN + NOT_TODAY
        without = [Turn(0, self.rows, self.accounts - 1, due)] if self.rows < self.accounts else []
        whole, left = divmod(self.waiting, self.accounts)
        sizes = [self.accounts] * whole + ([left] if left else [])
        return without + [Turn(number, 0, size - 1, due) for number, size in enumerate(sizes, MOST_TURNS * 2)]


@dataclass(frozen=True, slots=True)
class Burst:
    """What the burst came to."""

    sends: int
    seconds: float
    spent: cpu.Cpu


async def measure(stack: BenchStack, load: Load, *, bare: Callable[[], Awaitable[float]], say: Say) -> BenchFigures:
    """Seed a database of its own, start the services on it, and measure both; the yardstick `bare` (calls a second) before and after.

    Raises:
        BenchError: a process died, or sends stopped arriving.
    """
    before = await bare()
    async with _seeded(stack, load, say) as (database, connection), stack.services(database):
        say(f"burst of {load.rows:,} due sends")
        burst = await _burst(stack, connection, load)
        rate = burst.sends / burst.seconds
        steady = rate * STEADY_SHARE
        say(f"{rate:,.0f} sends/s; now {steady:,.0f}/s for {STEADY_FOR.seconds} s")
        late = await _steady(stack, connection, load, steady)
    return BenchFigures(
        accounts=load.accounts,
        rows=burst.sends,
        waiting=load.waiting,
        pipeline_per_s=rate,
        bare_http_per_s=(before + await bare()) / 2,
        lateness_p50_s=percentile(late, 50),
        lateness_p99_s=percentile(late, 99),
        steady_per_s=steady,
        steady_rows=len(late),
        burst_s=burst.seconds,
        cpu_ms_per_send={name: seconds / burst.sends * 1000 for name, seconds in burst.spent.by_process.items()},
        elsewhere=burst.spent.elsewhere / (burst.seconds * (os.cpu_count() or 1)),
    )


async def measure_parts(stack: BenchStack, load: Load, written: Path, *, say: Say) -> dict[Part, float]:
    """CPU milliseconds a send by part of the way (bench.attribution). The stack's services must write their parts to `written`.

    Raises:
        BenchError: a process died, or sends stopped arriving.
    """
    async with _seeded(stack, load, say) as (database, connection):
        await connection.execute("CREATE EXTENSION pg_stat_statements")
        async with stack.services(database):
            await connection.execute("SELECT pg_stat_statements_reset()")
            say(f"burst of {load.rows:,} due sends, every task timed")
            burst = await _burst(stack, connection, load)
            statements = [dict(row) async for row in queries.statements(connection)]
    parts = attribution.of_statements(statements, burst.spent.by_process["postgresql"])
    parts[Part.KAFKA] += burst.spent.by_process["kafka"]
    for name in ("queuer", "sender"):
        spent = attribution.of_service(name, json.loads((written / f"{name}.json").read_text(encoding="utf-8")))
        whole = sum(spent.values()) or 1.0
        for part, seconds in spent.items():
            parts[part] += burst.spent.by_process[name] * seconds / whole
    return {part: parts[part] / burst.sends * 1000 for part in Part}


@asynccontextmanager
async def _seeded(stack: BenchStack, load: Load, say: Say) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database with the load, dropped afterwards."""
    say(f"seeding {load.accounts:,} accounts" + (f", {load.waiting:,} sends of tomorrow" if load.waiting else ""))
    name = f"bench_{load.accounts}_{load.waiting}"
    database = await stack.database(name)
    connection = await asyncpg.connect(database)
    try:
        await seeding.seed_accounts(connection, load.accounts)
        for turn in [*load.turns(), *load.tomorrow()]:
            await seeding.seed_turn(connection, turn)
        await seeding.settle(connection)
        say("starting queuer and sender")
        yield database, connection
    finally:
        await connection.close()
        await stack.drop_database(name)


async def _burst(stack: BenchStack, connection: asyncpg.Connection, load: Load) -> Burst:
    sends, seconds = 0, 0.0
    spent: list[cpu.Cpu] = []
    for turn in load.turns():
        before = cpu.measure_cpu(stack.pids)
        since = await business_now(connection)
        wanted = turn.last - turn.first + 1
        arrived = await stack.taken()
        if turn.number == 1:
            await seeding.wake(connection, turn)
        else:
            await queries.leap(connection, over=OVER_THE_SPACING)
        await _arrived(stack, connection, arrived + wanted)
        seconds += await _recorded(connection, since, wanted)
        spent.append(cpu.measure_cpu(stack.pids).since(before))
        sends += wanted
    together = {name: sum(each.by_process.get(name, 0.0) for each in spent) for name in stack.pids}
    return Burst(sends, seconds, cpu.Cpu(together, sum(each.elsewhere for each in spent)))


async def _steady(stack: BenchStack, connection: asyncpg.Connection, load: Load, rate: float) -> list[float]:
    """Lateness of sends that fall due one after the other at `rate` a second, each for another account; in seconds."""
    await queries.leap(connection, over=OVER_THE_SPACING)
    await _quiet(connection)
    count = max(min(int(rate * STEADY_FOR.total_seconds()), load.accounts), 1)
    due = await business_now(connection) + STEADY_BEGINS
    turn = Turn(MOST_TURNS + 1, 0, count - 1, due, timedelta(seconds=1 / rate))
    arrived = await stack.taken()
    async with connection.transaction():
        await seeding.seed_turn(connection, turn)
        await seeding.wake(connection, turn)
    await _arrived(stack, connection, arrived + count)
    await _recorded(connection, due, count)
    return [row["late"] async for row in queries.lateness(connection, since=due)]


async def _arrived(stack: BenchStack, connection: asyncpg.Connection, wanted: int) -> None:
    """Wait until the stub has taken so many; asking it costs the database nothing."""
    last, moved = -1, time.monotonic()
    while (taken := await stack.taken()) < wanted:
        stack.check()
        if taken != last:
            last, moved = taken, time.monotonic()
        elif time.monotonic() - moved > STALLED_AFTER:
            states = {row["status"]: row["many"] async for row in queries.states(connection)}
            raise BenchError(f"No send arrived for {STALLED_AFTER:.0f} s; {wanted - taken} are missing. The queue holds {states}.")
        await asyncio.sleep(LOOK_EVERY)
    if taken > wanted:
        raise BenchError(f"The stub took {taken - wanted} invitations more than were due: something was sent twice.")


async def _recorded(connection: asyncpg.Connection, since: object, wanted: int) -> float:
    """Seconds from the first decision to the last answer, once every answer is written."""
    deadline = time.monotonic() + STALLED_AFTER
    while True:
        row = await queries.burst(connection, since=since)
        if row["accepted"] == wanted == row["attempts"]:
            return float(row["seconds"])
        if time.monotonic() > deadline:
            raise BenchError(f"Of {wanted} sends {row['accepted']} are recorded as accepted, in {row['attempts']} attempts.")
        await asyncio.sleep(LOOK_EVERY)


async def _quiet(connection: asyncpg.Connection) -> None:
    """Wait until no account is looked at any more: those woken by the leap have found nothing due."""
    deadline = time.monotonic() + STALLED_AFTER
    while awake := await queries.awake(connection):
        if time.monotonic() > deadline:
            raise BenchError(f"{awake} accounts have been awake for {STALLED_AFTER:.0f} s although nothing is due.")
        await asyncio.sleep(LOOK_EVERY)
