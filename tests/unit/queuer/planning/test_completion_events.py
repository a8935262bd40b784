"""The event of a send that planning itself ends: it never leaves for the sender, so no other service reports it."""

from dataclasses import replace

import pytest

from services.queuer.rules.planning.completion_events import ended_in_planning
from services.queuer.rules.planning.next_send import NewSend, draft_send
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import SENDS_COMPLETED
from shared.vocabulary import SendStatus
from tests.unit.queuer.planning.plan_cases import INVITE, NOW, a_prospect, an_account


def a_send(status: SendStatus, reason: str | None = None) -> NewSend:
    wanted = draft_send(a_prospect(), an_account(), [INVITE], {}, now=NOW).wanted
    assert wanted is not None
    return replace(wanted, status=status, reason=reason)


def test_a_send_that_waits_has_no_event() -> None:
    assert ended_in_planning(a_send(SendStatus.PENDING), now=NOW) is None


@pytest.mark.parametrize(
    ("status", "outcome", "for_good"), [(SendStatus.FAILED, SendOutcome.FAILED, True), (SendStatus.SKIPPED, SendOutcome.SKIPPED, False)]
)
def test_a_send_that_ended_is_completed_with_its_reason(status: SendStatus, outcome: SendOutcome, for_good: bool) -> None:
    send = a_send(status, "no company")
    envelope = ended_in_planning(send, now=NOW)
    assert envelope is not None
    assert (envelope.topic, envelope.key) == (SENDS_COMPLETED.name, str(send.account_id))
    event = SendCompleted.model_validate_json(envelope.payload)
    assert (event.send_id, event.prospect_id, event.message_type) == (send.id, send.prospect.id, "connection_request")
    assert (event.outcome, event.reason, event.for_good, event.at) == (outcome, "no company", for_good, NOW)
