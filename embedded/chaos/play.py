"""One run: rows, stack, campaigns that start one after another while faults strike, rest, and the verdict."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from embedded.chaos import scenario
from embedded.chaos.kills import FaultInjector
from embedded.chaos.log_reader import SendLogReader
from embedded.chaos.plan import ACCEPT_OF_FIVE, ChaosPlan
from embedded.chaos.provider_faults import ProviderFaults
from embedded.chaos.replay_check import check_replays
from embedded.chaos.scenario import queries
from embedded.chaos.stack import ChaosStack
from embedded.chaos.verdict import ChaosRun
from embedded.demo.progress import read_ledger
from embedded.unprivileged import empty
from services.queuer.workflows.campaigns import run
from shared.db.errors import DATABASE_ERRORS
from shared.db.pool import open_pool

LOOK_EVERY: Final = 0.5
SAY_EVERY: Final = 15.0
STALLED_AFTER: Final = 240.0
"""Real seconds without one more send, when all faults are over, after which what is missing counts as lost."""
NEWS_AFTER: Final = 8 * 3_600.0
"""Business seconds: an acceptance whose webhook was lost is read within six hours, plus 30 % (services/poller/settings.py)."""
OPENS: Final = 7
CLOSES: Final = 18
"""Hours of the accounts' day in New York."""


class Chaos:
    """One run of a plan in `folder`, which is emptied first."""

    def __init__(self, plan: ChaosPlan, folder: Path, *, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder.absolute()
        self._say = say
        empty(self._folder)
        self.stack = ChaosStack(plan, self._folder, scenario.world(plan), say=say)

    async def play(self) -> ChaosRun:
        """Play it to its end; the stack is down when this returns.

        Raises:
            EmbeddedError, PortInUseError, ChildError, SchemaError, TopicError: the stack cannot run here, or did not come back.
        """
        began = time.monotonic()
        try:
            await self.stack.up(lambda dsn: scenario.seed(dsn, self._plan))
            run_facts = await self._play(began)
        except BaseException:
            self.stack.processes.kill_all()
            raise
        await self.stack.down()
        return run_facts

    async def _play(self, began: float) -> ChaosRun:
        self._say(f"the stack is ready after {time.monotonic() - began:.0f} s")
        provider_faults = ProviderFaults(self.stack.unipile, seed=self._plan.seed)
        await provider_faults.bad(limits=not self._plan.brief)
        injector = FaultInjector(self._plan, self.stack, provider_faults, say=self._say)
        pool = await open_pool(self.stack.dsn, role=None, size=3, name="chaos")
        log_reader = SendLogReader(self.stack.log)
        since = datetime.now(UTC)
        try:
            work = asyncio.gather(self._start_campaigns(pool), injector.play())
            until = await self._watch(pool, log_reader, work)
            await work
            await self._come_to_rest(pool, log_reader)
            replay_check = await check_replays(self.stack, pool, say=self._say)
            facts, ledger = await self._facts(pool), await read_ledger(pool)
        finally:
            await pool.close()
        return ChaosRun(
            plan=self._plan,
            log=self.stack.log,
            since=since,
            until=until,
            injected=list(injector.injected),
            kills=injector.by_kind,
            ended_by_themselves=self.stack.ended_by_themselves,
            wall_s=time.monotonic() - began,
            replay_check=replay_check,
            ledger=ledger,
            **facts,
        )

    async def _start_campaigns(self, pool: asyncpg.Pool) -> None:
        """One after the other over the whole run, so that there is always something that should leave."""
        ids = [row["id"] async for row in queries.campaigns(pool)]
        apart = self._plan.lasts_s / len(ids)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for place, campaign_id in enumerate(ids):
            await asyncio.sleep(max(0.0, began + place * apart - loop.time()))
            while True:
                try:
                    await run.start(pool, campaign_id, actor="chaos")
                    break
                except DATABASE_ERRORS:
                    await asyncio.sleep(LOOK_EVERY)

    async def _watch(self, pool: asyncpg.Pool, log_reader: SendLogReader, work: "asyncio.Future[Any]") -> datetime:
        """Say where it stands until campaigns are started and faults are mended; returns until when sends could flow.

        On a slow machine faults wait for one another into the night: those are played as well, but stop nothing that could flow.
        """
        said, until = 0.0, None
        while not work.done():
            log_reader.read()
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                state = await self._state(pool)
                self._say(self._where(state, log_reader))
                if until is None and state and not _at_work(state["now"]):
                    until = datetime.now(UTC)
                    self._say("the accounts' day is over before all faults are")
            await asyncio.sleep(LOOK_EVERY)
        return until or datetime.now(UTC)

    async def _come_to_rest(self, pool: asyncpg.Pool, log_reader: SendLogReader) -> None:
        """Wait until every promised send has left and nothing is under way; or until nothing has moved for long."""
        self._say("all faults are over; waiting for the rest")
        moved, seen, said = time.monotonic(), (-1, -1), time.monotonic()
        night: float | None = None
        stalled_after = max(STALLED_AFTER, NEWS_AFTER / self._plan.speed)
        while time.monotonic() - moved < stalled_after:
            log_reader.read()
            state = await self._state(pool)
            still = any(state.get(name, 1) for name in ("intents", "unknown", "outbox"))
            if state and not still and log_reader.sends + state["for_a_person"] >= self._plan.promised:
                return
            stands = (log_reader.sends, state.get("unknown", seen[1]))
            by_night = bool(state) and not _at_work(state["now"])
            if stands != seen or by_night:
                seen, moved = stands, time.monotonic()
            if by_night and night is None:
                night = time.monotonic()
                self._say(f"the accounts' day is over: {state['unknown']} unknown")
            elif state and not by_night and night is not None:
                self._say(f"the night took {time.monotonic() - night:.0f} s")
                night = None
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                self._say(self._where(state, log_reader))
            await asyncio.sleep(LOOK_EVERY)
        self._say(f"nothing has moved for {stalled_after:.0f} s: {state}")

    async def _state(self, pool: asyncpg.Pool) -> dict[str, Any]:
        """What is under way; empty while PostgreSQL is away."""
        try:
            return dict(await queries.under_way(pool, accept_of_five=ACCEPT_OF_FIVE))
        except DATABASE_ERRORS:
            return {}

    def _where(self, row: dict[str, Any], log_reader: SendLogReader) -> str:
        if not row:
            return f"{log_reader.sends} of {self._plan.promised} sent; PostgreSQL is away"
        return (
            f"{log_reader.sends} of {self._plan.promised} sent, {row['planned']} planned, {row['intents']} leaving, "
            f"{row['unknown']} unknown, {row['now']:%a %H:%M}"
        )

    async def _facts(self, pool: asyncpg.Pool) -> dict[str, Any]:
        """What our own tables say at the end."""
        return {name: [dict(row) async for row in getattr(queries, name)(pool)] for name in ("waiting", "ends", "states")}


def _at_work(now: datetime) -> bool:
    """Whether something could leave just now; a night is no stall, and takes as long as what is in hand keeps the clock from leaping."""
    local = now.astimezone(ZoneInfo("America/New_York"))
    return OPENS <= local.hour < CLOSES
