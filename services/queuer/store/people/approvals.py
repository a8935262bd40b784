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
from shared.db.queries import load
from shared.db.statements import lock_leads
from shared.vocabulary import ApprovalStatus

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


async def load_candidates(connection: Connection, taken: Sequence[tuple[UUID, UUID]], campaign_id: UUID) -> list[Candidate]:
    """Lock the leads of the taken rows (approval id, lead id) and read what decides over them."""
    lead_ids = sorted(lead for _, lead in taken)
    await lock_leads(connection, lead_ids)
    facts = {row["id"]: row async for row in queries.load_candidates(connection, lead_ids=lead_ids, campaign_id=campaign_id)}
    return [
        Candidate(approval, lead, fact["identity"], fact["opted_out_at"], fact["last_reply_at"], fact["busy_in"], fact["suppressed_by"])
        for approval, lead in taken
        for fact in (facts[lead],)
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
    rows = queries.enrol(
        connection,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        workflow_id=workflow_id,
        lead_ids=[c.lead_id for c in candidates],
        resumed_at=[now if c.last_reply_at else None for c in candidates],
    )
    new = [row async for row in rows]
    if new:
        await queries.claim_leads(connection, campaign_id=campaign_id, lead_ids=[row["lead_id"] for row in new])
        await outbox.put(
            connection,
            SERVICE,
            [
                enclose(
                    PROSPECTS_READY,
                    ProspectReady(prospect_id=row["id"], campaign_id=campaign_id, workspace_id=workspace_id, reason="approved"),
                    source=SERVICE,
                    key=row["id"],
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
    await queries.decide(
        connection,
        ids=[c.approval_id for c in approved] + [c.approval_id for c, _ in refused],
        statuses=[ApprovalStatus.APPROVED.value] * len(approved) + [ApprovalStatus.REJECTED.value] * len(refused),
        decided_by=[actor] * len(approved) + [f"{actor}: {reason}" for _, reason in refused],
        now=now,
    )
