"""Attempts with an unknown outcome: list them with their evidence, and settle one by an operator's decision.

A decision moves the same rows as a look that proves it, in one transaction with its line in the audit log and its events. It is
made once: of two people, and of a person and a look, the first one wins and the other is told.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import DidNot, Happened
from services.healer.rules.unknown_attempts.evidence_text import PERSON
from services.healer.store.unknown_attempts import attempts as unknowns
from services.healer.store.unknown_attempts import decisions as store
from services.healer.store.unknown_attempts import outcomes as settling
from services.healer.store.unknown_attempts import withdrawals
from services.healer.store.unknown_attempts.decisions import AttemptFilter, DetailedAttempt, ListedAttempt
from shared.db.pool import Connection
from shared.db.statements import business_now
from shared.notices.notice import one_line
from shared.refusals import Conflict, NotFound, Refused
from shared.vocabulary import ActionRole, AttemptState

CALL_TIME: Final = timedelta(seconds=60)
"""Technical: how long after act_by a call is believed to be under way, where the sender's time-out is not known."""
LONGEST_REASON: Final = 500


class AttemptDecision(StrEnum):
    """What a person may say of it."""

    ACCEPTED = "accepted"
    NOT_HAPPENED = "not-happened"

    @property
    def state(self) -> AttemptState:
        """The state it leads to."""
        return AttemptState.ACCEPTED if self is AttemptDecision.ACCEPTED else AttemptState.NOT_HAPPENED


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """A page of unknown attempts; `next` is what the page after it is asked with."""

    attempts: list[ListedAttempt]
    next: int | None


@dataclass(frozen=True, slots=True)
class AttemptResolution:
    """What a decision came to; `changed` is false when the same had been decided already."""

    attempt: DetailedAttempt
    changed: bool


async def list_attempts(connection: Connection, wanted: AttemptFilter, *, after: int | None = None, most: int = 50) -> AttemptPage:
    """The unknown attempts, those that waited longest first."""
    rows = await store.fetch_page(connection, wanted, after=after, most=most + 1)
    return AttemptPage(rows[:most], rows[most - 1].id if len(rows) > most else None)


async def get_attempt(
    connection: Connection, attempt_id: int, *, workspace_id: UUID | None = None, call_time: timedelta = CALL_TIME
) -> DetailedAttempt:
    """One attempt with all that is known of it, also after it was settled.

    Raises:
        NotFound: there is none, or it is another workspace's.
    """
    row = await store.fetch_one_attempt(connection, attempt_id, workspace_id=workspace_id, call_time=call_time)
    if row is None:
        raise NotFound(f"There is no attempt {attempt_id}. `tact unknown list` and GET /api/unknown show those that are unknown.")
    return row


async def resolve_attempt(
    pool: asyncpg.Pool,
    attempt_id: int,
    decision: AttemptDecision,
    *,
    reason: str,
    actor: str,
    workspace_id: UUID | None = None,
    call_time: timedelta = CALL_TIME,
    apply: bool = True,
) -> AttemptResolution:
    """Settle an attempt by a person's word. Without `apply` everything is asked and nothing changes.

    Raises:
        NotFound: there is none, or it is another workspace's.
        Conflict: an operator or a look-up settled it otherwise, or its call may still be under way.
        Refused: no reason is given, or it is too long.
    """
    why = one_line(reason)
    if not why or len(why) > LONGEST_REASON:
        raise Refused(f"Say how you know, in 1 to {LONGEST_REASON} characters: the audit log keeps it.", code="no_reason")
    async with pool.acquire() as connection, connection.transaction():
        row = await get_attempt(connection, attempt_id, workspace_id=workspace_id, call_time=call_time)
        unknown = await unknowns.fetch_attempt(connection, attempt_id)
        if unknown is None:
            return await _settled_before(connection, row, decision)
        if not row.certain:
            raise Conflict(
                f"The call of attempt {attempt_id} may still be under way until {row.certain_at:%H:%M:%S} UTC; decide after that.",
                code="under_way",
            )
        if not apply:
            return AttemptResolution(row, changed=True)
        if not await _settle(connection, unknown, decision, why=why, actor=actor):
            return await _settled_before(connection, await get_attempt(connection, attempt_id, call_time=call_time), decision)
        details = {"decision": decision.value, "reason": why, "send_id": str(unknown.send_id), "looks": unknown.looks}
        await store.record_audit(connection, attempt_id, workspace_id=unknown.workspace_id, actor=actor, details=details)
        return AttemptResolution(await get_attempt(connection, attempt_id, call_time=call_time), changed=True)


async def _settle(connection: Connection, unknown: AttemptInDoubt, decision: AttemptDecision, *, why: str, actor: str) -> bool:
    now = await business_now(connection)
    look = {"look": PERSON, "at": now.isoformat(), "by": actor, "decision": decision.value, "reason": why}
    said = f"a person decided: {why}"
    verdict = Happened(at=unknown.decided_at, why=said) if decision is AttemptDecision.ACCEPTED else DidNot(why=said)
    if unknown.action.role is ActionRole.WITHDRAW:
        return await withdrawals.settle_withdrawal_within(connection, unknown, verdict, look=look, now=now)
    if isinstance(verdict, Happened):
        return await settling.record_happened_within(connection, unknown, verdict, look=look, now=now)
    return await settling.record_not_happened_within(connection, unknown, verdict.why, look=look, now=now)


async def _settled_before(connection: Connection, row: DetailedAttempt, decision: AttemptDecision) -> AttemptResolution:
    if row.state is decision.state:
        return AttemptResolution(row, changed=False)
    decided = await store.fetch_decision(connection, row.id)
    if decided is not None:
        how = f"{decided.actor} decided so on {decided.at:%Y-%m-%d %H:%M} UTC: {decided.details.get('reason', '')}"
    elif row.state is AttemptState.INTENT:
        how = "it is under way"
    else:
        how = "the provider's answer or a look showed it"
    raise Conflict(
        f"Attempt {row.id} is {row.state} already: {how.rstrip('.')}.", code="settled_already", details={"state": row.state.value}
    )
