"""Findings over HTTP: what is wrong, what would mend it, and a person's word."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.healer.http.unknown_attempts.unknown_attempts import LARGEST_ID
from services.healer.store.repairs import repairs
from services.healer.store.repairs.repairs import StoredFinding
from services.healer.workflows.repairs import decide as desk
from services.healer.workflows.repairs.decide import FindingAction
from services.healer.workflows.unknown_attempts.resolve import LONGEST_REASON
from shared.service.auth import Caller, Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES, DryRun
from shared.service.process import Service

FindingId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
State = Literal["open", "proposed", "repaired", "refused", "gone", "undone"]


class FindingOut(BaseModel):
    """A row that breaks a rule."""

    id: int
    workspace_id: UUID | None
    campaign_id: UUID | None
    kind: str
    severity: str
    table_name: str
    row_id: str
    state: State
    repair: str | None = Field(description="What mends it, by name; null where nothing of ours can.")
    changes: list[dict[str, Any]] = Field(description='What the repair changes: [{"table", "id", "before", "after"}].')
    why: str | None = Field(description="Why it is not mended by itself.")
    evidence: dict[str, Any]
    found_at: datetime
    occurred_at: datetime | None = Field(description="Since when it is so, as far as the row tells.")
    closed_at: datetime | None
    decided_by: str | None

    @classmethod
    def from_row(cls, row: StoredFinding) -> Self:
        """From the row; what is known of its kind fills in what the row does not say."""
        why = row.why or (desk.explain_person_needed(row.kind) or None if row.state in {"open", "proposed"} else None)
        return cls(**{name: getattr(row, name) for name in cls.model_fields} | {"why": why})


class FindingPage(BaseModel):
    """A page, newest first; `next` is the `before` of the page that follows."""

    success: Literal[True] = True
    findings: list[FindingOut]
    next: int | None


class OneFinding(BaseModel):
    """One of them."""

    success: Literal[True] = True
    finding: FindingOut


class FindingDecided(OneFinding):
    """`changed` is false for a dry run."""

    changed: bool


class RefusalReason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "They were contacted from the old tool."}]})

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON, description="Kept in the audit log.")]


def routes(service: Service, readers: asyncpg.Pool, *, wake: Callable[[], None]) -> APIRouter:
    """/api/findings."""
    router = APIRouter(prefix="/api/findings", tags=["findings"], responses=FAILURES)

    @router.get("", summary="What is wrong, newest first")
    async def list_findings(
        caller: Viewer,
        *,
        workspace_id: UUID | None = None,
        campaign_id: UUID | None = None,
        kind: Annotated[str | None, Query(max_length=100)] = None,
        state: Annotated[list[State] | None, Query(description="Open and proposed ones when it is left out.")] = None,
        closed_too: Annotated[bool, Query(description="Findings in every state; `state` is then ignored.")] = False,
        before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> FindingPage:
        wanted = caller.own(workspace_id) if workspace_id else caller.workspace_id
        async with tenant_transaction(readers, caller) as connection:
            rows = await repairs.fetch_findings(
                connection,
                before=before,
                states=None if closed_too else state or ["open", "proposed"],
                kind=kind,
                campaign_id=campaign_id,
                workspace_id=wanted,
                most=limit,
            )
        return FindingPage(findings=[FindingOut.from_row(row) for row in rows], next=rows[-1].id if len(rows) == limit else None)

    @router.get("/{finding_id}", summary="One of them, with its evidence and what its repair would change")
    async def one(finding_id: FindingId, caller: Viewer) -> OneFinding:
        async with tenant_transaction(readers, caller) as connection:
            return OneFinding(finding=FindingOut.from_row(await desk.get_finding(connection, finding_id, workspace_id=caller.workspace_id)))

    async def say(finding_id: int, word: FindingAction, caller: Caller, reason: str = "", *, dry_run: bool) -> FindingDecided:
        done = await desk.decide_finding(
            service.pool, finding_id, word, actor=caller.actor, reason=reason, workspace_id=caller.workspace_id, apply=not dry_run
        )
        wake()
        return FindingDecided(finding=FindingOut.from_row(done.finding), changed=done.changed)

    @router.post("/{finding_id}/apply", summary="Change what it says would be changed")
    async def apply(finding_id: FindingId, caller: Operator, dry_run: DryRun = False) -> FindingDecided:
        return await say(finding_id, FindingAction.APPLY, caller, dry_run=dry_run)

    @router.post("/{finding_id}/refuse", summary="Leave the row as it is; it is not found again while it stays so")
    async def refuse(finding_id: FindingId, body: RefusalReason, caller: Operator, dry_run: DryRun = False) -> FindingDecided:
        return await say(finding_id, FindingAction.REFUSE, caller, body.reason, dry_run=dry_run)

    @router.post("/{finding_id}/undo", summary="Take a repair back; refused when something has left since")
    async def undo(finding_id: FindingId, caller: Operator, dry_run: DryRun = False) -> FindingDecided:
        return await say(finding_id, FindingAction.UNDO, caller, dry_run=dry_run)

    return router
