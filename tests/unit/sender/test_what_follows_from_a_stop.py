"""A send that is skipped for good: where its prospect goes, and which events say so."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.sender.rules.stops import events_of_stops, move_after_stop
from shared.contracts.envelope import Envelope
from shared.policy import Reason
from shared.vocabulary import Action, ProspectStatus
from tests.unit.sender.due_sends import NOW, PROSPECT, SEND, a_due_send

BEFORE = NOW - timedelta(days=2)


def published(events: list[Envelope]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.topic, orjson.loads(event.payload)) for event in events]


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.OPTED_OUT, ProspectStatus.OPTED_OUT),
        (Reason.ALREADY_CONNECTED, ProspectStatus.CONNECTED),
        (Reason.SUPPRESSED, ProspectStatus.FAILED),
        (Reason.INVITED_BY_HAND, ProspectStatus.FAILED),
    ],
)
def test_a_prospect_without_any_contact_goes_where_the_reason_says(reason: Reason, status: ProspectStatus) -> None:
    move = move_after_stop(a_due_send(), reason.value, NOW)
    assert move is not None
    assert (move.prospect_id, move.was, move.move.status) == (PROSPECT, ProspectStatus.APPROVED, status)


def test_a_stopped_withdrawal_moves_no_prospect() -> None:
    due = a_due_send(action=Action.WITHDRAWAL, prospect_status=ProspectStatus.CONNECTION_REQUEST_SENT, contacted_at=BEFORE)
    assert move_after_stop(due, Reason.SUPPRESSED.value, NOW) is None


def test_the_step_counts_and_not_the_look_up_before_it() -> None:
    due = a_due_send(next_action=Action.PROFILE_LOOKUP)
    assert move_after_stop(due, Reason.SUPPRESSED.value, NOW) is not None


def test_a_connection_keeps_the_moment_at_which_it_was_first_seen() -> None:
    for known, expected in (({"connected_at": BEFORE}, BEFORE), ({"recipient_connected_at": BEFORE}, BEFORE), ({}, NOW)):
        move = move_after_stop(a_due_send(**known), Reason.ALREADY_CONNECTED.value, NOW)
        assert move is not None
        assert move.connected_at == expected


def test_every_stop_is_published_as_a_skipped_send() -> None:
    ((topic, event),) = published(events_of_stops([(a_due_send(), "suppressed")], [PROSPECT], NOW))
    assert (topic, event["send_id"], event["outcome"], event["reason"]) == ("sends.completed", str(SEND), "skipped", "suppressed")


def test_a_prospect_that_became_connected_is_published_as_an_acceptance_and_one_that_changed_meanwhile_is_not() -> None:
    stopped = [(a_due_send(), Reason.ALREADY_CONNECTED.value)]
    assert [topic for topic, _ in published(events_of_stops(stopped, [PROSPECT], NOW))] == ["sends.completed", "connections.accepted"]
    assert [topic for topic, _ in published(events_of_stops(stopped, [], NOW))] == ["sends.completed"]


def test_a_sequence_under_way_that_a_reply_stopped_is_a_finding_for_a_person() -> None:
    due = a_due_send(action=Action.MESSAGE, next_action=Action.MESSAGE, prospect_status=ProspectStatus.MESSAGING, contacted_at=BEFORE)
    _, (topic, event) = published(events_of_stops([(due, Reason.REPLIED.value)], [], NOW))
    assert (topic, event["kind"], event["evidence"]["status"]) == ("integrity.events", "sequence_stopped", "messaging")
