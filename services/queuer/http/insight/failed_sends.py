"""The failed desk over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from services.queuer.http.models import Given, Success
from services.queuer.store.insight.failed_sends import Evidence, Wanted
from services.queuer.workflows.insight import failed_sends as desk
from services.queuer.workflows.insight.failed_sends import Done, FailedSend
from shared.service.auth import Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES, DryRun
from shared.service.process import Service
from shared.vocabulary import Action, AttemptState, ProspectStatus, SendStatus


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

    @classmethod
    def of(cls, send: FailedSend) -> Self:
        """From a row of the desk."""
        return cls(**{name: send.row[name] for name in cls.model_fields if name != "cause"}, cause=CauseOut.model_validate(send.cause))


class AttemptOut(Given):
    """One try to deliver it; times are business time."""

    action: Action
    state: AttemptState
    dispatch_no: int
    decided_at: datetime
    answered_at: datetime | None
    http_status: int | None
    error_type: str | None
    error_detail: str | None
    provider_ref: str | None
    looks: int
    needs_person: bool
    evidence: Any


class ObservationOut(Given):
    """What the provider showed of the person."""

    kind: str
    source: str
    happened_at: datetime | None
    observed_at: datetime
    payload: Any


class DeedOut(Given):
    """What a person did with it."""

    at: datetime
    actor: str
    verb: str
    details: dict[str, Any]


class FailedPage(Success):
    """A page, the newest first; `next` is the `after` of the page that follows."""

    sends: list[FailedOut]
    next: str | None


class OneFailed(Success):
    """One send with what is known about it, the newest first."""

    send: FailedOut
    message: str | None = Field(description="The words that were to leave.")
    attempts: list[AttemptOut]
    observations: list[ObservationOut]
    history: list[DeedOut]

    @classmethod
    def of(cls, send: FailedSend, evidence: Evidence) -> Self:
        """From a row of the desk and what is known about it."""
        return cls(
            send=FailedOut.of(send),
            message=send.row["message"],
            attempts=[AttemptOut(**row) for row in map(dict, evidence.attempts)],
            observations=[ObservationOut(**row) for row in map(dict, evidence.observations)],
            history=[DeedOut(**row) for row in map(dict, evidence.history)],
        )


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
        wanted = Wanted(caller.own(workspace_id) if workspace_id else caller.workspace_id, campaign_id, account_id, reason)
        async with tenant_transaction(readers, caller) as connection:
            found = await desk.page(connection, wanted, after=after, most=limit)
        return FailedPage(sends=[FailedOut.of(send) for send in found.sends], next=found.next)

    @router.get("/{send_id}", summary="One of them, with its attempts and what the provider showed")
    async def one(send_id: UUID, caller: Viewer) -> OneFailed:
        async with tenant_transaction(readers, caller) as connection:
            send, evidence = await desk.get(connection, send_id, workspace_id=caller.workspace_id)
        return OneFailed.of(send, evidence)

    @router.post("/{send_id}/retry", summary="Let it be tried again, in its turn and within every limit; harmless to repeat")
    async def retry(send_id: UUID, caller: Operator, dry_run: DryRun = False) -> FailedChanged:
        done = await desk.retry(service.pool, send_id, workspace_id=caller.workspace_id, actor=caller.actor, apply=not dry_run)
        service.wake()
        return _changed(done)

    @router.post("/{send_id}/drop", summary="Give it up: it is cancelled and leaves the list; harmless to repeat")
    async def drop(send_id: UUID, caller: Operator, dry_run: DryRun = False) -> FailedChanged:
        done = await desk.drop(service.pool, send_id, workspace_id=caller.workspace_id, actor=caller.actor, apply=not dry_run)
        return _changed(done)

    return router


def _changed(done: Done) -> FailedChanged:
    return FailedChanged(send=FailedOut.of(done.send), changed=done.changed)
