"""What stands beside the score, over HTTP: campaigns, the queue, history, alerts, and the objective of a workspace."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.healer.rules.health.alerts import describe_alert
from services.healer.rules.health.prediction import VERDICT_TEXTS, RiskVerdict
from services.healer.rules.health.repair_times import RepairTimes
from services.healer.store.health import counts, pages, risks
from services.healer.workflows.health import report as health
from services.healer.workflows.health.report import RepairTimesReport
from shared.service.auth import Caller, Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service

OneWorkspace = Annotated[UUID | None, Query(description="Only this one; a token of a workspace sees its own alone.")]
Most = Annotated[int, Query(ge=1, le=500)]
Days = Annotated[int, Query(ge=1, le=400, description="How far back, in days.")]


class CorruptedCampaignOut(BaseModel):
    """One campaign with corrupted prospects."""

    model_config = ConfigDict(from_attributes=True)

    campaign_id: UUID
    campaign_name: str
    workspace_id: UUID
    corrupted_sent: int
    corrupted_failed: int
    corrupted_pending: int
    total_prospects: int


class CorruptedCampaignList(BaseModel):
    """Most first."""

    success: Literal[True] = True
    campaigns: list[CorruptedCampaignOut]


class QueueStatus(BaseModel):
    """Moments are business time: planned ones of what has not ended, those of the end of what has."""

    model_config = ConfigDict(from_attributes=True)

    status: str
    sends: int
    earliest_at: datetime | None
    latest_at: datetime | None


class QueueStatusList(BaseModel):
    """In the order of a send's life."""

    success: Literal[True] = True
    statuses: list[QueueStatus]


class Score(BaseModel):
    """The score as it was; real time."""

    model_config = ConfigDict(from_attributes=True)

    measured_at: datetime
    score: float
    status: str
    figures: dict[str, Any] = Field(description="What was counted, without the zeros, and under `taken` what it cost.")


class CleanupRunOut(BaseModel):
    """A run of the clean-up; a workspace's token sees of campaigns only its own and no counts."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    trigger: str
    fixed_count: int | None
    campaign_ids: list[str]
    error: str | None


class Times(BaseModel):
    """Seconds from a finding to its repair; nulls: nothing was repaired."""

    model_config = ConfigDict(from_attributes=True)

    repaired: int
    within: int = Field(description="Those that met the objective of their day.")
    mean: float | None
    p99: float | None = Field(description="At most nine percent above the true one.")
    met: bool | None = Field(description="Whether 99 % of them met the objective.")

    @classmethod
    def of(cls, times: RepairTimes) -> Self:
        """From what was summed."""
        return cls.model_validate(times)


class RepairsOut(Times):
    """Against the objective."""

    objective_seconds: float
    own_objective: bool = Field(description="The workspace's own, or the healer's setting.")
    by_kind: dict[str, Times]

    @classmethod
    def judged(cls, repairs: RepairTimesReport) -> Self:
        """From what was read."""
        return cls(
            **Times.of(repairs.whole).model_dump(),
            objective_seconds=repairs.objective.total_seconds(),
            own_objective=repairs.own_objective,
            by_kind={kind: Times.of(times) for kind, times in repairs.by_kind.items()},
        )


class History(BaseModel):
    """Newest first."""

    success: Literal[True] = True
    scores: list[Score]
    runs: list[CleanupRunOut]
    repairs: RepairsOut


class AlertOut(BaseModel):
    """Open until `closed_at`."""

    id: int
    workspace_id: UUID | None
    kind: str
    about: str
    evidence: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    title: str
    description: str
    to_do: str

    @classmethod
    def of(cls, alert: pages.ListedAlert) -> Self:
        """From the row, with its sentences."""
        title, description, to_do = describe_alert(alert.kind, alert.evidence)
        return cls(**asdict(alert), title=title, description=description, to_do=to_do)


class Alerts(BaseModel):
    """Open ones first, then the newest that are over."""

    success: Literal[True] = True
    alerts: list[AlertOut]


class RiskCauseOut(BaseModel):
    """A value that stands out among what corrupts; rates from 0 to 1."""

    cause: str = Field(description="source, account, error or version.")
    value: str
    exposed: int = Field(description="Sends that ended with it, and what was found corrupted.")
    corrupted: int
    rate: float
    low: float = Field(description="Wilson's interval.")
    high: float
    others: float = Field(description="The rate of everything else.")


class RiskOut(BaseModel):
    """A campaign with a reason to expect more than the base rate."""

    campaign_id: UUID
    campaign_name: str
    rate: float = Field(description="Expected share of its sends that corrupt.")
    alarming: bool
    why: list[str]


class CheckOut(BaseModel):
    """How the same prediction fared on days it had not seen."""

    chances: int
    corrupted: int
    skill: float = Field(description="1: never wrong; 0: no better than the base rate; below: worse.")
    named: int
    named_rightly: int


class RiskReport(BaseModel):
    """Of one workspace."""

    verdict: RiskVerdict
    chances: int
    corrupted: int
    base: float
    above: float = Field(description="The expected rate above which people are alerted.")
    alarming: int
    causes: list[RiskCauseOut]
    risks: list[RiskOut]
    check: CheckOut | None


class WorkspaceRisks(BaseModel):
    """A workspace's last report."""

    workspace_id: UUID
    made_at: datetime
    report: RiskReport
    verdict_text: str = Field(description="The verdict in words.")

    @classmethod
    def of(cls, stored: risks.StoredRiskReport) -> Self:
        """From the stored report."""
        report = RiskReport.model_validate(stored.report)
        return cls(workspace_id=stored.workspace_id, made_at=stored.made_at, report=report, verdict_text=VERDICT_TEXTS[report.verdict])


class Risks(BaseModel):
    """None of a workspace from which nothing was sent yet; made once an hour."""

    success: Literal[True] = True
    reports: list[WorkspaceRisks]


class Objective(BaseModel):
    """How fast repairs should be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"seconds": 5}]})

    workspace_id: UUID | None = Field(None, description="Only for tokens that are bound to no workspace.")
    seconds: Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e9)] | None = Field(description="null: as the healer's setting says.")


class ObjectiveSet(BaseModel):
    """As it is now."""

    success: Literal[True] = True
    workspace_id: UUID
    seconds: float
    own_objective: bool


def routes(service: Service, readers: asyncpg.Pool, *, objective: timedelta) -> APIRouter:
    """Below /api/admin/data-integrity. `objective` is the healer's setting."""
    router = APIRouter(tags=["integrity"], responses=FAILURES)

    @router.get("/api/admin/data-integrity/campaigns", summary="Campaigns with corrupted prospects, most first")
    async def campaigns(caller: Viewer, workspace_id: OneWorkspace = None, limit: Most = 50) -> CorruptedCampaignList:
        async with tenant_transaction(readers, caller) as connection:
            found = await counts.fetch_corrupted_campaigns(connection, workspace_id=_own_workspace(caller, workspace_id), most=limit)
        return CorruptedCampaignList(campaigns=[CorruptedCampaignOut.model_validate(each) for each in found])

    @router.get("/api/admin/data-integrity/queue", summary="The queue by status, with earliest and latest")
    async def queue(caller: Viewer, workspace_id: OneWorkspace = None) -> QueueStatusList:
        async with tenant_transaction(readers, caller) as connection:
            found = await pages.fetch_status_counts(connection, workspace_id=_own_workspace(caller, workspace_id))
        return QueueStatusList(statuses=[QueueStatus.model_validate(each) for each in found])

    @router.get("/api/admin/data-integrity/history", summary="The score over time, runs of the clean-up, times to repair")
    async def history(caller: Viewer, workspace_id: OneWorkspace = None, days: Days = 7, limit: Most = 100) -> History:
        wanted, span = _own_workspace(caller, workspace_id), timedelta(days=days)
        async with tenant_transaction(readers, caller) as connection:
            scores = await pages.fetch_scores(connection, workspace_id=wanted, span=span, most=limit)
            repairs = await health.summarize_repairs(connection, workspace_id=wanted, span=span, objective=objective)
        runs = await health.list_cleanup_runs(readers, workspace_id=wanted, before=None, most=limit)
        return History(
            scores=[Score.model_validate(each) for each in scores],
            runs=[CleanupRunOut.model_validate(each) for each in runs],
            repairs=RepairsOut.judged(repairs),
        )

    @router.get("/api/admin/data-integrity/alerts", summary="What people were alerted of: open ones, then the newest that are over")
    async def alerts(caller: Viewer, workspace_id: OneWorkspace = None, only_open: bool = False, limit: Most = 50) -> Alerts:
        async with tenant_transaction(readers, caller) as connection:
            found = await pages.fetch_alerts(connection, workspace_id=_own_workspace(caller, workspace_id), only_open=only_open, most=limit)
        return Alerts(alerts=[AlertOut.of(row) for row in found])

    @router.get("/api/admin/data-integrity/risks", summary="Which campaigns are likely to corrupt next, and why")
    async def likely_next(caller: Viewer, workspace_id: OneWorkspace = None, limit: Most = 50) -> Risks:
        async with tenant_transaction(readers, caller) as connection:
            found = await risks.fetch_reports(connection, workspace_id=_own_workspace(caller, workspace_id), most=limit)
        return Risks(reports=[WorkspaceRisks.of(stored) for stored in found])

    @router.get("/api/admin/data-integrity/objective", summary="How fast repairs of a workspace should be")
    async def get_objective(caller: Viewer, workspace_id: OneWorkspace = None) -> ObjectiveSet:
        whose = caller.own(workspace_id)
        async with tenant_transaction(readers, caller) as connection:
            own = await pages.fetch_objective(connection, whose)
        return ObjectiveSet(workspace_id=whose, seconds=(own or objective).total_seconds(), own_objective=own is not None)

    @router.put("/api/admin/data-integrity/objective", summary="Say how fast repairs of a workspace should be")
    async def set_objective(body: Objective, caller: Operator) -> ObjectiveSet:
        workspace_id = caller.own(body.workspace_id)
        wanted = None if body.seconds is None else timedelta(seconds=body.seconds)
        await health.set_objective(service.pool, workspace_id, wanted, actor=caller.actor)
        return ObjectiveSet(workspace_id=workspace_id, seconds=(wanted or objective).total_seconds(), own_objective=wanted is not None)

    return router


def _own_workspace(caller: Caller, workspace_id: UUID | None) -> UUID | None:
    return caller.own(workspace_id) if workspace_id else caller.workspace_id
