"""The first page of `tact health` in one answer: the score with its reasons, the open alerts, and how old the last measurement is."""

from typing import Literal

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.healer.http.health.pages import AlertOut, OneWorkspace
from services.healer.http.health.score import DataIntegrity
from services.healer.rules.health.score import PENALTIES
from services.healer.store.health import measurements, pages
from services.healer.workflows.health import report as health
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES

MOST_ALERTS = 20
FOR_CORRUPTION = "two points for every percent of prospects marked as sent and never contacted"


class Loss(BaseModel):
    """Points that the score lost for one reason."""

    points: float
    why: str


class HealthOverview(BaseModel):
    """What `GET /api/admin/data-integrity` answers, with its reasons."""

    success: Literal[True] = True
    integrity: DataIntegrity
    losses: list[Loss]
    stuck: int = Field(description="Sends that stay in a sender's hand for too long.")
    alerts: list[AlertOut] = Field(description=f"The open ones; {MOST_ALERTS} at most.")
    measured_seconds_ago: float | None = Field(description="Since the healer's last measurement; null: there was none yet.")


def routes(readers: asyncpg.Pool, pool: asyncpg.Pool) -> APIRouter:
    """/api/admin/data-integrity/overview. What the healer measured of the whole stack is read from `pool`."""
    router = APIRouter(tags=["integrity"], responses=FAILURES)

    @router.get("/api/admin/data-integrity/overview", summary="The score with its reasons, open alerts, and the last measurement's age")
    async def overview(caller: Viewer, workspace_id: OneWorkspace = None) -> HealthOverview:
        whose = caller.own(workspace_id) if workspace_id else caller.workspace_id
        async with tenant_transaction(readers, caller) as connection:
            report = await health.build_report(connection, workspace_id=whose)
            alerts = await pages.fetch_alerts(connection, workspace_id=whose, only_open=True, most=MOST_ALERTS)
        async with pool.acquire() as connection:
            state = await measurements.fetch_state(connection)
        return HealthOverview(
            integrity=DataIntegrity.of(report),
            losses=[
                Loss(points=points, why=PENALTIES[name].why if name in PENALTIES else FOR_CORRUPTION)
                for name, points in report.health.taken.items()
            ],
            stuck=report.figures.stuck,
            alerts=[AlertOut.of(row) for row in alerts],
            measured_seconds_ago=state.age,
        )

    return router
