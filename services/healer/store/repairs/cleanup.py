"""The counts of what cannot be, and the runs that mend it."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from shared.db.queries import load

queries = load(__file__)

BUSY: Final[dict[str, Any]] = {
    "run_id": None,
    "fixed_count": 0,
    "campaign_ids": [],
    "before": None,
    "after": None,
    "chosen": 0,
    "for_person": 0,
}
"""What a clean-up answers that was left, because others hold the rows."""


async def fetch_violations(pool: asyncpg.Pool) -> dict[str, Any]:
    """The row of the view prospect_data_integrity."""
    return dict(await queries.violations(pool))


async def count_unknown_attempts(pool: asyncpg.Pool, *, now: datetime) -> dict[str, Any]:
    """How many are looked up, how many wait for a person, and how old the oldest is (business seconds)."""
    return dict(await queries.unknown_attempts(pool, now=now))


async def run_cleanup(
    pool: asyncpg.Pool, *, actor: str, called_by: str, most: int, patience: timedelta | None, all_right_at: datetime | None
) -> dict[str, Any]:
    """One run of what cleanup_corrupted_prospect_statuses() runs, over at most so many.

    `patience` (technical) is how long a row that somebody else holds is waited for; None: until it is free. Without any, the busy are
    left and the others mended; with some, nobody is mended where it ends. `all_right_at` (technical): as `all_right` answered last.

    Raises:
        asyncpg.PostgresError, OSError: it failed and nothing was changed; the failure stands in cleanup_runs.
    """
    try:
        async with pool.acquire() as connection, connection.transaction():
            if patience:
                await queries.be_patient(connection, milliseconds=patience // timedelta(milliseconds=1))
            row = await queries.clean_up(
                connection, actor=actor, called_by=called_by, most=most, leave_busy=patience == timedelta(0), all_right_at=all_right_at
            )
            return dict(BUSY) if row is None else dict(row) | dict(await queries.counts_of_run(connection, run_id=row["run_id"]))
    except asyncpg.LockNotAvailableError:
        if not patience:
            raise
        return dict(BUSY)


async def record_failure(pool: asyncpg.Pool, *, called_by: str, error: str) -> None:
    """A run that failed leaves its row too."""
    await queries.record_failure(pool, called_by=called_by, error=error)


async def anybody_to_leave(pool: asyncpg.Pool) -> bool:
    """Does a campaign hold a lead that it has nothing more to say to?"""
    return bool(await queries.anybody_to_leave(pool))


async def begin_de_enrollment(pool: asyncpg.Pool) -> UUID:
    """Open a run."""
    run: UUID = await queries.begin_de_enrollment(pool)
    return run


async def de_enroll_batch(pool: asyncpg.Pool, run_id: UUID, *, most: int, after_lead: UUID | None) -> dict[str, Any]:
    """One batch, in its own transaction."""
    async with pool.acquire() as connection, connection.transaction():
        return dict(await queries.de_enroll_batch(connection, run_id=run_id, most=most, after_lead=after_lead))


async def end_de_enrollment(pool: asyncpg.Pool, run_id: UUID, *, error: str | None) -> None:
    """Close the run."""
    await queries.end_de_enrollment(pool, run_id=run_id, error=error)
