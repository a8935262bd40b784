"""Sends that failed for good, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from services.queuer.http.models import Given, Success
from services.queuer.store.insight.failed_sends import (
    AttemptEvidence,
    FailedSendFilter,
    HistoryEntry,
    ObservationEvidence,
    load_evidence,
)
from services.queuer.workflows.insight import failed_sends
from services.queuer.workflows.insight.failed_sends import list_failed, load_send
from shared.service.auth import Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES, DryRun
from shared.service.process import Service
from shared.vocabulary import Action, ProspectStatus, SendStatus


class CauseOut(Given):
    """Why it failed, in words, and what to do."""

    code: str = Field(description="For filters; no_words: planning found no words, `meaning` says which value was missing.")
    meaning: str
    to_do: str


class FailedOut(Given):
    """A send that failed for good (or did, before a retry)."""

    id: UUID
    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    account_id: UUID
    account_name: str
    prospect_id: UUID
    prospect_status: ProspectStatus
    contacted_at: datetime | None
    lead_id: UUID
    first_name: str
    last_name: str
    message_type: str
    action: Action
    status: SendStatus
    error_message: str | None
    cause: CauseOut
    scheduled_for: datetime
    retries: int
    updated_at: datetime


class FailedPage(Success):
    """A page, the newest first; `next` is the `after` of the page that follows."""

    sends: list[FailedOut]
    next: str | None


class OneFailed(Success):
    """One send with what is known about it, the newest first."""

    send: FailedOut
    message: str | None = Field(description="The words that were to leave.")
    attempts: list[AttemptEvidence]
    observations: list[ObservationEvidence]
    history: list[HistoryEntry]


class FailedChanged(Success):
    """`changed` is false when it was so already."""

    send: FailedOut
    changed: bool


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/queue/failed."""
    router = APIRouter(prefix="/api/queue/failed", tags=["queue"], responses=FAILURES)

    @router.get("", summary="Sends that failed and wait for a person, the newest first")
    async def failed(
        caller: Viewer,
        *,
        workspace_id: UUID | None = None,
        campaign_id: UUID | None = None,
        account_id: UUID | None = None,
        reason: Annotated[str | None, Query(max_length=100, pattern="^[a-z0-9_]+$", description="A cause's code.")] = None,
        after: Annotated[str | None, Query(max_length=100)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> FailedPage:
        workspace = caller.own(workspace_id) if workspace_id else caller.workspace_id
        async with tenant_transaction(readers, caller) as connection:
            wanted = FailedSendFilter(workspace, campaign_id, account_id, reason)
            return FailedPage.model_validate(await list_failed(connection, wanted, after=after, most=limit))

    @router.get("/{send_id}", summary="One of them, with its attempts and what the provider showed")
    async def one(send_id: UUID, caller: Viewer) -> OneFailed:
        async with tenant_transaction(readers, caller) as connection:
            send = await load_send(connection, send_id, workspace_id=caller.workspace_id)
            evidence = await load_evidence(connection, send_id)
        return OneFailed(
            send=FailedOut.model_validate(send),
            message=send.message,
            attempts=list(evidence.attempts),
            observations=list(evidence.observations),
            history=list(evidence.history),
        )

    @router.post("/{send_id}/retry", summary="Let it be tried again, in its turn and within every limit; harmless to repeat")
    async def retry(send_id: UUID, caller: Operator, dry_run: DryRun = False) -> FailedChanged:
        done = await failed_sends.retry(service.pool, send_id, workspace_id=caller.workspace_id, actor=caller.actor, apply=not dry_run)
        service.wake()
        return FailedChanged.model_validate(done)

    @router.post("/{send_id}/drop", summary="Give it up: it is cancelled and leaves the list; harmless to repeat")
    async def drop(send_id: UUID, caller: Operator, dry_run: DryRun = False) -> FailedChanged:
        done = await failed_sends.drop(service.pool, send_id, workspace_id=caller.workspace_id, actor=caller.actor, apply=not dry_run)
        return FailedChanged.model_validate(done)

    return router
