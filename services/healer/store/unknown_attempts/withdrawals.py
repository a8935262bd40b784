"""Write down what became of an unknown withdrawal: one transaction, compare-and-set, and the event leaves with the fact."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import Accepted, DidNot, Happened
from services.healer.store.repairs import findings
from services.healer.store.unknown_attempts import outcomes as settling
from services.healer.store.unknown_attempts.outcomes import SERVICE, WAITING
from shared.contracts.sends_completed import SendOutcome
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_value, load
from shared.db.statements import lock_accounts, wake_accounts
from shared.vocabulary import SendStatus

queries = load(__file__)

MOST_TRIES: Final = 3
"""An invitation that stands after so many withdrawals is left standing; the send says so and a person may retry it."""


async def settle_withdrawal(
    pool: asyncpg.Pool, unknown: AttemptInDoubt, verdict: Happened | DidNot | Accepted, *, look: dict[str, Any], now: datetime
) -> bool:
    """False when it was settled otherwise meanwhile."""
    async with pool.acquire() as connection, connection.transaction():
        return await settle_withdrawal_within(connection, unknown, verdict, look=look, now=now)


async def settle_withdrawal_within(
    connection: Connection, unknown: AttemptInDoubt, verdict: Happened | DidNot | Accepted, *, look: dict[str, Any], now: datetime
) -> bool:
    """The same in the caller's transaction."""
    await lock_accounts(connection, [unknown.account_id])
    match verdict:
        case Happened():
            settled = await _happened(connection, unknown, verdict, look=look, now=now)
        case DidNot() | Accepted():
            settled = await _did_not(connection, unknown, verdict, look=look, now=now)
    if settled:
        await findings.close_findings(connection, kind=WAITING, table_name="send_attempts", row_ids=[str(unknown.id)])
    return settled


async def _happened(connection: Connection, unknown: AttemptInDoubt, verdict: Happened, *, look: dict[str, Any], now: datetime) -> bool:
    """The invitation stands no more: its place is free when LinkedIn's lock is over."""
    if not await settling.accept_attempt(connection, unknown, verdict, provider_ref=unknown.invitation_ref, look=look):
        return False
    await execute(connection, settling.queries.mark_sent, send_id=unknown.send_id, at=verdict.at)
    await execute(connection, queries.end_invitation, attempt_id=unknown.id, at=verdict.at)
    await execute(connection, queries.mark_withdrawn, prospect_id=unknown.prospect_id, at=verdict.at)
    event = settling.build_send_completed(
        unknown, SendOutcome.SENT, reason=verdict.why, provider_ref=unknown.invitation_ref, at=verdict.at, now=now
    )
    await put(connection, SERVICE, [event])
    return True


async def _did_not(
    connection: Connection, unknown: AttemptInDoubt, verdict: DidNot | Accepted, *, look: dict[str, Any], now: datetime
) -> bool:
    """The budget goes back to its own day. One that stands is taken back again, by the id under which the list shows it."""
    if await fetch_value(connection, settling.queries.deny, int, attempt_id=unknown.id, look=look) is None:
        return False
    await execute(connection, settling.queries.give_back, attempt_id=unknown.id)
    if isinstance(verdict, Accepted):
        await execute(connection, queries.leave_it, send_id=unknown.send_id)
        envelopes = [
            settling.build_send_completed(unknown, SendOutcome.SKIPPED, reason="already_connected", provider_ref=None, at=now, now=now)
        ]
        await execute(
            connection,
            settling.queries.know_recipient,
            account_id=unknown.account_id,
            lead_id=unknown.lead_id,
            connected=True,
            chat_id=None,
            now=now,
        )
        if await fetch_value(connection, queries.mark_connected, UUID, prospect_id=unknown.prospect_id, now=now):
            envelopes.append(settling.build_connection_accepted(unknown, now))
    else:
        await execute(connection, queries.name_invitation, attempt_id=unknown.id, provider_ref=look.get("listed"))
        left = await fetch_value(connection, queries.try_again, SendStatus, send_id=unknown.send_id, now=now, most=MOST_TRIES)
        outcome = SendOutcome.FAILED if left is SendStatus.FAILED else SendOutcome.DEFERRED
        envelopes = [
            settling.build_send_completed(unknown, outcome, reason=f"not_happened: {verdict.why}", provider_ref=None, at=now, now=now)
        ]
    await wake_accounts(connection, [unknown.account_id], now)
    await put(connection, SERVICE, envelopes)
    return True
