"""Routes of older versions: gone, and each says where to go instead."""

from typing import Final

from fastapi import APIRouter

from shared.service.http import ApiError, Failed

START: Final = "POST /api/campaigns/direct/send-connection-requests-fast"
GONE: Final = ("send-connection-requests", "send-connection-requests-queued")


def routes() -> APIRouter:
    """The older ways to start a campaign; they answer without a token, for their callers may have none that we know."""
    router = APIRouter(tags=["retired"], deprecated=True)
    for name in GONE:
        router.add_api_route(
            f"/api/campaigns/direct/{name}",
            gone,
            methods=["POST"],
            status_code=410,
            summary=f"Gone; use {START}",
            operation_id=name.replace("-", "_"),
            response_model=None,
            responses={410: {"model": Failed, "description": f"Gone; use {START}"}},
        )
    return router


async def gone() -> None:
    """Always 410."""
    raise ApiError(410, "gone", f"This route is gone. Use {START} with the same campaign_id.", {"use": START})
