"""What has failed, what is known about it, and the two things a person may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.insight.failure_reasons import NO_WORDS, FailureExplanation, explain_failure
from services.queuer.rules.insight.retry import FailedSendState
from services.queuer.store.insight.policy_facts import SendFacts, load_facts
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_one, fetch_value, load
from shared.vocabulary import Action, AttemptState, CampaignStatus, ProspectStatus, SendStatus

queries = load(__file__)

MOST_EVIDENCE: Final = 50
"""Attempts, observations and lines of history shown of one send, the newest."""


@dataclass(frozen=True, slots=True)
class FailedSendFilter:
    """Which failed sends; None leaves a side open. `reason` is a cause's code."""

    workspace_id: UUID | None = None
    campaign_id: UUID | None = None
    account_id: UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FailedSend:
    """A send that failed for good (or did, before a retry), with the names around it."""

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
    scheduled_for: datetime
    retries: int
    updated_at: datetime

    @property
    def cause(self) -> FailureExplanation:
        """Why it failed, in words."""
        return explain_failure(self.error_message)


@dataclass(frozen=True, slots=True)
class FailedSendWithText(FailedSend):
    """The same with the words that were to leave."""

    message: str


@dataclass(frozen=True, slots=True)
class AttemptEvidence:
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


@dataclass(frozen=True, slots=True)
class ObservationEvidence:
    """What the provider showed of the person."""

    kind: str
    source: str
    happened_at: datetime | None
    observed_at: datetime
    payload: Any


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What a person did with it."""

    at: datetime
    actor: str
    verb: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SendEvidence:
    """What is known about one send, each the newest first."""

    attempts: Sequence[AttemptEvidence]
    observations: Sequence[ObservationEvidence]
    history: Sequence[HistoryEntry]


async def load_page(
    connection: Connection, wanted: FailedSendFilter, *, before: tuple[datetime, UUID] | None, most: int
) -> list[FailedSend]:
    """Failed sends, the newest first, older than `before` (the time and id of the last one seen)."""
    return await fetch_all(
        connection,
        queries.page,
        FailedSend,
        workspace_id=wanted.workspace_id,
        campaign_id=wanted.campaign_id,
        account_id=wanted.account_id,
        reason=wanted.reason,
        no_words=NO_WORDS,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        most=most,
    )


async def load_send(connection: Connection, send_id: UUID, *, workspace_id: UUID | None) -> FailedSendWithText | None:
    """One send whatever its status; None when there is none, or it is another workspace's."""
    return await fetch_one(connection, queries.one, FailedSendWithText, send_id=send_id, workspace_id=workspace_id)


async def load_evidence(connection: Connection, send_id: UUID) -> SendEvidence:
    """Attempts, what the provider showed of the person, and what people did."""
    return SendEvidence(
        await fetch_all(connection, queries.attempts_of, AttemptEvidence, send_id=send_id, most=MOST_EVIDENCE),
        await fetch_all(connection, queries.seen_of, ObservationEvidence, send_id=send_id, most=MOST_EVIDENCE),
        await fetch_all(connection, queries.history_of, HistoryEntry, send_id=send_id, most=MOST_EVIDENCE),
    )


async def lock_send(connection: Connection, send_id: UUID, *, workspace_id: UUID | None) -> SendStatus | None:
    """Lock account, lead, send and prospect in the order of all services; returns the send's status, None when there is none."""
    await execute(connection, queries.lock_account, send_id=send_id)
    await execute(connection, queries.lock_lead, send_id=send_id)
    status = await fetch_value(connection, queries.lock_send, SendStatus, send_id=send_id, workspace_id=workspace_id)
    await execute(connection, queries.lock_prospect, send_id=send_id)
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


async def drop_send(connection: Connection, send_id: UUID) -> None:
    """The locked failed send will never be tried again; its error message stays."""
    await execute(connection, queries.drop_send, send_id=send_id)
