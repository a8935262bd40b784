"""How far a replay has got: a row, so that the same command goes on with it after a Ctrl-C or a kill."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from operations.replay.ranges import Range
from shared.db.pool import Connection
from shared.db.queries import load
from shared.refusals import Refused
from shared.vocabulary import COMMAND_LINE

queries = load(__file__)

LOCK_SPACE: Final = 7_205
"""First half of the advisory lock's key; the second is the run's number."""
FIRST_OF_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What `--from beginning` is kept as."""


@dataclass(slots=True)
class Run:
    """A replay under way; `positions` are the next offsets."""

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
        """What is still to do."""
        return self.range.after(self.positions)


async def unfinished(connection: Connection, topic: str, asked: str) -> Run | None:
    """The replay that was begun with these words and not finished."""
    row = await queries.under_way(connection, topic=topic, asked=asked)
    if row is None:
        return None
    positions, ends = _offsets(row["positions"]), _offsets(row["ends"])
    whole = Range(topic, positions, ends)
    return Run(row["id"], row["since"], row["until"], row["reason"], whole, dict(positions), row["published"], resumed=True)


async def begin(connection: Connection, asked: str, wanted: Range, *, since: datetime | None, until: datetime | None, reason: str) -> Run:
    """Write down that it begins, and in the audit log who asked for it and why."""
    first = since or FIRST_OF_ALL
    async with connection.transaction():
        run: int = await queries.begin(
            connection,
            topic=wanted.topic,
            asked=asked,
            since=first,
            until=until,
            reason=reason,
            started_by=COMMAND_LINE,
            ends=_json(wanted.ends),
            positions=_json(wanted.starts),
        )
        await note(connection, "replay", wanted.topic, {"run": run, "asked": asked, "reason": reason, "records": wanted.size})
    return Run(run, first, until, reason, wanted, dict(wanted.starts), 0)


async def take(connection: Connection, run: Run) -> None:
    """Be the one process that works on it, as long as the connection lives.

    Raises:
        Refused: another one does.
    """
    if not await queries.take(connection, space=LOCK_SPACE, run=run.id):
        raise Refused(f"Replay {run.id} of {run.range.topic} is being worked on by another process right now.")


async def get_on(connection: Connection, run: Run) -> None:
    """Remember how far it is; what was published after the last of these is published twice by whoever goes on."""
    await queries.get_on(connection, run=run.id, positions=_json(run.positions), published=run.published)


async def finish(connection: Connection, run: Run) -> None:
    """Nothing is left."""
    await queries.finish(connection, run=run.id)


async def note(connection: Connection, verb: str, topic: str, details: dict[str, Any]) -> None:
    """A line in the audit log."""
    await queries.note(connection, actor=COMMAND_LINE, verb=verb, object="topic", object_id=topic, details=details)


def _offsets(stored: dict[str, int]) -> dict[int, int]:
    return {int(partition): offset for partition, offset in stored.items()}


def _json(offsets: Any) -> dict[str, int]:
    return {str(partition): offset for partition, offset in offsets.items()}
