"""What measuring writes: scores, repair times, the counted runs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_one, fetch_value, load

queries = load(__file__)

LOCK: Final = 7_204_002
"""Advisory lock of the healer that measures; held for a transaction."""


@dataclass(frozen=True, slots=True)
class TimedRepair:
    """One line of integrity_history; `took` is None where the begin is not known."""

    kind: str
    workspace_id: UUID | None
    took: timedelta | None
    day: date
    repair_objective: timedelta | None
    """The workspace's own."""


@dataclass(frozen=True, slots=True)
class MeasurementState:
    """When the leader last did what (technical); `age` in seconds, None before the first measurement."""

    measured_at: datetime | None
    recounted_at: datetime | None
    predicted_at: datetime | None
    now: datetime
    age: float | None


@dataclass(frozen=True, slots=True)
class MeasuredScore:
    """A score to be stored; `workspace_id` None: the whole stack's."""

    workspace_id: UUID | None
    score: float
    status: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many findings of a kind are open or proposed."""

    kind: str
    many: int


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A cleanup run that ended."""

    id: int
    fixed_count: int
    error: str | None


async def acquire_measuring_lock(connection: Connection) -> bool:
    """Acquire the lock for this transaction; False when another healer holds it."""
    return bool(await fetch_value(connection, queries.lead, bool, lock=LOCK))


async def fetch_state(connection: Connection) -> MeasurementState:
    """Where measuring stands."""
    state = await fetch_one(connection, queries.state, MeasurementState)
    if state is None:
        raise OSError("The table health_state is empty. Run `tact migrate apply`; it holds exactly one row.")
    return state


async def count_open_by_kind(connection: Connection) -> dict[str, int]:
    """How many findings of each kind are open or proposed."""
    return {row.kind: row.many for row in await fetch_all(connection, queries.open_by_kind, KindCount)}


async def mark_measured(connection: Connection) -> None:
    """Just now."""
    await execute(connection, queries.measured)


async def mark_recounted(connection: Connection) -> None:
    """Just now."""
    await execute(connection, queries.recounted)


async def take_repairs(connection: Connection, *, since_wrong: Sequence[str], most: int) -> list[TimedRepair]:
    """Lines of history that were not measured; they count as measured when the transaction commits. Those of the kinds in
    `since_wrong` are timed from the corruption, the others from the finding."""
    return await fetch_all(connection, queries.take_repairs, TimedRepair, since_wrong=list(since_wrong), most=most)


async def add_repair_times(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the steps of the scale; each (workspace, day, kind, bucket) once in `rows`."""
    await execute(connection, queries.add_repair_times, rows=[dict(row) for row in rows])


async def take_runs(connection: Connection, *, most: int) -> list[FinishedRun]:
    """Cleanup runs that ended and were not counted in the metrics."""
    return await fetch_all(connection, queries.take_runs, FinishedRun, most=most)


async def store_scores(connection: Connection, scores: Sequence[MeasuredScore], *, at_least: timedelta) -> None:
    """Rows of workspaces where the score changed, or the last one is that old."""
    rows = [asdict(score) | {"workspace_id": str(score.workspace_id)} for score in scores]
    await execute(connection, queries.keep_scores, rows=rows, at_least=at_least)


async def store_stack_score(connection: Connection, score: MeasuredScore, *, at_least: timedelta) -> None:
    """The same of everything."""
    await execute(
        connection,
        queries.keep_score_of_stack,
        score=score.score,
        status=score.status,
        figures=score.figures,
        at_least=at_least,
    )


async def delete_expired(connection: Connection, *, kept: timedelta, hours_kept: timedelta, most: int) -> None:
    """Delete what is older (technical time), a part of it at a time."""
    await execute(connection, queries.forget_scores, kept=kept, most=most)
    await execute(connection, queries.forget_hours, kept=hours_kept)
    await execute(connection, queries.forget_times, kept=kept)
