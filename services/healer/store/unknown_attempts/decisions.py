"""What an operator sees of unknown attempts, and the audit line that a decision leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, load
from shared.db.statements import write_audit_line
from shared.vocabulary import Action, AttemptState, ProspectStatus, SendStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Which unknown attempts; None leaves a side open."""

    workspace_id: UUID | None = None
    campaign_id: UUID | None = None
    account_id: UUID | None = None
    needs_person: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedAttempt:
    """An unknown attempt with the names of what it belongs to; times are business time."""

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
    message_type: str
    send_status: SendStatus
    action: Action
    state: AttemptState
    decided_at: datetime
    looks: int
    needs_person: bool
    evidence: Any
    next_look: datetime | None


@dataclass(frozen=True, slots=True)
class DetailedAttempt(ListedAttempt):
    """With the message and the provider's answer; `certain_at` (technical) is when its call cannot be under way any more."""

    message: str
    http_status: int | None
    error_type: str | None
    error_detail: str | None
    provider_ref: str | None
    recipient_id: str | None
    certain_at: datetime
    certain: bool


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """The audit line of an attempt that an operator settled."""

    actor: str
    at: datetime
    details: dict[str, Any]


async def fetch_page(connection: Connection, wanted: AttemptFilter, *, after: int | None, most: int) -> list[ListedAttempt]:
    """Unknown attempts behind `after`, those that waited longest first."""
    return await fetch_all(
        connection,
        queries.page,
        ListedAttempt,
        workspace_id=wanted.workspace_id,
        campaign_id=wanted.campaign_id,
        account_id=wanted.account_id,
        needs_person=wanted.needs_person,
        after=after,
        most=most,
    )


async def fetch_one_attempt(
    connection: Connection, attempt_id: int, *, workspace_id: UUID | None, call_time: timedelta
) -> DetailedAttempt | None:
    """One attempt whatever its state; None when there is none, or it is another workspace's."""
    return await fetch_one(connection, queries.one, DetailedAttempt, attempt_id=attempt_id, workspace_id=workspace_id, call_time=call_time)


async def fetch_decision(connection: Connection, attempt_id: int) -> RecordedDecision | None:
    """Which operator settled it, when and why; None when no operator did."""
    return await fetch_one(connection, queries.decided_by, RecordedDecision, attempt_id=attempt_id)


async def record_audit(connection: Connection, attempt_id: int, *, workspace_id: UUID, actor: str, details: Mapping[str, Any]) -> None:
    """Leave a line in the audit log, in the caller's transaction."""
    await write_audit_line(connection, actor, "resolve", "send_attempt", attempt_id, workspace_id=workspace_id, details=details)
