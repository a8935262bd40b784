"""Unknown attempts over HTTP: the list, one of them, and an operator's decision."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.healer.rules.unknown_attempts.evidence_text import describe_evidence
from services.healer.store.unknown_attempts.decisions import AttemptFilter, ListedAttempt
from services.healer.workflows.unknown_attempts import resolve as desk
from services.healer.workflows.unknown_attempts.resolve import LONGEST_REASON, AttemptDecision
from shared.service.auth import Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES, DryRun
from shared.service.process import Service
from shared.vocabulary import Action, AttemptState, ProspectStatus, SendStatus

LARGEST_ID = 2**63 - 1
AttemptId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class DecisionBody(BaseModel):
    """A person's decision."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "accepted", "reason": "It stands in the account's sent invitations."}]}
    )

    decision: AttemptDecision
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON, description="How you know; kept in the audit log.")]


class UnknownOut(BaseModel):
    """An attempt with an unknown outcome; times are business time."""

    id: int
    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    account_id: UUID
    account_name: str
    prospect_id: UUID
    prospect_status: ProspectStatus
    lead_id: UUID
    first_name: str
    last_name: str
    company: str
    send_id: UUID
    send_status: SendStatus
    message_type: str
    action: Action
    state: AttemptState
    decided_at: datetime = Field(description="When the sender decided to send; the call followed at once and its answer is missing.")
    looks: int
    needs_person: bool = Field(description="It is looked up no more; a person must say.")
    next_look: datetime | None
    told: list[str] = Field(description="What was found out, in words, in order.")

    @classmethod
    def from_row(cls, row: ListedAttempt) -> Self:
        """From the row, with its evidence in words."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields if name != "told"}, told=describe_evidence(row.evidence))


class WholeUnknown(UnknownOut):
    """With what was tried and what came back."""

    message: str
    recipient_id: str | None
    provider_ref: str | None
    http_status: int | None
    error_type: str | None
    error_detail: str | None
    evidence: Any


class UnknownPage(BaseModel):
    """A page, those that waited longest first; `next` is the `after` of the page that follows."""

    success: Literal[True] = True
    attempts: list[UnknownOut]
    next: int | None


class OneUnknown(BaseModel):
    """One of them."""

    success: Literal[True] = True
    attempt: WholeUnknown


class Resolved(OneUnknown):
    """`changed` is false when the same had been decided already."""

    changed: bool


def routes(service: Service, readers: asyncpg.Pool, *, call_time: timedelta) -> APIRouter:
    """/api/unknown."""
    router = APIRouter(prefix="/api/unknown", tags=["unknown attempts"], responses=FAILURES)

    @router.get("", summary="Attempts with an unknown outcome, the oldest first")
    async def list_unknown(
        caller: Viewer,
        *,
        workspace_id: UUID | None = None,
        campaign_id: UUID | None = None,
        account_id: UUID | None = None,
        needs_person: Annotated[bool | None, Query(description="true: only those that wait for a person.")] = None,
        after: Annotated[int | None, Query(ge=0, le=LARGEST_ID)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> UnknownPage:
        wanted = AttemptFilter(caller.own(workspace_id) if workspace_id else caller.workspace_id, campaign_id, account_id, needs_person)
        async with tenant_transaction(readers, caller) as connection:
            found = await desk.list_attempts(connection, wanted, after=after, most=limit)
        return UnknownPage(attempts=[UnknownOut.from_row(row) for row in found.attempts], next=found.next)

    @router.get("/{attempt_id}", summary="One of them, with what was tried and what the provider's lists say")
    async def one(attempt_id: AttemptId, caller: Viewer) -> OneUnknown:
        async with tenant_transaction(readers, caller) as connection:
            return OneUnknown(
                attempt=WholeUnknown.from_row(await desk.get_attempt(connection, attempt_id, workspace_id=caller.workspace_id))
            )

    @router.post("/{attempt_id}/resolve", summary="Say whether it happened; harmless to repeat, and the first decision stands")
    async def resolve(attempt_id: AttemptId, body: DecisionBody, caller: Operator, dry_run: DryRun = False) -> Resolved:
        done = await desk.resolve_attempt(
            service.pool,
            attempt_id,
            body.decision,
            reason=body.reason,
            actor=caller.actor,
            workspace_id=caller.workspace_id,
            call_time=call_time,
            apply=not dry_run,
        )
        service.wake()
        return Resolved(attempt=WholeUnknown.from_row(done.attempt), changed=done.changed)

    return router
