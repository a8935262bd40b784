"""The events of sends that the queuer ends itself: no other service sees these sends, because they never leave for the sender."""

from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.next_send import NewSend
from shared.contracts.envelope import Envelope, enclose
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import SENDS_COMPLETED
from shared.vocabulary import SendStatus

_ENDED = {SendStatus.FAILED: SendOutcome.FAILED, SendStatus.SKIPPED: SendOutcome.SKIPPED}


def ended_in_planning(send: NewSend, *, now: datetime) -> Envelope | None:
    """The event of a send that planning has failed or left out; None for one that waits."""
    if send.status not in _ENDED:
        return None
    return completed(
        send_id=send.id,
        prospect_id=send.prospect.id,
        campaign_id=send.prospect.campaign_id,
        workspace_id=send.prospect.workspace_id,
        account_id=send.account_id,
        message_type=send.step.message_type,
        status=send.status,
        reason=send.reason,
        now=now,
    )


def completed(
    *,
    send_id: UUID,
    prospect_id: UUID,
    campaign_id: UUID,
    workspace_id: UUID,
    account_id: UUID,
    message_type: str,
    status: SendStatus,
    reason: str | None,
    now: datetime,
) -> Envelope:
    """`sends.completed` of a send that failed or was left out before it was ever dispatched."""
    event = SendCompleted(
        send_id=send_id,
        prospect_id=prospect_id,
        campaign_id=campaign_id,
        workspace_id=workspace_id,
        account_id=account_id,
        message_type=message_type,
        outcome=_ENDED[status],
        reason=reason,
        for_good=status is SendStatus.FAILED,
        at=now,
    )
    return enclose(SENDS_COMPLETED, event, source="queuer", key=account_id, at=now)
