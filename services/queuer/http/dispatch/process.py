"""Send what is due now and plan the prospects that wait, for a person with a token; http/cron.py is the same for a schedule."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from services.queuer.http.cron import PlanAnswer, ProcessAnswer
from services.queuer.http.models import Taken
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.dispatch.process import Processor
from services.queuer.workflows.planning.plan_now import PlanNow
from shared.refusals import Conflict
from shared.service.auth import Operator
from shared.service.http import FAILURES
from shared.service.process import Service

Wait = Annotated[
    float | None,
    Field(ge=0, le=300, allow_inf_nan=False, description="Seconds to wait for what becomes of it; null: TACT_QUEUE_WAIT of the queuer."),
]


class ProcessNow(Taken):
    """Whose sends, and how long to wait."""

    workspace_id: UUID | None = None
    account_id: UUID | None = None
    wait: Wait = None


class PlanAtOnce(Taken):
    """How long to plan at most."""

    wait: Wait = None


def routes(service: Service, processor: Processor, planner: PlanNow) -> APIRouter:
    """/api/queue/process and /api/queue/plan."""
    router = APIRouter(prefix="/api/queue", tags=["queue"], responses=FAILURES)

    @router.post("/process", summary="Send what is due now, and say why the rest waits; harmless to repeat")
    async def process(caller: Operator, body: ProcessNow | None = None) -> ProcessAnswer:
        asked = body or ProcessNow()
        whose = caller.own(asked.workspace_id) if asked.workspace_id else caller.workspace_id
        if (why := service.fence.read_only) is not None:
            raise Conflict(f"Nothing leaves, the stack is read-only: {why} `tact adopt` says what to do.", code="read_only")
        return ProcessAnswer.of(
            await processor.process(QueueScope(workspace_id=whose, account_id=asked.account_id), wait=_span(asked.wait))
        )

    @router.post("/plan", summary="Plan every prospect that waits to be planned; for tokens of the platform, harmless to repeat")
    async def plan(caller: Operator, body: PlanAtOnce | None = None) -> PlanAnswer:
        caller.require_platform("Planning at once")
        return PlanAnswer.of(await planner.plan(within=_span(body.wait if body else None)))

    return router


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
