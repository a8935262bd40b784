"""Plan what comes next for prospects: load one input under lock, decide, record.

Every event leads here with nothing but prospects' ids. What there is to plan is read from the rows under lock, so an
event that comes twice, late or out of order plans nothing twice; the sweep makes a lost event harmless.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.rules.planning.next_step import NothingToPlan, next_step
from services.queuer.rules.planning.plan import PlanDecisions, plan
from services.queuer.rules.planning.plan_input import PlanInput
from services.queuer.store.planning.prospects import load_positions, load_steps
from services.queuer.store.planning.sends import load_progress
from services.queuer.store.planning.unplanned import campaign_with_unplanned, sequences_under_way, try_lock_sweep, unplanned_prospects
from services.queuer.workflows.planning.load import extend_calendars, load_plan_input
from services.queuer.workflows.planning.record import record
from shared.db.pool import Connection

log = structlog.get_logger()

FIRST_ID: Final = UUID(int=0)
"""Before every id: where a round over rows in id order begins."""
ANY_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Where only the existence of a next step matters, not when it is due."""


class Planner:
    """Plans prospects in batches, one transaction each."""

    def __init__(self, pool: asyncpg.Pool, *, batch: int, recipients_stay_fresh: timedelta) -> None:
        self._pool = pool
        self._batch = batch
        self._fresh_for = recipients_stay_fresh
        self._swept = FIRST_ID
        self._round_wrote = False
        self._checked = FIRST_ID

    async def plan(self, prospect_ids: Sequence[UUID]) -> int:
        """Plan what these prospects need; returns how many rows that wrote. What is planned already stays as it is."""
        outcomes = await self.plan_counting(prospect_ids)
        return outcomes.total() - outcomes["not_planned"]

    async def plan_counting(self, prospect_ids: Sequence[UUID]) -> Counter[str]:
        """The same, saying of how many rows which status was written, and how many could not be planned (`not_planned`).

        Most events leave nothing to plan (an invitation that left waits for its answer). A look without locks finds these
        first, because planning holds the accounts against sender, poller and every other planner: measured once, the look brought
        the lock waits of a run from 268 s down to 26 s. It reads no more than each prospect's position in its sequence; a fact
        that is committed after the look has an event of its own.
        """
        written: Counter[str] = Counter()
        ids = sorted(set(prospect_ids))
        for start in range(0, len(ids), self._batch):
            async with self._pool.acquire() as connection:
                unfinished = await _with_something_next(connection, ids[start : start + self._batch])
                if unfinished:
                    async with connection.transaction():
                        written += await self.plan_within(connection, unfinished)
        return written

    async def plan_within(self, connection: Connection, prospect_ids: Sequence[UUID]) -> Counter[str]:
        """Plan one batch in the caller's transaction; counts as `plan_counting`."""
        facts = await load_plan_input(connection, prospect_ids, fresh_for=self._fresh_for)
        decisions = await decide_fully(connection, facts, plan)
        fresh = await record(connection, decisions, now=facts.now)
        outcomes = Counter(send.status.value for send in decisions.sends if send.id in fresh)
        outcomes["not_planned"] = decisions.not_placed
        _report(decisions, outcomes)
        return outcomes

    async def sweep(self) -> bool:
        """Plan one batch of the next running campaign that has unplanned prospects; True when there may be more.

        Campaigns take turns, so that one with a hundred thousand prospects does not keep the others waiting.
        """
        async with self._pool.acquire() as connection:
            campaign = await campaign_with_unplanned(connection, self._swept)
            if campaign is None:
                # The round is over. Campaigns that cannot be planned (an unreadable schedule) must not make this a hot loop.
                again, self._round_wrote, self._swept = self._round_wrote, False, FIRST_ID
                return again
            self._swept = campaign
            async with connection.transaction():
                if await try_lock_sweep(connection, campaign):  # else another queuer is sweeping this campaign
                    ids = await unplanned_prospects(connection, campaign, most=self._batch)
                    outcomes = await self.plan_within(connection, ids)
                    self._round_wrote |= outcomes.total() > outcomes["not_planned"]
        return True

    async def sweep_under_way(self) -> bool:
        """Plan the next step of sequences under way whose event was lost or became a dead letter; True when there were some.

        One batch each time, and round again from the first id: the cost does not grow with the prospects under way.
        """
        async with self._pool.acquire() as connection:
            page = await sequences_under_way(connection, self._checked, most=self._batch)
        self._checked = page[-1].prospect_id if len(page) == self._batch else FIRST_ID
        found = await self.plan([sequence.prospect_id for sequence in page if sequence.idle])
        if found:
            log.info("prospects were waiting for a step that no event had planned; the event was late or lost", prospects=found)
        metrics.FORGOTTEN.labels(what="follow_up").inc(found)
        return bool(found)


async def decide_fully(connection: Connection, facts: PlanInput, rule: Callable[[PlanInput], PlanDecisions]) -> PlanDecisions:
    """The rule's decisions, made again with longer calendars where an account is full or closed beyond what was loaded.

    That is rare, because the spans allow for the batch; the rule is pure, so that deciding twice costs time alone.
    """
    decisions = rule(facts)
    while decisions.not_loaded:
        facts = await extend_calendars(connection, facts, decisions.not_loaded)
        decisions = rule(facts)
    return decisions


async def _with_something_next(connection: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the prospects that have a step to plan or have come to the end of their sequence; read without locks."""
    positions = await load_positions(connection, ids)
    steps = await load_steps(connection, {position.workflow_id for position in positions if position.workflow_id})
    progress = await load_progress(connection, [position.id for position in positions])
    found = []
    for position in positions:
        known = steps.get(position.workflow_id) if position.workflow_id else None
        if not known:
            continue
        step = next_step(position.status, position.connected_at, known, progress.get(position.id, {}), now=ANY_MOMENT)
        if not isinstance(step, NothingToPlan):
            found.append(position.id)
    return found


def _report(decisions: PlanDecisions, outcomes: Counter[str]) -> None:
    for outcome, count in outcomes.items():
        metrics.PLANNED_SENDS.labels(outcome=outcome).inc(count)
    for ending in decisions.finished:
        metrics.FINISHED_PROSPECTS.labels(outcome=ending.outcome or ending.status.value).inc()
    for hours in decisions.unreadable:
        log.warning("cannot plan: the hours cannot be read", campaign=hours.campaign_id, account=hours.account_id, error=hours.error)
