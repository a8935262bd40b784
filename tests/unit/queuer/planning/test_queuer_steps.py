"""What comes next for a prospect, from its rows alone."""

from datetime import UTC, datetime, timedelta

from services.queuer.rules.planning.next_step import NothingToPlan, SequenceFinished, StepDue, StepProgress, WorkflowStep, next_step
from shared.vocabulary import Action, ProspectStatus, SendStatus

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
INVITE = WorkflowStep(1, "connection_request", Action.INVITATION, timedelta(), False, "Hi")
FIRST = WorkflowStep(2, "follow_up_1", Action.MESSAGE, 3 * DAY, True, "One")
SECOND = WorkflowStep(3, "follow_up_2", Action.MESSAGE, 4 * DAY, True, "Two")
STEPS = [INVITE, FIRST, SECOND]
SENT = StepProgress(SendStatus.SENT, NOW - 2 * DAY, True)


def test_a_new_prospect_gets_the_first_step_now() -> None:
    assert next_step(ProspectStatus.PENDING, None, STEPS, {}, now=NOW) == StepDue(INVITE, NOW, first=True)


def test_nothing_follows_an_invitation_before_it_is_accepted() -> None:
    found = next_step(ProspectStatus.CONNECTION_REQUEST_SENT, None, STEPS, {"connection_request": SENT}, now=NOW)
    assert isinstance(found, NothingToPlan)


def test_the_first_follow_up_counts_from_the_acceptance() -> None:
    accepted = NOW - DAY
    found = next_step(ProspectStatus.CONNECTED, accepted, STEPS, {"connection_request": SENT}, now=NOW)
    assert found == StepDue(FIRST, accepted + 3 * DAY, first=False)


def test_the_next_one_counts_from_the_one_before() -> None:
    sent = {"connection_request": SENT, "follow_up_1": StepProgress(SendStatus.SENT, NOW - DAY, True)}
    found = next_step(ProspectStatus.MESSAGING, NOW - 6 * DAY, STEPS, sent, now=NOW)
    assert found == StepDue(SECOND, NOW + 3 * DAY, first=False)


def test_a_step_that_is_long_overdue_is_due_now() -> None:
    found = next_step(ProspectStatus.CONNECTED, NOW - 30 * DAY, STEPS, {"connection_request": SENT}, now=NOW)
    assert found == StepDue(FIRST, NOW, first=False)


def test_a_step_left_out_while_planning_still_takes_its_time() -> None:
    left_out = {"connection_request": SENT, "follow_up_1": StepProgress(SendStatus.SKIPPED)}
    found = next_step(ProspectStatus.CONNECTED, NOW, STEPS, left_out, now=NOW)
    assert found == StepDue(SECOND, NOW + 7 * DAY, first=False)


def test_a_step_the_sender_refused_ends_the_sequence() -> None:
    for status in (SendStatus.SKIPPED, SendStatus.FAILED, SendStatus.CANCELLED):
        sends = {"connection_request": SENT, "follow_up_1": StepProgress(status, None, True)}
        assert isinstance(next_step(ProspectStatus.CONNECTED, NOW, STEPS, sends, now=NOW), NothingToPlan)


def test_somebody_who_is_connected_already_needs_no_invitation() -> None:
    for sends in ({}, {"connection_request": StepProgress(SendStatus.SKIPPED, None, True)}):
        found = next_step(ProspectStatus.CONNECTED, NOW, STEPS, sends, now=NOW)
        assert found == StepDue(FIRST, NOW + 3 * DAY, first=False)


def test_an_invitation_still_on_its_way_is_waited_for() -> None:
    found = next_step(ProspectStatus.CONNECTED, NOW, STEPS, {"connection_request": StepProgress(SendStatus.PENDING)}, now=NOW)
    assert isinstance(found, NothingToPlan)


def test_the_last_step_sent_is_the_end() -> None:
    sends = {"connection_request": SENT, "follow_up_1": SENT, "follow_up_2": SENT}
    assert next_step(ProspectStatus.MESSAGING, NOW, STEPS, sends, now=NOW) == SequenceFinished()


def test_who_has_replied_or_left_gets_nothing() -> None:
    for status in (ProspectStatus.REPLIED, ProspectStatus.OPTED_OUT, ProspectStatus.WITHDRAWN, ProspectStatus.COMPLETED):
        assert isinstance(next_step(status, NOW, STEPS, {}, now=NOW), NothingToPlan)
