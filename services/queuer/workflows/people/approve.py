"""Approve imported rows: each becomes a prospect and wakes the planner, or is refused with the reason. Also reject.

Set by set and safe to repeat: a row decided before is not decided again.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer.store.people import approvals as store
from services.queuer.store.people.approvals import ApprovalCampaign, ApprovalRow, Candidate
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import Refused
from shared.vocabulary import CampaignStatus

CHUNK: Final = 5_000  # rows a transaction


@dataclass(slots=True)
class ApproveResult:
    """What a person's yes came to.

    `approved` rows were decided now and `already` before; `enrolled` counts the prospects that are new; `refused` names
    each lead (by identity) that may not be enrolled, and why.
    """

    approved: int = 0
    already: int = 0
    enrolled: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def objection(candidate: Candidate) -> str | None:
    """Why this lead may not be enrolled now, if so: the opt-out is for ever, the list until an operator removes the entry, the
    other campaign until its end."""
    if candidate.opted_out_at is not None:
        return "has opted out and is not written to again"
    if candidate.suppressed_by is not None:
        return f"is on the do-not-contact list: {candidate.suppressed_by}"
    if candidate.busy_in is not None:
        return f"is in the campaign '{candidate.busy_in}', and one person gets one sequence at a time"
    return None


async def approve(
    database: asyncpg.Pool | Connection,
    *,
    campaign_id: UUID,
    actor: str,
    now: datetime,
    batch_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    again: bool = False,
) -> ApproveResult:
    """Approve what waits: the rows named by `ids`, of one import (`batch_id`), or of the whole campaign.

    `now` is business time. `again` takes named rows that were rejected too: a person may change their mind, and what
    stood against a lead may be over. Given a connection, everything happens in the caller's transaction.

    Raises:
        Refused: there is no such campaign, or it is over.
    """
    result = ApproveResult()
    async with _borrowed(database) as connection:
        campaign = await _load_campaign(connection, campaign_id)
        result.already = await store.count_approved(connection, campaign_id, batch_id=batch_id, ids=None if ids is None else list(ids))
        named = None if ids is None else _chunks(sorted(set(ids)))
        while True:
            chunk = None if named is None else next(named, [])
            if chunk == []:
                break
            async with connection.transaction():
                taken = await _lock_rows(connection, campaign_id, batch_id, chunk, again=again)
                if taken:
                    await _decide(connection, campaign_id, campaign, taken, result, actor=actor, now=now)
            if chunk is None and not taken:
                break
        if result.approved or result.refused:
            details = {"approved": result.approved, "enrolled": result.enrolled, "refused": len(result.refused)}
            await write_audit_line(
                connection, actor, "approve", "campaign", campaign_id, workspace_id=campaign.workspace_id, details=details
            )
    return result


async def reject(
    database: asyncpg.Pool | Connection,
    *,
    campaign_id: UUID,
    actor: str,
    now: datetime,
    batch_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
) -> int:
    """Reject what still waits, in the same words as `approve`; returns how many rows that were.

    Raises:
        Refused: there is no such campaign.
    """
    async with _borrowed(database) as connection, connection.transaction():
        campaign = await _load_campaign(connection, campaign_id, over_is_fine=True)
        named = None if ids is None else list(ids)
        rejected = await store.reject_waiting(connection, campaign_id, batch_id=batch_id, ids=named, actor=actor, now=now)
        if rejected:
            details = {"rejected": rejected}
            await write_audit_line(
                connection, actor, "reject", "campaign", campaign_id, workspace_id=campaign.workspace_id, details=details
            )
    return rejected


async def _decide(
    connection: Connection,
    campaign_id: UUID,
    campaign: ApprovalCampaign,
    taken: Sequence[ApprovalRow],
    result: ApproveResult,
    *,
    actor: str,
    now: datetime,
) -> None:
    candidates = await store.load_candidates(connection, taken, campaign_id)
    refused = [(candidate, reason) for candidate in candidates if (reason := objection(candidate))]
    stopped = {candidate.approval_id for candidate, _ in refused}
    approved = [candidate for candidate in candidates if candidate.approval_id not in stopped]
    enrolled = await store.enrol(
        connection,
        approved,
        workspace_id=campaign.workspace_id,
        campaign_id=campaign_id,
        workflow_id=campaign.workflow_id,
        now=now,
    )
    await store.decide(connection, approved, refused, actor=actor, now=now)
    result.approved += len(approved)
    result.enrolled += enrolled
    result.refused += [(candidate.identity, reason) for candidate, reason in refused]


async def _lock_rows(
    connection: Connection, campaign_id: UUID, batch_id: UUID | None, chunk: list[UUID] | None, *, again: bool
) -> list[ApprovalRow]:
    if chunk is None:
        return await store.lock_waiting(connection, campaign_id, batch_id=batch_id, most=CHUNK)
    return await store.lock_named(connection, campaign_id, chunk, again=again)


async def _load_campaign(connection: Connection, campaign_id: UUID, *, over_is_fine: bool = False) -> ApprovalCampaign:
    campaign = await store.load_campaign(connection, campaign_id)
    if campaign is None:
        raise Refused(f"There is no campaign {campaign_id}. `tact campaign list` shows those there are.")
    over = campaign.status in {CampaignStatus.COMPLETED, CampaignStatus.CANCELLED} and not campaign.completed_by_itself
    if over and not over_is_fine:
        raise Refused(f"The campaign '{campaign.campaign_name}' is {campaign.status}; no lead can be enrolled in it any more.")
    return campaign


def _chunks(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    return (list(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))


@asynccontextmanager
async def _borrowed(database: asyncpg.Pool | Connection) -> AsyncIterator[Connection]:
    if isinstance(database, asyncpg.Pool):
        async with database.acquire() as connection:
            yield connection
    else:
        yield database
