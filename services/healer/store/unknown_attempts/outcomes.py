"""Write down what became of an unknown attempt: one transaction each, compare-and-set, and the event leaves with the fact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import AskPerson, Happened
from services.healer.store.repairs import findings
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import CONNECTIONS_ACCEPTED, SENDS_COMPLETED
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_value, load
from shared.db.statements import lock_accounts, wake_accounts
from shared.vocabulary import ProspectStatus

queries = load(__file__)

SERVICE: Final = "healer"
WAITING: Final = "unknown_waiting"
"""Kind of the finding of an attempt that a person must decide."""


@dataclass(frozen=True, slots=True)
class OverdueAttempt:
    """An attempt that was handed to an operator."""

    id: int
    workspace_id: UUID


async def record_happened(pool: asyncpg.Pool, unknown: AttemptInDoubt, verdict: Happened, *, look: dict[str, Any], now: datetime) -> bool:
    """It left: attempt accepted, send sent, prospect contacted. False when it was settled otherwise meanwhile."""
    async with pool.acquire() as connection, connection.transaction():
        return await record_happened_within(connection, unknown, verdict, look=look, now=now)


async def record_happened_within(
    connection: Connection, unknown: AttemptInDoubt, verdict: Happened, *, look: dict[str, Any], now: datetime
) -> bool:
    """The same in the caller's transaction."""
    await lock_accounts(connection, [unknown.account_id])
    if not await accept_attempt(connection, unknown, verdict, provider_ref=verdict.provider_ref, look=look):
        return False
    await execute(connection, queries.mark_sent, send_id=unknown.send_id, at=verdict.at)
    status = await fetch_value(
        connection,
        queries.contacted,
        ProspectStatus,
        prospect_id=unknown.prospect_id,
        action=unknown.action.value,
        connected=verdict.connected,
        at=verdict.at,
        now=now,
    )
    await execute(connection, queries.store_message, attempt_id=unknown.id)
    await execute(
        connection,
        queries.know_recipient,
        account_id=unknown.account_id,
        lead_id=unknown.lead_id,
        connected=verdict.connected,
        chat_id=verdict.chat_id,
        now=now,
    )
    await findings.close_findings(connection, kind=WAITING, table_name="send_attempts", row_ids=[str(unknown.id)])
    envelopes = [
        build_send_completed(unknown, SendOutcome.SENT, reason=verdict.why, provider_ref=verdict.provider_ref, at=verdict.at, now=now)
    ]
    if verdict.connected and status is ProspectStatus.CONNECTED:
        envelopes.append(build_connection_accepted(unknown, now))
    await put(connection, SERVICE, envelopes)
    return True


async def accept_attempt(
    connection: Connection, unknown: AttemptInDoubt, verdict: Happened, *, provider_ref: str | None, look: dict[str, Any]
) -> bool:
    """Mark the attempt as accepted; False when it was settled otherwise meanwhile."""
    accepted = await fetch_value(
        connection,
        queries.accept,
        int,
        attempt_id=unknown.id,
        provider_ref=provider_ref,
        chat_id=verdict.chat_id,
        at=verdict.at,
        look=look,
    )
    return accepted is not None


async def record_not_happened(pool: asyncpg.Pool, unknown: AttemptInDoubt, why: str, *, look: dict[str, Any], now: datetime) -> bool:
    """It never left: budget back to its own day, and the send may be tried again. False when it was settled otherwise."""
    async with pool.acquire() as connection, connection.transaction():
        return await record_not_happened_within(connection, unknown, why, look=look, now=now)


async def record_not_happened_within(
    connection: Connection, unknown: AttemptInDoubt, why: str, *, look: dict[str, Any], now: datetime
) -> bool:
    """The same in the caller's transaction."""
    await lock_accounts(connection, [unknown.account_id])
    if await fetch_value(connection, queries.deny, int, attempt_id=unknown.id, look=look) is None:
        return False
    await execute(connection, queries.give_back, attempt_id=unknown.id)
    await execute(connection, queries.send_again, send_id=unknown.send_id, now=now)
    await wake_accounts(connection, [unknown.account_id], now)
    await findings.close_findings(connection, kind=WAITING, table_name="send_attempts", row_ids=[str(unknown.id)])
    await put(
        connection,
        SERVICE,
        [build_send_completed(unknown, SendOutcome.DEFERRED, reason=f"not_happened: {why}", provider_ref=None, at=now, now=now)],
    )
    return True


async def record_undecided(pool: asyncpg.Pool, unknown: AttemptInDoubt, *, look: dict[str, Any], look_after: datetime) -> None:
    """Nothing is proven; look again from `look_after` (business) on."""
    await execute(pool, queries.keep_looking, attempt_id=unknown.id, look=look, look_after=look_after, needs_person=False)


async def record_half_look(pool: asyncpg.Pool, unknown: AttemptInDoubt, *, part: dict[str, Any], look_after: datetime) -> None:
    """A look needs another read; what the first one showed is kept until the account may be asked again (business)."""
    await execute(pool, queries.keep_part, attempt_id=unknown.id, part=part, look_after=look_after)


async def hand_to_person(pool: asyncpg.Pool, unknown: AttemptInDoubt, verdict: AskPerson, *, look: dict[str, Any]) -> None:
    """No look will tell any more: the attempt stays unknown, its send stays where it is, and a person is asked."""
    async with pool.acquire() as connection, connection.transaction():
        await execute(connection, queries.keep_looking, attempt_id=unknown.id, look=look, look_after=None, needs_person=True)
        await findings.record_findings(connection, [build_waiting_finding(unknown.id, unknown.workspace_id, verdict.why)])


async def hand_over_overdue(pool: asyncpg.Pool, *, decided_before: datetime) -> int:
    """Attempts unknown since before then (business) go to a person; returns how many."""
    if not await fetch_value(pool, queries.any_overdue, bool, decided_before=decided_before):
        return 0
    async with pool.acquire() as connection, connection.transaction():
        old = await fetch_all(connection, queries.hand_over, OverdueAttempt, decided_before=decided_before)
        why = "it could not be looked up in time: the account may not act, or the provider does not answer"
        await findings.record_findings(connection, [build_waiting_finding(row.id, row.workspace_id, why) for row in old])
    return len(old)


def build_waiting_finding(attempt_id: int, workspace_id: Any, why: str) -> IntegrityEvent:
    """The finding a person sees."""
    return IntegrityEvent(
        workspace_id=workspace_id,
        kind=WAITING,
        severity="critical",
        table_name="send_attempts",
        row_id=str(attempt_id),
        evidence={"why": why},
    )


async def postpone_looks(pool: asyncpg.Pool, unknowns: list[AttemptInDoubt], *, look_after: datetime) -> None:
    """The provider could not be read, so no look is counted; it is asked again from `look_after` (business) on."""
    await execute(pool, queries.postpone, attempt_ids=[unknown.id for unknown in unknowns], look_after=look_after)


def build_send_completed(
    unknown: AttemptInDoubt, outcome: SendOutcome, *, reason: str, provider_ref: str | None, at: datetime, now: datetime
) -> Envelope:
    """What became of the send."""
    event = SendCompleted(
        send_id=unknown.send_id,
        prospect_id=unknown.prospect_id,
        campaign_id=unknown.campaign_id,
        workspace_id=unknown.workspace_id,
        account_id=unknown.account_id,
        message_type=unknown.message_type,
        outcome=outcome,
        reason=reason,
        for_good=outcome is SendOutcome.FAILED,
        provider_ref=provider_ref,
        at=at,
    )
    return enclose(SENDS_COMPLETED, event, source=SERVICE, key=unknown.account_id, at=now)


def build_connection_accepted(unknown: AttemptInDoubt, now: datetime) -> Envelope:
    """The look showed an acceptance."""
    event = ConnectionAccepted(
        prospect_id=unknown.prospect_id,
        campaign_id=unknown.campaign_id,
        workspace_id=unknown.workspace_id,
        account_id=unknown.account_id,
        lead_id=unknown.lead_id,
        accepted_at=now,
        seen_by="lookup",
    )
    return enclose(CONNECTIONS_ACCEPTED, event, source=SERVICE, key=unknown.account_id, at=now)
