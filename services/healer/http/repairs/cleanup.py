"""The cleanup routes that cron calls. Their answers keep the form that existing callers parse."""

from typing import Any

from fastapi import APIRouter, Request

from services.healer.workflows.maintenance.maintain import CleanupError, FinishedCleanup, Maintenance
from shared.fence.fence import FenceShut
from shared.service.http import CronError, require_cron_secret
from shared.service.process import Service


async def run_cleanup(service: Service, mend: Maintenance, *, actor: str, called_by: str) -> FinishedCleanup:
    """Run the cleanup for an HTTP caller; returns the run.

    Raises:
        CronError: 503 while the stack is read-only, 500 when the cleanup failed and changed nothing.
    """
    try:
        await service.fence.ask(service.pool)
    except FenceShut as shut:
        if service.fence.read_only is not None:  # a fence that cannot be read yet is no reason to refuse: a cleanup sends nothing
            raise CronError(503, "Cleanup refused", str(shut)) from None
    try:
        return await mend.clean_up(actor=actor, called_by=called_by)
    except CleanupError as error:
        raise CronError(500, "Cleanup failed", str(error)) from error


def routes(service: Service, mend: Maintenance) -> APIRouter:
    """The routes of mending; each wants `x-cron-secret`."""
    router = APIRouter(tags=["integrity"])

    @router.post("/api/cron/cleanup-corrupted-statuses", summary="Mend until nothing is left, called by a schedule")
    async def cleanup_corrupted_statuses(request: Request) -> dict[str, Any]:
        require_cron_secret(service, request)
        done = await run_cleanup(service, mend, actor=service.instance, called_by="cron")
        return {
            "success": True,
            "fixed_count": done.fixed_count,
            "affected_campaigns": done.campaign_ids,
            "before": done.before,
            "after": done.after,
            "message": f"Fixed {done.fixed_count} corrupted prospect statuses",
        }

    @router.post("/api/cron/cleanup", summary="Mend corrupted prospects from the ledger, by a schedule")
    async def mend_by_schedule(request: Request) -> dict[str, Any]:
        require_cron_secret(service, request)
        done = await run_cleanup(service, mend, actor=service.instance, called_by="cron")
        return {
            "success": True,
            "fixed_count": done.fixed_count,
            "campaign_ids": done.campaign_ids,
            "before": done.before,
            "after": done.after,
        }

    return router
