"""What is wrong and what stands where, counted at the cost of what is wrong."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.score import IntegrityCounts, group_by_workspace
from shared.db.pool import Connection as OneConnection
from shared.db.queries import load

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool

DUPLICATES: Final = ("duplicate_sends",)
"""Kinds of findings that are duplicate rows of the queue, one finding for the rows of one step; the constraint keeps all others out."""
COUNTED_ELSEWHERE: Final = (
    "corrupted_sent",
    "corrupted_failed",
    "corrupted_pending",
    "stuck_dispatched",
    "sending_without_attempt",
    "sending_though_accepted",
)
"""Kinds of findings whose rows have a count of their own, so that nothing is taken off the score twice."""
SENDING_FOR: Final = timedelta(minutes=5)
"""Technical: upkeep takes a send out of a dead sender's hand after two."""
DISPATCHED_FOR: Final = timedelta(minutes=15)
"""Technical: a dispatch nobody takes is made again when its lease is over; leases double to a few minutes."""
MOST_RUNS: Final = 50


async def fetch_counts(connection: Connection, *, workspace_id: UUID | None) -> dict[UUID | None, IntegrityCounts]:
    """By workspace, or of the one; what belongs to none stands under None. `failures_in_row` is not among them."""
    rows = queries.counted(
        connection,
        workspace_id=workspace_id,
        sending_for=SENDING_FOR,
        dispatched_for=DISPATCHED_FOR,
        duplicates=list(DUPLICATES),
        counted_elsewhere=list(COUNTED_ELSEWHERE),
    )
    return group_by_workspace([(row["workspace_id"], row["name"], int(row["rows"])) async for row in rows])


async def count_failures_in_row(connection: Connection) -> int:
    """Runs of the clean-up that failed since the last that did not."""
    return int(await queries.failures_in_row(connection, most=MOST_RUNS))


async def fetch_corrupted_campaigns(connection: Connection, *, workspace_id: UUID | None, most: int) -> list[Mapping[str, Any]]:
    """Campaigns with corrupted prospects, most first."""
    return [dict(row) async for row in queries.corrupted_campaigns(connection, workspace_id=workspace_id, most=most)]


async def fold_queue_changes(connection: Connection, *, most: int) -> int:
    """Fold up to `most` changes of the queue into its counts; returns how many."""
    return int(await queries.fold(connection, most=most))


async def recount_queue(connection: Connection) -> None:
    """Count the whole queue anew; its cost is the queue's size."""
    await queries.recount(connection)
