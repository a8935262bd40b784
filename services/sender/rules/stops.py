"""What follows from a send that was stopped for good: where its prospect goes, and which events say so."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.sender.rules.due_send import DueSend
from shared.contracts.connections_accepted import ConnectionAccepted
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import CONNECTIONS_ACCEPTED, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.policy import Move, after_stop, for_a_person
from shared.vocabulary import ProspectStatus


@dataclass(frozen=True, slots=True)
class ProspectMove:
    """A prospect whose send was stopped, the status in which it was read, and where it goes."""

    prospect_id: UUID
    was: ProspectStatus
    move: Move
    reason: str
    connected_at: datetime


def move_after_stop(row: DueSend, reason: str, now: datetime) -> ProspectMove | None:
    """Where the prospect of this row goes; None where it keeps its status."""
    move = after_stop(reason, **_prospect_facts(row))
    if move is None:
        return None
    connected_at = row.connected_at or row.recipient_connected_at or now
    return ProspectMove(row.prospect_id, row.prospect_status, move, reason, connected_at)


def events_of_stops(stopped: Iterable[tuple[DueSend, str]], moved: Collection[UUID], now: datetime) -> list[Envelope]:
    """The events of stopped sends; `moved` are the prospects whose status changed.

    A prospect who turned out to be connected is published as an acceptance, which plans the first message to the prospect; a sequence
    under way that has no end of its own is a finding, because a person must decide how it continues.
    """
    events = []
    for row, reason in stopped:
        events.append(_send_skipped(row, reason, now))
        move = after_stop(reason, **_prospect_facts(row))
        if move is not None and move.status is ProspectStatus.CONNECTED and row.prospect_id in moved:
            events.append(_connection_accepted(row, now))
        if for_a_person(reason, **_prospect_facts(row)):
            events.append(_sequence_stopped(row, reason, now))
    return events


def _prospect_facts(row: DueSend) -> dict[str, Any]:
    # the step itself counts, not the look-up before it
    return {
        "action": row.action,
        "status": row.prospect_status,
        "contacted": row.contacted_at is not None,
    }


def _send_skipped(row: DueSend, reason: str, now: datetime) -> Envelope:
    event = SendCompleted(
        send_id=row.send_id,
        prospect_id=row.prospect_id,
        campaign_id=row.campaign_id,
        workspace_id=row.workspace_id,
        account_id=row.account_id,
        message_type=row.message_type,
        outcome=SendOutcome.SKIPPED,
        reason=reason,
        at=now,
    )
    return enclose(SENDS_COMPLETED, event, source="sender", key=row.account_id, at=now)


def _connection_accepted(row: DueSend, now: datetime) -> Envelope:
    event = ConnectionAccepted(
        prospect_id=row.prospect_id,
        campaign_id=row.campaign_id,
        workspace_id=row.workspace_id,
        account_id=row.account_id,
        lead_id=row.lead_id,
        accepted_at=row.connected_at or row.recipient_connected_at or now,
        seen_by="lookup",
    )
    return enclose(CONNECTIONS_ACCEPTED, event, source="sender", key=row.account_id, at=now)


def _sequence_stopped(row: DueSend, reason: str, now: datetime) -> Envelope:
    event = IntegrityEvent(
        workspace_id=row.workspace_id,
        kind="sequence_stopped",
        severity="warning",
        table_name="campaign_prospects",
        row_id=str(row.prospect_id),
        evidence={"send_id": str(row.send_id), "reason": reason, "status": row.prospect_status.value},
    )
    return enclose(INTEGRITY_EVENTS, event, source="sender", key=row.workspace_id, at=now)
