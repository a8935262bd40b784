"""Say how healthy the data is: of one workspace, or of the whole stack. What is read, and what an answer leaves out for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.rules.health.repair_times import RepairTimes, summarize_times
from services.healer.rules.health.score import Health, IntegrityCounts, score_health, sum_counts
from services.healer.store.health import counts as store
from services.healer.store.health import pages
from services.healer.store.health.pages import CleanupRun
from shared.db.pool import Connection
from shared.refusals import Refused

MOST_CAMPAIGNS: Final = 10_000
"""Most campaigns that one answer lists; a longer list of ids is of no use to a reader."""
SHORTEST_OBJECTIVE: Final = timedelta(milliseconds=100)
LONGEST_OBJECTIVE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What was looked at, what it is worth, and the campaigns in which something is corrupted, most first."""

    figures: IntegrityCounts
    health: Health
    campaigns: Sequence[store.CorruptedCampaign]


@dataclass(frozen=True, slots=True)
class RepairTimesReport:
    """How long repairs took in the last days, against the objective; by kind as well."""

    objective: timedelta
    own_objective: bool
    whole: RepairTimes
    by_kind: Mapping[str, RepairTimes]


async def build_report(connection: Connection, *, workspace_id: UUID | None) -> HealthReport:
    """Look now; None: at everything. Runs of the clean-up are the stack's and lower only its score."""
    counted = await store.fetch_counts(connection, workspace_id=workspace_id)
    whole = sum_counts(counted.values())
    if workspace_id is None:
        whole = replace(whole, failures_in_row=await store.count_failures_in_row(connection))
    campaigns = await store.fetch_corrupted_campaigns(connection, workspace_id=workspace_id, most=MOST_CAMPAIGNS)
    return HealthReport(whole, score_health(whole), campaigns)


async def summarize_repairs(
    connection: Connection, *, workspace_id: UUID | None, span: timedelta, objective: timedelta
) -> RepairTimesReport:
    """`objective` is the healer's setting, for who has none of its own."""
    steps = await pages.fetch_repair_times(connection, workspace_id=workspace_id, span=span)
    own = None if workspace_id is None else await pages.fetch_objective(connection, workspace_id)
    return RepairTimesReport(
        objective=own or objective,
        own_objective=own is not None,
        whole=summarize_times([step for of_kind in steps.values() for step in of_kind]),
        by_kind={kind: summarize_times(of_kind) for kind, of_kind in sorted(steps.items())},
    )


async def list_cleanup_runs(pool: asyncpg.Pool, *, workspace_id: UUID | None, before: int | None, most: int) -> list[CleanupRun]:
    """Runs mend whatever is wrong, so a workspace sees when they were and how they ended; of campaigns only its own, and neither
    how many rows nor the words of an error, which may be another one's."""
    async with pool.acquire() as connection:
        found = await pages.fetch_cleanup_runs(connection, before=before, most=most)
        if workspace_id is None:
            return found
        named = {campaign_id for run in found for campaign_id in run.campaign_ids}
        own = await pages.select_own_campaigns(connection, sorted(named), workspace_id=workspace_id)
    return [
        replace(run, fixed_count=None, error=run.error and "It failed.", campaign_ids=[each for each in run.campaign_ids if each in own])
        for run in found
    ]


async def set_objective(pool: asyncpg.Pool, workspace_id: UUID, objective: timedelta | None, *, actor: str) -> None:
    """Say how fast repairs of a workspace should be; None: as the healer's setting says. Repairs that are measured already stay
    as they were measured.

    Raises:
        Refused: it is shorter or longer than makes sense, or there is no such workspace.
    """
    if objective is not None and not SHORTEST_OBJECTIVE <= objective <= LONGEST_OBJECTIVE:
        raise Refused(
            f"An objective is from {SHORTEST_OBJECTIVE.total_seconds():g} seconds to {LONGEST_OBJECTIVE.days} days; "
            f"{objective.total_seconds():g} seconds is not.",
            code="bad_objective",
        )
    async with pool.acquire() as connection:
        if not await pages.set_objective(connection, workspace_id, objective, actor=actor):
            raise Refused(f"There is no workspace {workspace_id}.", code="bad_objective")
