"""Progress of a replay in a row, so that the same command continues the replay after a Ctrl-C or a kill."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from operations.replay.ranges import Range
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_column, fetch_one, fetch_value, load
from shared.db.statements import write_audit_line
from shared.refusals import Refused
from shared.vocabulary import COMMAND_LINE

queries = load(__file__)

LOCK_SPACE: Final = 7_205
"""First half of the advisory lock's key; the second is the run's number."""
FIRST_OF_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What `--from beginning` is stored as."""


@dataclass(slots=True)
class ReplayRun:
    """A replay in progress; `positions` are the next offsets."""

    id: int
    since: datetime
    until: datetime | None
    reason: str
    range: Range
    positions: dict[int, int]
    published: int
    resumed: bool = False

    @property
    def left(self) -> Range:
        """The records that are still to be published."""
        return self.range.after(self.positions)


@dataclass(frozen=True, slots=True)
class _RunRow:
    id: int
    since: datetime
    until: datetime | None
    reason: str
    ends: dict[str, int]
    positions: dict[str, int]
    published: int


async def find_unfinished_run(connection: Connection, topic: str, asked: str) -> ReplayRun | None:
    """The replay that an earlier command with the same options began and did not finish."""
    row = await fetch_one(connection, queries.find_unfinished_run, _RunRow, topic=topic, asked=asked)
    if row is None:
        return None
    positions, ends = _parse_offsets(row.positions), _parse_offsets(row.ends)
    return ReplayRun(row.id, row.since, row.until, row.reason, Range(topic, positions, ends), dict(positions), row.published, resumed=True)


async def begin_run(
    connection: Connection, asked: str, wanted: Range, *, since: datetime | None, until: datetime | None, reason: str
) -> ReplayRun:
    """Insert the run, and a line of the audit log that says who began the replay and why."""
    first = since or FIRST_OF_ALL
    async with connection.transaction():
        [run] = await fetch_column(
            connection,
            queries.begin_run,
            int,
            topic=wanted.topic,
            asked=asked,
            since=first,
            until=until,
            reason=reason,
            started_by=COMMAND_LINE,
            ends=_encode_offsets(wanted.ends),
            positions=_encode_offsets(wanted.starts),
        )
        details = {"run": run, "asked": asked, "reason": reason, "records": wanted.size}
        await write_audit_line(connection, COMMAND_LINE, "replay", "topic", wanted.topic, details=details)
    return ReplayRun(run, first, until, reason, wanted, dict(wanted.starts), 0)


async def lock_run(connection: Connection, run: ReplayRun) -> None:
    """Make this process the only one that works on the run, for as long as the connection is open.

    Raises:
        Refused: another process holds the lock.
    """
    if not await fetch_value(connection, queries.lock_run, bool, space=LOCK_SPACE, run=run.id):
        raise Refused(f"Another process is working on replay {run.id} of {run.range.topic} right now.")


async def save_progress(connection: Connection, run: ReplayRun) -> None:
    """Store the positions. Events published after the last save are published twice when the run is resumed, which changes no row."""
    await execute(connection, queries.save_progress, run=run.id, positions=_encode_offsets(run.positions), published=run.published)


async def finish_run(connection: Connection, run: ReplayRun) -> None:
    """Mark the run as finished."""
    await execute(connection, queries.finish_run, run=run.id)


def _parse_offsets(stored: Mapping[str, int]) -> dict[int, int]:
    return {int(partition): offset for partition, offset in stored.items()}


def _encode_offsets(offsets: Mapping[int, int]) -> dict[str, int]:
    return {str(partition): offset for partition, offset in offsets.items()}
