"""Measure how healthy the data is, again and again: fold what changed, keep the score's history, time the repairs.

Any number of healers may run it; one at a time leads, and the others only read how old its measurement is.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.metrics import CLEANUP_RUNS, HEALED_ROWS, HEALTH_AGE, HEALTH_SCORE, REPAIR_SECONDS, VIOLATIONS, RunResult, rule_label
from services.healer.rules.health.repair_times import find_bucket
from services.healer.rules.health.score import Health, IntegrityCounts, score_health, sum_counts
from services.healer.rules.repairs.finding_kinds import KINDS, VIEW
from services.healer.store.health import counts, risks
from services.healer.store.health import measurements as store
from services.healer.store.health.measurements import MeasuredScore, TimedRepair
from shared.db.pool import Connection

MOST: Final = 5_000
"""Most rows of one statement, so that its locks are held briefly."""
AT_LEAST_EVERY: Final = timedelta(hours=1)
"""Technical: a score that does not change leaves a row that often."""
RECOUNT_EVERY: Final = timedelta(hours=1)
HOURS_KEPT: Final = timedelta(days=15)
"""The usual rate of errors is of a week."""


@dataclass(frozen=True, slots=True)
class HealthMeasurement:
    """One measurement: by workspace (None: what belongs to none), and of the whole stack. `silent_for`: since the one before."""

    figures: dict[UUID | None, IntegrityCounts]
    whole: IntegrityCounts
    silent_for: timedelta | None


Then = Callable[[Connection, HealthMeasurement], Awaitable[None]]


class MeasureHealth:
    """The job."""

    def __init__(self, pool: asyncpg.Pool, *, objective: timedelta, kept: timedelta, then: Sequence[Then] = ()) -> None:
        """`objective`: how fast a repair should be where the workspace does not say; `kept`: how long scores are; `then` comes
        after each measurement, in its transaction."""
        self._pool = pool
        self._objective = objective
        self._kept = kept
        self._then = then
        self._measured: float | None = None
        HEALTH_AGE.set_function(self._age)

    async def round(self) -> bool:
        """Measure unless another healer does at this moment; True when there are more queue changes to fold."""
        more = False
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                if leads := await store.acquire_measuring_lock(connection):
                    more = await counts.fold_queue_changes(connection, most=MOST) == MOST
                    more = await risks.count_findings(connection, most=MOST) == MOST or more
            if leads:
                async with connection.transaction():
                    repairs = await store.take_repairs(connection, since_wrong=VIEW, most=MOST)
                    await store.add_repair_times(connection, list(_steps(repairs, self._objective)))
                    runs = await store.take_runs(connection, most=MOST)
                _count(repairs, runs)
                more = more or len(repairs) == MOST
                async with connection.transaction():
                    if await store.acquire_measuring_lock(connection):
                        await self._measure(connection)
            state = await store.fetch_state(connection)
            open_now = await store.count_open_by_kind(connection)
        for kind in KINDS:
            if kind not in VIEW:  # those are counted row by row when stock is taken
                VIOLATIONS.labels(rule=kind).set(open_now.get(kind, 0))
        self._measured = None if state.age is None else time.monotonic() - state.age
        return more

    async def recount(self) -> None:
        """Recount the whole queue, once an hour over all healers; the cost grows with the size of the queue."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.acquire_measuring_lock(connection):
                return
            state = await store.fetch_state(connection)
            if state.recounted_at is not None and state.now - state.recounted_at < RECOUNT_EVERY:
                return
            await counts.recount_queue(connection)
            await store.mark_recounted(connection)
            await store.delete_expired(connection, kept=self._kept, hours_kept=HOURS_KEPT, most=MOST)

    async def _measure(self, connection: Connection) -> None:
        before = await store.fetch_state(connection)
        figures = await counts.fetch_counts(connection, workspace_id=None)
        whole = replace(sum_counts(figures.values()), failures_in_row=await counts.count_failures_in_row(connection))
        health = score_health(whole)
        rows = [_build_score(workspace_id, of, score_health(of)) for workspace_id, of in figures.items() if workspace_id is not None]
        await store.store_scores(connection, rows, at_least=AT_LEAST_EVERY)
        await store.store_stack_score(connection, _build_score(None, whole, health), at_least=AT_LEAST_EVERY)
        silent = None if before.measured_at is None else before.now - before.measured_at
        for then in self._then:
            await then(connection, HealthMeasurement(figures, whole, silent))
        await store.mark_measured(connection)
        HEALTH_SCORE.set(health.score)

    def _age(self) -> float:
        """Computed when the metrics are scraped, so that the age grows while no healer measures."""
        return float("nan") if self._measured is None else time.monotonic() - self._measured


def _build_score(workspace_id: UUID | None, figures: IntegrityCounts, health: Health) -> MeasuredScore:
    kept = {name: value for name, value in asdict(figures).items() if value}
    return MeasuredScore(workspace_id, health.score, health.status.value, kept | {"taken": dict(health.taken)})


def _steps(repairs: Sequence[TimedRepair], objective: timedelta) -> list[dict[str, Any]]:
    steps: dict[tuple[UUID | None, str, str, int], dict[str, Any]] = {}
    for repair in repairs:
        if repair.took is None:
            continue
        key = (repair.workspace_id, repair.day.isoformat(), repair.kind, find_bucket(repair.took))
        step = steps.setdefault(
            key,
            {
                "workspace_id": key[0] and str(key[0]),
                "day": key[1],
                "kind": key[2],
                "bucket": key[3],
                "repaired": 0,
                "within": 0,
                "seconds": 0.0,
            },
        )
        step["repaired"] += 1
        step["within"] += repair.took <= (repair.repair_objective or objective)
        step["seconds"] += max(0.0, repair.took.total_seconds())
    return list(steps.values())


def _count(repairs: Sequence[TimedRepair], runs: Sequence[store.FinishedRun]) -> None:
    """After the commit, so that nothing is counted that was taken back."""
    for kind, many in Counter(rule_label(repair.kind) for repair in repairs).items():
        HEALED_ROWS.labels(rule=kind).inc(many)
    for repair in repairs:
        if repair.took is not None:
            REPAIR_SECONDS.observe(max(0.0, repair.took.total_seconds()))
    for run in runs:
        result = RunResult.FAILED if run.error else RunResult.FIXED if run.fixed_count else RunResult.NOTHING
        CLEANUP_RUNS.labels(result=result).inc()
