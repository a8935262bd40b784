"""Finish: write what the provider answered, in small batches as answers come.

While PostgreSQL is away the answers are kept and written later: they are the only copy of what happened outside, and
what a crash takes of them is found again by looking up the intents.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from services.sender.metrics import LATE_ANSWERS, REFUSED_ANSWERS, SENDS
from services.sender.rules.outcome import Outcome
from services.sender.store.answers import Answers, Settled
from services.sender.workflows.brake import Brake
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.sends_completed import SendCompleted
from shared.contracts.sends_completed import SendOutcome as Completed
from shared.contracts.topics import ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.db.errors import AWAY
from shared.policy import SPACING, jitter
from shared.vocabulary import AccountStatus, Action, AttemptState, SendStatus

log = structlog.get_logger()

BATCH: Final = 128
WRITERS: Final = 2
"""While one waits for the disk the other works: one alone was the narrowest place of the pipeline (`make bench`). An account
never has two answers at once, so they lock different accounts, sends and prospects, each in order of id.
"""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0

_COMPLETED: Final = {
    SendStatus.SENT: Completed.SENT,
    SendStatus.FAILED: Completed.FAILED,
    SendStatus.SKIPPED: Completed.SKIPPED,
    SendStatus.PENDING: Completed.DEFERRED,
}


class Finisher:
    """Takes outcomes and writes them; few writers, so that batches form while the last ones are on their way."""

    def __init__(self, answers: Answers, brake: Brake, *, written: Callable[[], None]) -> None:
        self._answers = answers
        self._brake = brake
        self._written = written
        self._waiting: list[Outcome] = []
        self._something = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing = 0
        self._writers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start writing."""
        self._writers = [asyncio.create_task(self._write_on(), name=f"finish {number}") for number in range(1, WRITERS + 1)]

    def take(self, outcome: Outcome) -> None:
        """Write this one soon."""
        if outcome.stop_everything:
            self._brake.pull(outcome.detail or "")
        self._waiting.append(outcome)
        self._idle.clear()
        self._something.set()

    async def drain(self) -> None:
        """Wait until everything taken is written."""
        await self._idle.wait()

    async def stop(self) -> None:
        """End the writers; call after drain."""
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)

    async def _write_on(self) -> None:
        while True:
            await self._something.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._something.clear()
            if not batch:
                continue  # another writer was woken by the same answers
            self._writing += 1
            try:
                await self._write_surely(batch)
            finally:
                self._writing -= 1
            if not self._waiting and not self._writing:
                self._idle.set()

    async def _write_surely(self, batch: Sequence[Outcome]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                settled = await self._answers.write(batch)
            except AWAY as error:
                log.warning("answers could not be written yet", answers=len(batch), error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except Exception as error:  # whatever it is, the writer lives on: with it every later answer would be lost
                await self._write_apart(batch, error)
                return
            self._count(batch, settled)
            self._written()
            return

    async def _write_apart(self, batch: Sequence[Outcome], error: Exception) -> None:
        """The rows refuse something: one answer must not keep the others. Its intent runs out, and the healer looks it up."""
        if len(batch) > 1:
            for outcome in batch:
                await self._write_surely([outcome])
            return
        REFUSED_ANSWERS.inc()
        log.error("the database refuses an answer, it is left to the healer", attempt=batch[0].attempt.id, error=str(error))

    def _count(self, batch: Sequence[Outcome], settled: Settled) -> None:
        for outcome in batch:
            SENDS.labels(kind=outcome.attempt.action.value, outcome=outcome.state.value).inc()
        LATE_ANSWERS.inc(len(settled.late))


def space_after(outcome: Outcome) -> timedelta | None:
    """The spacing runs from the provider's answer, with the attempt's own jitter."""
    return SPACING + jitter(outcome.attempt.id) if outcome.called else None


def tell(outcomes: Sequence[Outcome], settled: Settled) -> list[Envelope]:
    """The events of a batch: what became of sends, people found connected, accounts lost, rules broken."""
    envelopes = [_completed(o) for o in outcomes if o.send in _COMPLETED and not _only_resolved(o)]
    envelopes += [_connected(o) for o in outcomes if o.attempt.prospect_id in settled.connected]
    at = {o.attempt.account_id: o.at for o in outcomes}
    envelopes += [_lost(row, at[row["id"]]) for row in settled.lost]
    envelopes += [_finding(o, o.finding, {"detail": o.detail, "error_type": o.error_type}) for o in outcomes if o.finding]
    envelopes += [
        _finding(o, "duplicate_effect", {"settled_as": state.value, "provider_ref": o.provider_ref}, severity="critical")
        for o, state in settled.late
        if o.state is AttemptState.ACCEPTED and state in {AttemptState.NOT_HAPPENED, AttemptState.RELEASED}
    ]
    return envelopes


def _only_resolved(outcome: Outcome) -> bool:
    """A look-up that went well ends nothing and defers nothing."""
    return outcome.attempt.action is Action.PROFILE_LOOKUP and outcome.send is SendStatus.PENDING and outcome.next_action is not None


def _completed(o: Outcome) -> Envelope:
    event = SendCompleted(
        send_id=o.attempt.send_id,
        prospect_id=o.attempt.prospect_id,
        campaign_id=o.attempt.campaign_id,
        workspace_id=o.attempt.workspace_id,
        account_id=o.attempt.account_id,
        message_type=o.attempt.message_type,
        outcome=_COMPLETED[o.send],
        reason=o.reason,
        detail=o.detail,
        retries=o.attempt.retries,
        for_good=o.send is SendStatus.FAILED,
        provider_ref=o.provider_ref,
        at=o.at,
    )
    return enclose(SENDS_COMPLETED, event, source="sender", key=o.attempt.account_id, at=o.at)


def _connected(o: Outcome) -> Envelope:
    event = ConnectionAccepted(
        prospect_id=o.attempt.prospect_id,
        campaign_id=o.attempt.campaign_id,
        workspace_id=o.attempt.workspace_id,
        account_id=o.attempt.account_id,
        lead_id=o.attempt.lead_id,
        accepted_at=o.at,
        seen_by="lookup",
    )
    return enclose(CONNECTIONS_ACCEPTED, event, source="sender", key=o.attempt.account_id, at=o.at)


def _lost(row: dict[str, object], at: datetime) -> Envelope:
    account_id = UUID(str(row["id"]))
    event = AccountStatusChanged.model_validate(
        {
            "account_id": account_id,
            "workspace_id": row["workspace_id"],
            "status": AccountStatus.DISCONNECTED,
            "reason": row["status_reason"],
            "version": row["status_version"],
        }
    )
    return enclose(ACCOUNTS_STATUS, event, source="sender", key=account_id, at=at)


def _finding(o: Outcome, kind: str, evidence: dict[str, object], *, severity: str = "warning") -> Envelope:
    event = IntegrityEvent(
        workspace_id=o.attempt.workspace_id,
        kind=kind,
        severity=severity,
        table_name="send_attempts",
        row_id=str(o.attempt.id),
        evidence={"send_id": str(o.attempt.send_id), **evidence},
    )
    return enclose(INTEGRITY_EVENTS, event, source="sender", key=o.attempt.workspace_id, at=o.at)
