"""What follows from written outcomes: how long the account rests, and the events of the batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.sender.rules.outcome.attempt_outcome import AttemptOutcome
from shared.contracts.accounts_status import AccountStatusChanged
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.policy import SPACING, jitter
from shared.vocabulary import AccountStatus, ActionRole, AttemptState, SendStatus

_SEND_OUTCOME_OF: Final = {
    SendStatus.SENT: SendOutcome.SENT,
    SendStatus.FAILED: SendOutcome.FAILED,
    SendStatus.SKIPPED: SendOutcome.SKIPPED,
    SendStatus.PENDING: SendOutcome.DEFERRED,
}


@dataclass(frozen=True, slots=True)
class LostAccount:
    """An account that an answer made disconnected."""

    id: UUID
    workspace_id: UUID
    status_version: int
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class WrittenOutcomes:
    """What the rows said when a batch of outcomes was written."""

    connected: frozenset[UUID]
    """Prospects that became connected."""
    lost: Sequence[LostAccount]
    late: Sequence[tuple[AttemptOutcome, AttemptState]]
    """Outcomes whose attempt was settled before, each with the state that it had been settled as."""


def spacing_after(outcome: AttemptOutcome) -> timedelta | None:
    """How long the account rests from the answer on (business time), with the attempt's own jitter; None: the provider was not called."""
    return SPACING + jitter(outcome.attempt.id) if outcome.called else None


def events_of_outcomes(outcomes: Sequence[AttemptOutcome], written: WrittenOutcomes) -> list[Envelope]:
    """What became of sends, prospects found connected, accounts lost, and rules broken."""
    events = [_send_completed(o) for o in outcomes if o.send in _SEND_OUTCOME_OF and not _only_resolved(o)]
    events += [_connection_accepted(o) for o in outcomes if o.attempt.prospect_id in written.connected]
    at = {o.attempt.account_id: o.at for o in outcomes}
    events += [_account_lost(account, at[account.id]) for account in written.lost]
    events += [_finding(o, o.finding, {"detail": o.detail, "error_type": o.error_type}) for o in outcomes if o.finding]
    events += [
        _finding(o, "duplicate_effect", {"settled_as": state.value, "provider_ref": o.provider_ref}, severity="critical")
        for o, state in written.late
        if o.state is AttemptState.ACCEPTED and state in {AttemptState.NOT_HAPPENED, AttemptState.RELEASED}
    ]
    return events


def _only_resolved(outcome: AttemptOutcome) -> bool:
    """A look-up that went well ends nothing and defers nothing."""
    return outcome.attempt.action.role is ActionRole.RESOLVE and outcome.send is SendStatus.PENDING and outcome.next_action is not None


def _send_completed(o: AttemptOutcome) -> Envelope:
    event = SendCompleted(
        send_id=o.attempt.send_id,
        prospect_id=o.attempt.prospect_id,
        campaign_id=o.attempt.campaign_id,
        workspace_id=o.attempt.workspace_id,
        account_id=o.attempt.account_id,
        message_type=o.attempt.message_type,
        outcome=_SEND_OUTCOME_OF[o.send],
        reason=o.reason,
        detail=o.detail,
        retries=o.attempt.retries,
        for_good=o.send is SendStatus.FAILED,
        provider_ref=o.provider_ref,
        at=o.at,
    )
    return enclose(SENDS_COMPLETED, event, source="sender", key=o.attempt.account_id, at=o.at)


def _connection_accepted(o: AttemptOutcome) -> Envelope:
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


def _account_lost(account: LostAccount, at: datetime) -> Envelope:
    event = AccountStatusChanged(
        account_id=account.id,
        workspace_id=account.workspace_id,
        status=AccountStatus.DISCONNECTED,
        reason=account.status_reason,
        version=account.status_version,
    )
    return enclose(ACCOUNTS_STATUS, event, source="sender", key=account.id, at=at)


def _finding(o: AttemptOutcome, kind: str, evidence: dict[str, object], *, severity: str = "warning") -> Envelope:
    event = IntegrityEvent(
        workspace_id=o.attempt.workspace_id,
        kind=kind,
        severity=severity,
        table_name="send_attempts",
        row_id=str(o.attempt.id),
        evidence={"send_id": str(o.attempt.send_id), **evidence},
    )
    return enclose(INTEGRITY_EVENTS, event, source="sender", key=o.attempt.workspace_id, at=o.at)
