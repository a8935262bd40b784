"""The counts of what cannot be, and the runs that mend it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.queries import execute, fetch_all, fetch_one, fetch_value, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Violations:
    """The row of the view prospect_data_integrity."""

    corrupted_sent: int
    corrupted_failed: int
    corrupted_pending: int
    total_prospects: int
    corruption_percentage: float


@dataclass(frozen=True, slots=True)
class UnknownCounts:
    """Attempts that are looked up, the age of the oldest (business seconds), and attempts that wait for an operator."""

    waiting: int
    oldest_seconds: float
    needs_person: int


@dataclass(frozen=True, slots=True)
class StartedRun:
    """What mend_corrupted_prospects() answers."""

    run_id: int
    fixed_count: int
    campaign_ids: list[str]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run's row holds beside it: the view before and after, how many rows it took, how many it left to a person."""

    before: dict[str, Any]
    after: dict[str, Any]
    chosen: int
    for_person: int


@dataclass(frozen=True, slots=True)
class CleanupBatch:
    """One run that was committed."""

    run: StartedRun
    counts: RunCounts

    @property
    def did_something(self) -> bool:
        """Whether it changed a row or left one to a person, so that the next run finds other rows."""
        return self.run.fixed_count > 0 or self.counts.for_person > 0


@dataclass(frozen=True, slots=True)
class DeEnrollmentBatch:
    """How many leads one batch took, and the last of them; None: there was none."""

    candidates: int
    de_enrolled: int
    skipped: int
    last_lead: UUID | None


async def fetch_violations(pool: asyncpg.Pool) -> Violations:
    """The row of the view prospect_data_integrity, which has exactly one."""
    return (await fetch_all(pool, queries.violations, Violations))[0]


async def count_unknown_attempts(pool: asyncpg.Pool, *, now: datetime) -> UnknownCounts:
    """Of all workspaces."""
    return (await fetch_all(pool, queries.unknown_attempts, UnknownCounts, now=now))[0]


async def run_cleanup(
    pool: asyncpg.Pool, *, actor: str, called_by: str, most: int, patience: timedelta | None, all_right_at: datetime | None
) -> CleanupBatch | None:
    """One run of what cleanup_corrupted_prospect_statuses() runs, over at most so many; None: all rows were locked and left.

    `patience` (technical) is how long to wait for a row that another transaction has locked; None: until it is free. With a patience of
    zero, locked rows are left and the others repaired; with a longer one, nothing is repaired where the wait ends. `all_right_at`
    (technical): when `find_corruption` last saw nothing wrong.

    Raises:
        asyncpg.PostgresError, OSError: it failed and nothing was changed; the failure stands in cleanup_runs.
    """
    try:
        async with pool.acquire() as connection, connection.transaction():
            if patience:
                await execute(connection, queries.be_patient, milliseconds=patience // timedelta(milliseconds=1))
            run = await fetch_one(
                connection,
                queries.clean_up,
                StartedRun,
                actor=actor,
                called_by=called_by,
                most=most,
                leave_busy=patience == timedelta(0),
                all_right_at=all_right_at,
            )
            if run is None:
                return None
            return CleanupBatch(run, (await fetch_all(connection, queries.counts_of_run, RunCounts, run_id=run.run_id))[0])
    except asyncpg.LockNotAvailableError:
        if not patience:
            raise
        return None


async def record_failure(pool: asyncpg.Pool, *, called_by: str, error: str) -> None:
    """A run that failed leaves its row too."""
    await execute(pool, queries.record_failure, called_by=called_by, error=error)


async def has_leads_to_leave(pool: asyncpg.Pool) -> bool:
    """Whether a campaign holds a lead to whom it sends nothing more."""
    return bool(await fetch_value(pool, queries.has_leads_to_leave, bool))


async def begin_de_enrollment(pool: asyncpg.Pool) -> UUID:
    """Open a run."""
    run = await fetch_value(pool, queries.begin_de_enrollment, UUID)
    if run is None:
        raise LookupError("the run was not recorded")
    return run


async def de_enroll_batch(pool: asyncpg.Pool, run_id: UUID, *, most: int, after_lead: UUID | None) -> DeEnrollmentBatch:
    """One batch, in its own transaction."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await fetch_all(connection, queries.de_enroll_batch, DeEnrollmentBatch, run_id=run_id, most=most, after_lead=after_lead)
    return rows[0]


async def end_de_enrollment(pool: asyncpg.Pool, run_id: UUID, *, error: str | None) -> None:
    """Close the run."""
    await execute(pool, queries.end_de_enrollment, run_id=run_id, error=error)
