"""What has failed, what is known about it, and the two things a person may do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.insight.failure_reasons import NO_WORDS
from services.queuer.rules.insight.retry import FailedSendState
from services.queuer.store.insight.policy_facts import SendFacts, load_facts
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_value, load
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


async def load_for_retry(connection: Connection, send_id: UUID) -> tuple[FailedSendState, SendFacts]:
    """What decides whether the locked send, which must exist, may be reopened: its own state, and the facts that the sender decides on."""
    [send] = await fetch_all(connection, queries.load_for_retry, FailedSendState, send_id=send_id)
    facts = (await load_facts(connection, [send_id], now=send.now))[send_id]
    if send.completed_by_itself:  # the retried send is something to do, so the campaign runs again
        facts = replace(facts, campaign_status=CampaignStatus.RUNNING)
    return send, facts


async def reopen(connection: Connection, send_id: UUID, send: FailedSendState, *, actor: str, look_up: bool) -> None:
    """Send and prospect are pending again; `look_up` resolves the recipient anew."""
    await fetch_value(connection, queries.reopen, bool, send_id=send_id, actor=actor, reason="retry", due=send.now)
    if look_up:
        await execute(connection, queries.look_up_first, send_id=send_id)
    await execute(connection, queries.prospect_pending, prospect_id=send.prospect_id)
    await execute(connection, queries.claim_lead, lead_id=send.lead_id, campaign_id=send.campaign_id)


async def drop(connection: Connection, send_id: UUID) -> str | None:
    """The locked failed send will never be tried again; its error message stays, and is returned."""
    reason: str | None = await queries.drop(connection, send_id=send_id)
    return reason
