"""What measuring writes: scores, repair times, the counted runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)

LOCK: Final = 7_204_002
"""Advisory lock of whoever measures; held for a transaction."""


@dataclass(frozen=True, slots=True)
class TimedRepair:
    """One line of integrity_history; `took` is None where nobody knows since when it was so."""

    kind: str
    workspace_id: UUID | None
    took: timedelta | None
    day: date
    objective: timedelta | None
    """The workspace's own."""


@dataclass(frozen=True, slots=True)
class MeasurementState:
    """When the leader last did what (technical); `age` in seconds, None before the first measurement."""

    measured_at: datetime | None
    recounted_at: datetime | None
    predicted_at: datetime | None
    now: datetime
    age: float | None


async def acquire_measuring_lock(connection: Connection) -> bool:
    """Be the one who measures, for this transaction; False when somebody else is."""
    return bool(await queries.lead(connection, lock=LOCK))


async def fetch_state(connection: Connection) -> MeasurementState:
    """Where measuring stands."""
    return MeasurementState(**dict(await queries.state(connection)))


async def count_open_by_kind(connection: Connection) -> dict[str, int]:
    """How many findings of each kind are open or proposed."""
    return {row["kind"]: row["many"] async for row in queries.open_by_kind(connection)}


async def mark_measured(connection: Connection) -> None:
    """Just now."""
    await queries.measured(connection)


async def mark_recounted(connection: Connection) -> None:
    """Just now."""
    await queries.recounted(connection)


async def take_repairs(connection: Connection, *, since_wrong: Sequence[str], most: int) -> list[TimedRepair]:
    """Lines of history that were not measured; they count as measured when the transaction commits. Those of the kinds in
    `since_wrong` are timed from the corruption, the others from the finding."""
    return [
        TimedRepair(row["kind"], row["workspace_id"], row["took"], row["day"], row["repair_objective"])
        async for row in queries.take_repairs(connection, since_wrong=list(since_wrong), most=most)
    ]


async def add_repair_times(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the steps of the scale; each (workspace, day, kind, bucket) once in `rows`."""
    await queries.add_repair_times(connection, rows=[dict(row) for row in rows])


async def take_runs(connection: Connection, *, most: int) -> list[Mapping[str, Any]]:
    """Runs that ended and were not counted."""
    return [dict(row) async for row in queries.take_runs(connection, most=most)]


async def store_scores(connection: Connection, rows: Sequence[Mapping[str, Any]], *, at_least: timedelta) -> None:
    """Rows of workspaces where the score changed, or the last one is that old."""
    await queries.keep_scores(connection, rows=[dict(row) for row in rows], at_least=at_least)


async def store_stack_score(connection: Connection, row: Mapping[str, Any], *, at_least: timedelta) -> None:
    """The same of everything."""
    await queries.keep_score_of_stack(connection, score=row["score"], status=row["status"], figures=row["figures"], at_least=at_least)


async def delete_expired(connection: Connection, *, kept: timedelta, hours_kept: timedelta, most: int) -> None:
    """Delete what is older (technical time), a part of it at a time."""
    async for _ in queries.forget_scores(connection, kept=kept, most=most):
        pass
    await queries.forget_hours(connection, kept=hours_kept)
    await queries.forget_times(connection, kept=kept)
