"""Plan every unplanned prospect at once: the planner's sweep until nothing is left, or for a bounded time."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from services.queuer.store.insight import queue
from services.queuer.store.planning.unplanned import campaign_with_unplanned, unplanned_prospects
from services.queuer.workflows.accounts.account_availability import MOST_COUNTED
from services.queuer.workflows.planning.plan import FIRST_ID, Planner


@dataclass(frozen=True, slots=True)
class Planned:
    """`outcomes` counts rows by what was written at once; `remaining` prospects are still unplanned, counted to a limit."""

    outcomes: Counter[str]
    remaining: int

    @property
    def planned(self) -> int:
        """Sends that got a moment."""
        return self.outcomes["pending"]


class PlanNow:
    """Any number of these may run, beside the planner's own sweep: a prospect is planned once, by the first of them."""

    def __init__(self, pool: asyncpg.Pool, planner: Planner, *, batch: int, within: timedelta) -> None:
        self._pool = pool
        self._planner = planner
        self._batch = batch
        self._within = within.total_seconds()

    async def plan(self, *, within: timedelta | None = None) -> Planned:
        """Round after round over the running campaigns, a batch of each, until a round writes nothing or the time is over.

        `within` in place of the setting.
        """
        deadline = time.monotonic() + (self._within if within is None else within.total_seconds())
        outcomes: Counter[str] = Counter()
        wrote = True
        while wrote and time.monotonic() < deadline:
            fresh = await self._round(deadline)
            stuck = fresh.pop("not_planned", 0)
            outcomes += fresh
            outcomes["not_planned"] = stuck  # every round finds them again, so the last one counts
            wrote = bool(fresh.total())
        async with self._pool.acquire() as connection:
            return Planned(outcomes, await queue.count_unplanned(connection, most=MOST_COUNTED))

    async def _round(self, deadline: float) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        campaign = FIRST_ID
        while time.monotonic() < deadline and (found := await self._next(campaign)) is not None:
            campaign, ids = found
            outcomes += await self._planner.plan_counting(ids)
        return outcomes

    async def _next(self, after: UUID) -> tuple[UUID, list[UUID]] | None:
        async with self._pool.acquire() as connection:
            campaign = await campaign_with_unplanned(connection, after)
            if campaign is None:
                return None
            return campaign, list(await unplanned_prospects(connection, campaign, most=self._batch))
