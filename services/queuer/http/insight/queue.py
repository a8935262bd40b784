"""The queue in figures over HTTP."""

from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import Field

from services.queuer.http.models import Success
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.percentiles import Waiting
from services.queuer.store.insight import queue as store
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.insight.queue import (
    MOST_SHOWN,
    MOST_WAITS,
    AccountFigures,
    CampaignFigures,
    QueueFigures,
    WorkspaceFigures,
    show_queue,
)
from shared.refusals import NotFound
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES


class QueueOut(Success):
    """The queue."""

    now: datetime = Field(description="Business time of the answer.")
    totals: QueueFigures
    accounts: list[AccountFigures] = Field(description=f"The first {MOST_SHOWN}.")
    campaigns: list[CampaignFigures] = Field(description=f"Running ones first, then paused ones; {MOST_SHOWN} at most.")
    workspaces: list[WorkspaceFigures]
    waiting: list[Waiting] = Field(description=f"Of at most {MOST_WAITS:,} due sends; of a longer queue the oldest are measured.")
    complete: bool = Field(description="False: there are more; name a workspace, a campaign or an account.")


def routes(readers: asyncpg.Pool, call_times: CallTimes) -> APIRouter:
    """/api/queue, but for what has failed."""
    router = APIRouter(prefix="/api/queue", tags=["queue"], responses=FAILURES)

    @router.get("", summary="Sent and capped, planned, failed, how fast, and how long what is due waits, by account and campaign")
    async def queue(
        caller: Viewer, workspace_id: UUID | None = None, campaign_id: UUID | None = None, account_id: UUID | None = None
    ) -> QueueOut:
        scope = QueueScope(caller.own(workspace_id) if workspace_id else caller.workspace_id, account_id, campaign_id)
        async with tenant_transaction(readers, caller) as connection:
            if not await store.scope_exists(connection, scope):
                raise NotFound("There is no such workspace, campaign or account among those you may see.")
            return QueueOut.model_validate(await show_queue(connection, scope, call_times))

    return router
