"""The account's rest after an answer, and the events of a written batch."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.sender.rules.answer_events import LostAccount, WrittenOutcomes, events_of_outcomes, spacing_after
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome
from shared.contracts.envelope import Envelope
from shared.contracts.topics import ACCOUNTS_STATUS, CONNECTIONS_ACCEPTED, INTEGRITY_EVENTS, SENDS_COMPLETED
from shared.policy import SPACING
from shared.vocabulary import Action, AttemptState, SendStatus
from tests.unit.sender.attempts import ID, an_attempt

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
NOTHING_WRITTEN = WrittenOutcomes(connected=frozenset(), lost=(), late=())


def an_outcome(**changed: Any) -> AttemptOutcome:
    facts: dict[str, Any] = {"attempt": an_attempt(), "at": AT, "state": AttemptState.ACCEPTED, "send": SendStatus.SENT, "called": True}
    return AttemptOutcome(**(facts | changed))


def bodies(events: list[Envelope]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.topic, json.loads(event.payload)) for event in events]


def test_an_account_rests_for_the_spacing_and_the_attempts_own_jitter_after_a_call() -> None:
    rest = spacing_after(an_outcome())
    assert rest is not None
    assert SPACING <= rest <= 2 * SPACING
    assert rest == spacing_after(an_outcome()), "the jitter belongs to the attempt, so a repetition computes the same"


def test_an_account_does_not_rest_when_the_provider_was_not_called() -> None:
    assert spacing_after(an_outcome(called=False)) is None


@pytest.mark.parametrize(
    ("send", "outcome"),
    [(SendStatus.SENT, "sent"), (SendStatus.FAILED, "failed"), (SendStatus.SKIPPED, "skipped"), (SendStatus.PENDING, "deferred")],
)
def test_the_end_or_delay_of_a_send_is_one_event(send: SendStatus, outcome: str) -> None:
    ((topic, body),) = bodies(events_of_outcomes([an_outcome(send=send)], NOTHING_WRITTEN))
    assert (topic, body["outcome"], body["for_good"]) == (SENDS_COMPLETED.name, outcome, send is SendStatus.FAILED)


def test_an_unknown_send_and_a_look_up_that_succeeded_are_no_event() -> None:
    unknown = an_outcome(state=AttemptState.UNKNOWN, send=SendStatus.SENDING)
    resolved = an_outcome(attempt=an_attempt(action=Action.PROFILE_LOOKUP), send=SendStatus.PENDING, next_action=Action.INVITATION)
    assert events_of_outcomes([unknown, resolved], NOTHING_WRITTEN) == []


def test_a_prospect_found_connected_is_an_acceptance_seen_by_the_look_up() -> None:
    written = WrittenOutcomes(connected=frozenset({ID}), lost=(), late=())
    events = bodies(events_of_outcomes([an_outcome()], written))
    assert [(topic, body.get("seen_by")) for topic, body in events] == [(SENDS_COMPLETED.name, None), (CONNECTIONS_ACCEPTED.name, "lookup")]


def test_a_lost_account_is_published_with_its_version() -> None:
    lost = LostAccount(id=ID, workspace_id=UUID(int=2), status_version=7, status_reason="captcha")
    events = bodies(events_of_outcomes([an_outcome()], WrittenOutcomes(connected=frozenset(), lost=(lost,), late=())))
    assert [(topic, body["version"]) for topic, body in events if topic == ACCOUNTS_STATUS.name] == [(ACCOUNTS_STATUS.name, 7)]


@pytest.mark.parametrize(
    ("settled_as", "late_answer", "found"),
    [
        (AttemptState.NOT_HAPPENED, AttemptState.ACCEPTED, True),
        (AttemptState.RELEASED, AttemptState.ACCEPTED, True),
        (AttemptState.ACCEPTED, AttemptState.ACCEPTED, False),
        (AttemptState.NOT_HAPPENED, AttemptState.REFUSED, False),
    ],
)
def test_a_late_acceptance_of_what_was_settled_as_not_sent_is_a_critical_finding(
    settled_as: AttemptState, late_answer: AttemptState, *, found: bool
) -> None:
    late = an_outcome(state=late_answer)
    events = bodies(events_of_outcomes([], WrittenOutcomes(connected=frozenset(), lost=(), late=[(late, settled_as)])))
    expected = [(INTEGRITY_EVENTS.name, "duplicate_effect", "critical")] if found else []
    assert [(topic, body["kind"], body["severity"]) for topic, body in events] == expected
