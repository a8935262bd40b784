"""What has failed, what is known about it, and the two things a person may do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.insight.failure_reasons import NO_WORDS
from services.queuer.store.insight import policy_facts as asked
from shared.db.pool import Connection
from shared.db.queries import load
from shared.vocabulary import CampaignStatus

queries = load(__file__)

Row = Mapping[str, Any]
MOST_EVIDENCE: Final = 50
"""Attempts, observations and lines of history shown of one send, the newest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failed sends; None leaves a side open. `reason` is a cause's code."""

    workspace_id: UUID | None = None
    campaign_id: UUID | None = None
    account_id: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one send."""

    attempts: Sequence[Row]
    observations: Sequence[Row]
    history: Sequence[Row]


async def page(connection: Connection, wanted: Wanted, *, before: tuple[datetime, UUID] | None, most: int) -> list[Row]:
    """Failed sends, the newest first, older than `before` (the time and id of the last one seen)."""
    rows = queries.page(
        connection,
        workspace_id=wanted.workspace_id,
        campaign_id=wanted.campaign_id,
        account_id=wanted.account_id,
        reason=wanted.reason,
        no_words=NO_WORDS,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        most=most,
    )
    return [row async for row in rows]


async def one(connection: Connection, send_id: UUID, *, workspace_id: UUID | None) -> Row | None:
    """One send whatever its status; None when there is none, or it is another workspace's."""
    found: Row | None = await queries.one(connection, send_id=send_id, workspace_id=workspace_id)
    return found


async def evidence(connection: Connection, send_id: UUID) -> Evidence:
    """Attempts, what the provider showed of the person, and what people did, each the newest first."""
    return Evidence(
        [row async for row in queries.attempts_of(connection, send_id=send_id, most=MOST_EVIDENCE)],
        [row async for row in queries.seen_of(connection, send_id=send_id, most=MOST_EVIDENCE)],
        [row async for row in queries.history_of(connection, send_id=send_id, most=MOST_EVIDENCE)],
    )


async def lock(connection: Connection, send_id: UUID, *, workspace_id: UUID | None) -> str | None:
    """Lock account, lead, send and prospect in the house's order; returns the send's status, None when there is none."""
    await queries.lock_account(connection, send_id=send_id)
    await queries.lock_lead(connection, send_id=send_id)
    status: str | None = await queries.lock_send(connection, send_id=send_id, workspace_id=workspace_id)
    await queries.lock_prospect(connection, send_id=send_id)
    return status


async def load_for_retry(connection: Connection, send_id: UUID) -> Row:
    """What decides whether the locked send may be reopened: the sender's own facts, and what only the desk asks."""
    row = await queries.load_for_retry(connection, send_id=send_id)
    facts = await asked.facts(connection, [send_id], now=row["now"])
    goes_on = {"campaign_status": CampaignStatus.RUNNING} if row["completed_by_itself"] else {}  # the retried send is something to do
    return {**facts[send_id], **row, **goes_on}


async def reopen(connection: Connection, send_id: UUID, row: Row, *, actor: str, look_up: bool) -> None:
    """Send and prospect are pending again; `row` is one of load_for_retry, `look_up` resolves the recipient anew."""
    await queries.reopen(connection, send_id=send_id, actor=actor, reason="retry", due=row["now"])
    if look_up:
        await queries.look_up_first(connection, send_id=send_id)
    await queries.prospect_pending(connection, prospect_id=row["prospect_id"])
    await queries.claim_lead(connection, lead_id=row["lead_id"], campaign_id=row["campaign_id"])


async def drop(connection: Connection, send_id: UUID) -> str | None:
    """The locked failed send will never be tried again; its error message stays, and is returned."""
    reason: str | None = await queries.drop(connection, send_id=send_id)
    return reason
