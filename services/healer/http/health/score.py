"""How healthy the data is, over HTTP: a workspace's token sees and mends its own, one that is bound to none sees all.

`/api/admin/data-integrity` itself keeps the answers its callers know, refusals included.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.healer.http.repairs.cleanup import run_cleanup
from services.healer.rules.health.score import HealthStatus, recommend_actions
from services.healer.store.health import pages
from services.healer.workflows.health import report as health
from services.healer.workflows.health.report import HealthReport
from services.healer.workflows.maintenance.maintain import Maintenance
from shared.service.auth import Caller, require_briefly, tenant_transaction
from shared.service.http import ApiError, CronError
from shared.service.process import Service
from shared.vocabulary import Role

Viewing = Annotated[Caller, Depends(require_briefly(Role.VIEWER))]
Mending = Annotated[Caller, Depends(require_briefly(Role.OPERATOR))]
OneWorkspace = Annotated[UUID | None, Query(description="Only this one; a token of a workspace sees its own alone.")]


class ProspectIntegrity(BaseModel):
    """The row of `prospect_data_integrity`, of what the caller may see."""

    corrupted_sent: int = Field(description="connection_request_sent without contacted_at.")
    corrupted_failed: int = Field(description="failed with contacted_at.")
    corrupted_pending: int = Field(description="pending with contacted_at.")
    total_prospects: int
    corruption_percentage: float = Field(description="corrupted_sent of all, two decimals; 0 in an empty system.")


class QueueStats(BaseModel):
    """The queue: `pending` includes dispatched and sending, `total` is all but the cancelled."""

    total: int
    pending: int
    sent: int
    failed: int


class CorruptedCampaigns(BaseModel):
    """Campaigns with corrupted prospects, most first."""

    count: int
    campaign_ids: list[UUID]


class DataIntegrity(BaseModel):
    """The answer."""

    health_score: float = Field(description="100 less two for every percent corrupted and the penalties of docs/health.md.")
    status: HealthStatus = Field(description="healthy from 90, degraded from 70, else critical.")
    prospect_integrity: ProspectIntegrity
    queue_stats: QueueStats
    corrupted_campaigns: CorruptedCampaigns
    duplicate_queue_records: int
    recommendations: list[str]

    @classmethod
    def of(cls, report: HealthReport) -> Self:
        """From what was looked at."""
        figures = report.figures
        return cls(
            health_score=report.health.score,
            status=report.health.status,
            prospect_integrity=ProspectIntegrity(
                corrupted_sent=figures.corrupted_sent,
                corrupted_failed=figures.corrupted_failed,
                corrupted_pending=figures.corrupted_pending,
                total_prospects=figures.total_prospects,
                corruption_percentage=figures.corruption_percentage,
            ),
            queue_stats=QueueStats(total=figures.queue_total, pending=figures.open, sent=figures.sent, failed=figures.failed),
            corrupted_campaigns=CorruptedCampaigns(
                count=len(report.campaigns), campaign_ids=[campaign.campaign_id for campaign in report.campaigns]
            ),
            duplicate_queue_records=figures.duplicates,
            recommendations=recommend_actions(figures),
        )


class Fixed(BaseModel):
    """What a repair did."""

    success: Literal[True] = True
    fixed_count: int
    affected_campaigns: list[str]
    message: str


def routes(service: Service, readers: asyncpg.Pool, mend: Maintenance) -> APIRouter:
    """/api/admin/data-integrity."""
    router = APIRouter(tags=["integrity"])

    @router.get("/api/admin/data-integrity", summary="How healthy the data is, and what to do")
    async def data_integrity(caller: Viewing, workspace_id: OneWorkspace = None) -> DataIntegrity:
        wanted = _own_workspace(caller, workspace_id)
        async with tenant_transaction(readers, caller) as connection:
            return DataIntegrity.of(await health.build_report(connection, workspace_id=wanted))

    @router.post("/api/admin/data-integrity", summary="Mend corrupted prospects from the ledger")
    async def mend_now(caller: Mending) -> Fixed:
        run = await run_cleanup(service, mend, actor=caller.actor, called_by="api")
        done = pages.OwnPart(run.fixed_count, run.campaign_ids)
        if caller.workspace_id is not None:  # the run repairs every workspace's rows; the answer counts only the caller's own
            done = await pages.fetch_own_part(service.pool, run.run_ids, workspace_id=caller.workspace_id)
        message = f"Fixed {done.fixed_count} corrupted prospects"
        return Fixed(fixed_count=done.fixed_count, affected_campaigns=done.campaign_ids, message=message)

    return router


def _own_workspace(caller: Caller, workspace_id: UUID | None) -> UUID | None:
    try:
        return caller.own(workspace_id) if workspace_id else caller.workspace_id
    except ApiError as error:
        raise CronError(error.status, "Not found", error.message) from None
