"""One drill: a stack whose campaigns run, rows spoiled around the triggers, and a watch on each of them until it is right or proposed."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiosql
import asyncpg

from embedded.chaos import scenario
from embedded.chaos.plan import START, ChaosPlan, make_plan
from embedded.drill.corruptions import CORRUPTIONS, CorruptedRow, CorruptionKind, right
from embedded.settings import StackSettings
from embedded.stack import Stack
from embedded.unprivileged import empty
from services.queuer.workflows.campaigns import run
from shared.db.pool import open_pool

queries = aiosql.from_path(Path(__file__).with_name("stored.sql"), "asyncpg", mandatory_parameters=False)

LOOK_EVERY: Final = 0.1
SAY_EVERY: Final = 15.0
READY_WITHIN: Final = 420.0
LOADED_AT_ONCE: Final = 20_000
"""Rows of one statement: on a busy machine too each ends before a pool's connections give up."""
COUNTED_WITHIN: Final = 600.0
SPEED: Final = 120.0


@dataclass(frozen=True, slots=True)
class DrillRun:
    """What there is to judge."""

    spoiled: list[CorruptedRow]
    miscounted: int
    counts_right_after: float | None
    log: Path
    stored: int
    view: dict[str, Any]
    wall_s: float


class Drill:
    """`corrupt` rows among `stored` others, in `folder`, which is emptied first."""

    def __init__(
        self, settings: StackSettings, folder: Path, *, corrupt: int, stored: int, within: float, say: Callable[[str], None]
    ) -> None:
        self._each = max(1, corrupt // (len(CORRUPTIONS) + 1))
        self._stored = stored
        self._within = within
        self._all_spoiled = False
        self._say = say
        self._folder = folder.absolute()
        empty(self._folder)
        self._plan = _plan(self._each)
        world = self._folder / "world.json"
        world.write_text(json.dumps(scenario.world(self._plan)), encoding="utf-8")
        self.stack = Stack(settings.moved_to(settings.ports(), start=START, speed=SPEED), self._folder, say=say, world=world)
        self.stack.environment = {"TACT_HEALER_RECONCILE_EVERY": "PT5S", "TACT_HAND_OVER_AFTER": "P30D"}

    async def play(self) -> DrillRun:
        """Play it on a stack that is up."""
        began = time.monotonic()
        where = self.stack.addresses
        async with await open_pool(where.database_url, role=None, size=4, name="drill") as pool:
            await scenario.seed(where.database_url, self._plan)
            await self._load(pool)
            for campaign in [row["id"] async for row in scenario.queries.campaigns(pool)]:
                await run.start(pool, campaign, actor="drill")
            await self._until_there_is_enough(pool)
            spoiled: list[CorruptedRow] = []
            watching = asyncio.create_task(self._watch(pool, spoiled))  # already while rows are still being spoiled
            campaigns = await self._spoil(pool, spoiled)
            self._say(f"{len(spoiled)} rows of prospects and sends and the counts of {len(campaigns)} campaigns are wrong now")
            counted = await self._watch_counts(pool, campaigns)
            await watching
            view = dict(await queries.view(pool))
        return DrillRun(
            spoiled, len(campaigns), counted, self.stack.simulator_log, self._stored, view, wall_s=round(time.monotonic() - began, 1)
        )

    async def _load(self, pool: asyncpg.Pool) -> None:
        if not self._stored:
            return
        self._say(f"loading {self._stored} more prospects that nothing happens to")
        async with pool.acquire() as connection, connection.transaction():
            await queries.around_the_triggers(connection)
            await queries.rest_of_the_table(connection, stored=self._stored)
            for first in range(1, self._stored + 1, LOADED_AT_ONCE):
                last = min(first + LOADED_AT_ONCE - 1, self._stored)
                await connection.execute("SET LOCAL statement_timeout = 0")
                await queries.rest_of_the_leads(connection, first=first, last=last)
                await queries.rest_of_the_prospects(connection, first=first, last=last)
            await queries.rest_is_counted(connection, stored=self._stored)
        await pool.execute("ANALYZE campaign_prospects", timeout=COUNTED_WITHIN)

    async def _until_there_is_enough(self, pool: asyncpg.Pool) -> None:
        deadline, said = time.monotonic() + READY_WITHIN, 0.0
        while time.monotonic() < deadline:
            ready = dict(await queries.ready(pool))
            if ready["invited"] >= self._each * 3 + 2 and ready["writing"] >= self._each * 2 and ready["planned"] >= self._each * 5:
                return
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                self._say("campaigns run: " + ", ".join(f"{many} {name}" for name, many in ready.items()))
            await asyncio.sleep(LOOK_EVERY * 5)
        self._say(f"going on with what there is: {ready}")

    async def _spoil(self, pool: asyncpg.Pool, spoiled: list[CorruptedRow]) -> list[Any]:
        for way in CORRUPTIONS:
            async with pool.acquire() as connection, connection.transaction():
                rows = [row async for row in getattr(queries, way.of)(connection, most=self._each)]
                await queries.around_the_triggers(connection)
                ids, sends = [row["id"] for row in rows], [row["send_id"] for row in rows]
                for statement in way.does:
                    await getattr(queries, statement)(connection, ids=ids, sends=sends)
            at = time.monotonic()
            spoiled += [CorruptedRow(way, prospect, send, at) for prospect, send in zip(ids, sends, strict=True)]
        async with pool.acquire() as connection, connection.transaction():
            await queries.around_the_triggers(connection)
            campaigns = [row["id"] async for row in queries.miscount(connection, most=self._each)]
        self._all_spoiled = True
        return campaigns

    async def _watch(self, pool: asyncpg.Pool, spoiled: list[CorruptedRow]) -> None:
        began, said = time.monotonic(), time.monotonic()
        while time.monotonic() - began < self._within:
            waiting = [one for one in spoiled if not one.settled]
            if waiting:
                await _look(pool, waiting)
            elif self._all_spoiled:
                return
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                self._say(f"{len(waiting)} wait: {_by_way(waiting)}")
            await asyncio.sleep(LOOK_EVERY)

    async def _watch_counts(self, pool: asyncpg.Pool, campaigns: list[Any]) -> float | None:
        began = time.monotonic()
        while time.monotonic() - began < self._within:
            rows = [row async for row in queries.look_at_counts(pool, ids=campaigns)]
            if all(row["said"] == row["really"] and row["said_active"] == row["really_active"] for row in rows):
                return time.monotonic() - began
            await asyncio.sleep(LOOK_EVERY * 5)
        return None


async def _look(pool: asyncpg.Pool, waiting: list[CorruptedRow]) -> None:
    by_id = {one.prospect: one for one in waiting}
    async for row in queries.look(pool, ids=list(by_id), sends=[one.send for one in waiting]):
        one = by_id[row["id"]]
        one.seen = dict(row)
        if right(one.way, row):
            one.right_after = time.monotonic() - one.at
        elif row["proposed"]:
            one.proposed_after = time.monotonic() - one.at


def _by_way(waiting: list[CorruptedRow]) -> str:
    ways: dict[CorruptionKind, int] = {}
    for one in waiting:
        ways[one.way] = ways.get(one.way, 0) + 1
    return ", ".join(f"{many} {way.name}" for way, many in ways.items())


def _plan(each: int) -> ChaosPlan:
    """Enough people that the running campaigns offer `each` for every way, and keep running meanwhile."""
    return replace(make_plan(sends=8, seed=7), accounts=4 + each // 2, people=40 + each * 28, campaigns=2 + each // 10)
