"""The clean-up that cron calls. Its answers are those the callers know."""

from typing import Any

from fastapi import APIRouter, Request

from services.healer.workflows.mend import CleanupError, Mend
from shared.fence.fence import FenceShut
from shared.runtime.http import CronError, require_cron_secret
from shared.runtime.service import Service


def routes(service: Service, mend: Mend) -> APIRouter:
    """The routes of mending; each wants `x-cron-secret`."""
    router = APIRouter(tags=["integrity"])

    async def clean_up(called_by: str) -> dict[str, Any]:
        try:
            await service.fence.ask(service.pool)
        except FenceShut as shut:
            if service.fence.read_only is not None:  # a fence that only cannot be read yet is no reason: nothing leaves by this
                raise CronError(503, "Cleanup refused", str(shut)) from None
        try:
            run = await mend.clean_up(actor=service.instance, called_by=called_by)
        except CleanupError as error:
            raise CronError(500, "Cleanup failed", str(error)) from error
        return {
            "success": True,
            "fixed_count": run["fixed_count"],
            "campaign_ids": run["campaign_ids"],
            "before": run["before"],
            "after": run["after"],
        }

    @router.post("/api/cron/cleanup-corrupted-statuses", summary="Mend until nothing is left, called by a schedule")
    async def cleanup_corrupted_statuses(request: Request) -> dict[str, Any]:
        require_cron_secret(service, request)
        done = await clean_up("cron")
        return {
            "success": True,
            "fixed_count": done["fixed_count"],
            "affected_campaigns": done["campaign_ids"],
            "before": done["before"],
            "after": done["after"],
            "message": f"Fixed {done['fixed_count']} corrupted prospect statuses",
        }

    @router.post("/api/cron/cleanup", summary="Mend corrupted prospects from the ledger, by a schedule")
    async def mend_by_schedule(request: Request) -> dict[str, Any]:
        require_cron_secret(service, request)
        return await clean_up("cron")

    return router
