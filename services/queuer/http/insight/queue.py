"""The queue in figures over HTTP."""

from datetime import datetime
from typing import Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.queuer.http.models import Given, Success
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.percentiles import Waiting
from services.queuer.store.insight import queue as store
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.insight.queue import (
    MOST_COUNTED,
    MOST_OF_CAMPAIGN,
    MOST_SHOWN,
    MOST_WAITS,
    AccountFigures,
    CampaignFigures,
    Queue,
    show_queue,
)
from shared.refusals import NotFound
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.vocabulary import AccountStatus, Action, CampaignStatus

SECONDS = "Seconds of business time since the planned moment."


class FiguresOut(Given):
    """Counts; times are business time."""

    sent_today: int = Field(description="Messages that left on the account's own day.")
    pending: int = Field(
        description=f"Planned; counted no further than {MOST_COUNTED:,} over the answer's accounts, {MOST_OF_CAMPAIGN:,} of a campaign."
    )
    failed: int = Field(description="Failed for good; they wait for a person at /api/queue/failed.")
    undecided: int = Field(description="Sends of which no evidence says whether they left; a person decides.")
    next_planned_at: datetime | None
    sent_in_5_minutes: int
    sent_in_60_minutes: int


class BudgetOut(BaseModel):
    """How much of a cap the account's own day has used; in a warm-up the cap is that day's part of the whole."""

    used: int
    cap: int


class AccountFiguresOut(BaseModel):
    """An account, and why nothing of it leaves at this moment."""

    id: UUID
    name: str
    workspace_id: UUID
    status: AccountStatus
    budgets: dict[Action, BudgetOut]
    figures: FiguresOut
    reason: str
    detail: str
    next_at: datetime | None

    @classmethod
    def of(cls, each: AccountFigures) -> Self:
        """From a workflow's account."""
        return cls(
            id=each.account.id,
            name=each.account.name,
            workspace_id=each.account.workspace_id,
            status=each.account.status,
            budgets={action: BudgetOut(used=used, cap=each.caps[action]) for action, used in each.used.items()},
            figures=FiguresOut.model_validate(each.figures),
            reason=each.standing.reason,
            detail=each.standing.detail,
            next_at=each.standing.next_at,
        )


class CampaignFiguresOut(BaseModel):
    """A running or paused campaign."""

    id: UUID
    campaign_name: str
    workspace_id: UUID
    status: CampaignStatus
    figures: FiguresOut

    @classmethod
    def of(cls, each: CampaignFigures) -> Self:
        """From a workflow's campaign."""
        campaign = each.campaign
        return cls(
            id=campaign.id,
            campaign_name=campaign.campaign_name,
            workspace_id=campaign.workspace_id,
            status=campaign.status,
            figures=FiguresOut.model_validate(each.figures),
        )


class WorkspaceFiguresOut(Given):
    """A workspace, over the accounts of this answer."""

    id: UUID
    company_name: str
    figures: FiguresOut


class WaitingOut(BaseModel):
    """Due sends that wait, by what holds them now."""

    reason: str
    sends: int = Field(description=f"{MOST_WAITS:,} at most, shared by account, campaign and action; of more, the oldest are measured.")
    p50: float = Field(description=SECONDS)
    p90: float = Field(description=SECONDS)
    p99: float = Field(description=SECONDS)

    @classmethod
    def of(cls, each: Waiting) -> Self:
        """From a rule's percentiles."""
        p50, p90, p99 = (wait.total_seconds() for wait in (each.p50, each.p90, each.p99))
        return cls(reason=each.reason, sends=each.sends, p50=p50, p90=p90, p99=p99)


class QueueOut(Success):
    """The queue."""

    now: datetime = Field(description="Business time of the answer.")
    totals: FiguresOut
    accounts: list[AccountFiguresOut] = Field(description=f"The first {MOST_SHOWN}.")
    campaigns: list[CampaignFiguresOut] = Field(description=f"Running ones first, then paused ones; {MOST_SHOWN} at most.")
    workspaces: list[WorkspaceFiguresOut]
    waiting: list[WaitingOut]
    complete: bool = Field(description="False: there are more; name a workspace, a campaign or an account.")

    @classmethod
    def of(cls, found: Queue) -> Self:
        """From the workflow's answer."""
        return cls(
            now=found.now,
            totals=FiguresOut.model_validate(found.totals),
            accounts=[AccountFiguresOut.of(each) for each in found.accounts],
            campaigns=[CampaignFiguresOut.of(each) for each in found.campaigns],
            workspaces=[WorkspaceFiguresOut.model_validate(each) for each in found.workspaces],
            waiting=[WaitingOut.of(each) for each in found.waiting],
            complete=found.complete,
        )


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
            return QueueOut.of(await show_queue(connection, scope, call_times))

    return router
