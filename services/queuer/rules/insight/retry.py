"""Whether a person's retry of a failed send can have any effect. The policy decides, so that no send is reopened in vain."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.queuer.rules.insight.failure_reasons import WAITING
from shared.policy import Reason, Stop, after_stop, decide
from shared.policy.rows import PolicyFacts, case_of
from shared.vocabulary import Action, ProspectStatus


@dataclass(frozen=True, slots=True)
class FailedSendState:
    """A failed send under lock. `live`: an attempt of it took place or may have; `busy_in`: another campaign contacts the lead."""

    now: datetime
    prospect_id: UUID
    campaign_id: UUID
    workspace_id: UUID
    account_id: UUID
    lead_id: UUID
    action: Action
    error_message: str | None
    completed_by_itself: bool
    first_name: str
    last_name: str
    live: bool
    busy_in: str | None


def retry_refusal(send: FailedSendState, facts: PolicyFacts) -> str | None:
    """Why a retry would lead to nothing, as a sentence with the next step; None when the send may be reopened.

    Only what ends a send is asked here: the sender waits for what merely delays it.
    """
    person = f"{send.first_name} {send.last_name}".strip() or "This person"
    if send.live:
        return "An attempt of this send has left or may have left; nothing may be sent twice. Look at its evidence."
    if send.busy_in is not None:
        return f"{person} is on the way in the campaign '{send.busy_in}'; drop this send, or end that one first."
    end = _end_of_retry(send, facts)
    return f"{WAITING[end]} Nothing more of this enrolment can leave; drop this send." if end is not None else None


def status_after_retry(facts: PolicyFacts) -> ProspectStatus:
    """The prospect's status once the send is pending again."""
    uncontacted = facts.prospect_status is ProspectStatus.FAILED and facts.contacted_at is None
    return ProspectStatus.PENDING if uncontacted else facts.prospect_status


def _end_of_retry(send: FailedSendState, facts: PolicyFacts) -> Reason | None:
    """What would end the send again; not what the sequence continues after, as it does for a person who turns out to be connected."""
    status = status_after_retry(facts)
    case = case_of(replace(facts, next_action=send.action, scheduled_for=send.now, prospect_status=status), None)
    decision = decide(case, now=send.now, call_time=timedelta()).decision
    if not isinstance(decision, Stop):
        return None
    move = after_stop(decision.reason, send.action, status, contacted=facts.contacted_at is not None)
    return None if move is not None and move.status is ProspectStatus.CONNECTED else decision.reason
