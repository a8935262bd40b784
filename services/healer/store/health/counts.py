"""What is wrong and what stands where, counted at the cost of what is wrong."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.score import IntegrityCounts, group_by_workspace
from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, fetch_value, load

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
"""Technical: a dispatch that no sender takes is made again when its lease is over; leases double to a few minutes."""
MOST_RUNS: Final = 50


@dataclass(frozen=True, slots=True)
class CountedRows:
    """One figure of a workspace; `name` is a field of IntegrityCounts."""

    workspace_id: UUID | None
    name: str
    rows: Decimal


@dataclass(frozen=True, slots=True)
class CorruptedCampaign:
    """A campaign with corrupted prospects."""

    campaign_id: UUID
    campaign_name: str
    workspace_id: UUID
    corrupted_sent: int
    corrupted_failed: int
    corrupted_pending: int
    total_prospects: int


async def fetch_counts(connection: Connection, *, workspace_id: UUID | None) -> dict[UUID | None, IntegrityCounts]:
    """By workspace, or of the one; what belongs to none stands under None. `failures_in_row` is not among them."""
    rows = await fetch_all(
        connection,
        queries.counted,
        CountedRows,
        workspace_id=workspace_id,
        sending_for=SENDING_FOR,
        dispatched_for=DISPATCHED_FOR,
        duplicates=list(DUPLICATES),
        counted_elsewhere=list(COUNTED_ELSEWHERE),
    )
    return group_by_workspace([(row.workspace_id, row.name, int(row.rows)) for row in rows])


async def count_failures_in_row(connection: Connection) -> int:
    """Runs of the clean-up that failed since the last that did not."""
    return await fetch_value(connection, queries.failures_in_row, int, most=MOST_RUNS) or 0


async def fetch_corrupted_campaigns(connection: Connection, *, workspace_id: UUID | None, most: int) -> list[CorruptedCampaign]:
    """Campaigns with corrupted prospects, most first."""
    return await fetch_all(connection, queries.corrupted_campaigns, CorruptedCampaign, workspace_id=workspace_id, most=most)


async def fold_queue_changes(connection: Connection, *, most: int) -> int:
    """Fold up to `most` changes of the queue into its counts; returns how many."""
    return await fetch_value(connection, queries.fold, int, most=most) or 0


async def recount_queue(connection: Connection) -> None:
    """Count the whole queue anew; its cost is the queue's size."""
    await execute(connection, queries.recount)
