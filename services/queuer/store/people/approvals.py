"""Imported rows that wait for a person's yes, and the prospects a yes makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.envelope import enclose
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import PROSPECTS_READY
from shared.db import outbox
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_one, fetch_value, load
from shared.db.statements import lock_leads
from shared.vocabulary import ApprovalStatus, CampaignStatus

queries = load(__file__)

SERVICE: Final = "queuer"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lead about to be enrolled, with what speaks against it."""

    approval_id: UUID
    lead_id: UUID
    identity: str
    opted_out_at: datetime | None
    last_reply_at: datetime | None
    busy_in: str | None
    """Name of another campaign whose sequence still runs for this lead, where neither campaign allows two at a time."""
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class _CandidateFacts:
    id: UUID
    identity: str
    opted_out_at: datetime | None
    last_reply_at: datetime | None
    busy_in: str | None
    suppressed_by: str | None


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A locked row that waits for a decision."""

    id: UUID
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class NewProspect:
    """A prospect that an approval has made."""

    id: UUID
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class ApprovalCampaign:
    """The campaign whose rows are decided, with the newest version of its steps."""

    workspace_id: UUID
    campaign_name: str
    status: CampaignStatus
    completed_by_itself: bool
    workflow_id: UUID | None


async def load_campaign(connection: Connection, campaign_id: UUID) -> ApprovalCampaign | None:
    """The campaign; None when there is none."""
    return await fetch_one(connection, queries.campaign_of_approval, ApprovalCampaign, campaign_id=campaign_id)


async def count_approved(connection: Connection, campaign_id: UUID, *, batch_id: UUID | None, ids: Sequence[UUID] | None) -> int:
    """How many of the rows are approved already."""
    return await fetch_value(connection, queries.count_approved, int, campaign_id=campaign_id, batch_id=batch_id, ids=ids) or 0


async def lock_waiting(connection: Connection, campaign_id: UUID, *, batch_id: UUID | None, most: int) -> list[ApprovalRow]:
    """Lock the next rows that wait."""
    return await fetch_all(connection, queries.lock_waiting, ApprovalRow, campaign_id=campaign_id, batch_id=batch_id, size=most)


async def lock_named(connection: Connection, campaign_id: UUID, ids: Sequence[UUID], *, again: bool) -> list[ApprovalRow]:
    """Lock those of these rows that wait; `again`: also those that were rejected."""
    return await fetch_all(connection, queries.lock_named, ApprovalRow, campaign_id=campaign_id, ids=ids, again=again)


async def reject_waiting(
    connection: Connection, campaign_id: UUID, *, batch_id: UUID | None, ids: Sequence[UUID] | None, actor: str, now: datetime
) -> int:
    """Reject what still waits; returns how many rows that were."""
    return await execute(connection, queries.reject_waiting, campaign_id=campaign_id, batch_id=batch_id, ids=ids, actor=actor, now=now)


async def load_candidates(connection: Connection, taken: Sequence[ApprovalRow], campaign_id: UUID) -> list[Candidate]:
    """Lock the leads of the locked rows and read what decides over them."""
    lead_ids = sorted(row.lead_id for row in taken)
    await lock_leads(connection, lead_ids)
    rows = await fetch_all(connection, queries.load_candidates, _CandidateFacts, lead_ids=lead_ids, campaign_id=campaign_id)
    facts = {row.id: row for row in rows}
    return [
        Candidate(row.id, lead.id, lead.identity, lead.opted_out_at, lead.last_reply_at, lead.busy_in, lead.suppressed_by)
        for row in taken
        for lead in (facts[row.lead_id],)
    ]


async def enrol(
    connection: Connection,
    candidates: Sequence[Candidate],
    *,
    workspace_id: UUID,
    campaign_id: UUID,
    workflow_id: UUID | None,
    now: datetime,
) -> int:
    """Make the leads prospects, announce each on `prospects.ready`, and return how many are new.

    A lead who once answered gets `resumed_at`: approving is a person's decision to write all the same, and the policy
    compares it with the last reply.
    """
    new = await fetch_all(
        connection,
        queries.enrol,
        NewProspect,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        workflow_id=workflow_id,
        lead_ids=[c.lead_id for c in candidates],
        resumed_at=[now if c.last_reply_at else None for c in candidates],
    )
    if new:
        await execute(connection, queries.claim_leads, campaign_id=campaign_id, lead_ids=[row.lead_id for row in new])
        await execute(connection, queries.note_enrolment, campaign_id=campaign_id, now=now)
        await outbox.put(
            connection,
            SERVICE,
            [
                enclose(
                    PROSPECTS_READY,
                    ProspectReady(prospect_id=row.id, campaign_id=campaign_id, workspace_id=workspace_id, reason="approved"),
                    source=SERVICE,
                    key=row.id,
                    at=now,
                )
                for row in new
            ],
        )
    return len(new)


async def decide(
    connection: Connection, approved: Sequence[Candidate], refused: Sequence[tuple[Candidate, str]], *, actor: str, now: datetime
) -> None:
    """Write the decision on the rows; a refused one names the reason behind the person who asked."""
    await execute(
        connection,
        queries.decide,
        ids=[c.approval_id for c in approved] + [c.approval_id for c, _ in refused],
        statuses=[ApprovalStatus.APPROVED.value] * len(approved) + [ApprovalStatus.REJECTED.value] * len(refused),
        decided_by=[actor] * len(approved) + [f"{actor}: {reason}" for _, reason in refused],
        now=now,
    )
