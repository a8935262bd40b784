"""Which answers are tried again, after how long, and which end a send: every row of the table of errors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.sender.rules.outcome.attempt_outcome import AttemptOutcome
from services.sender.rules.outcome.linkedin import call_failed
from shared.policy.retries import PAUSES
from shared.unipile.errors import TABLE, ErrorRow, ProviderRefused, ProviderSilent, classify
from shared.unipile.findings import Blame, Finding, Remedy
from shared.vocabulary import Action, AttemptState, SendStatus
from tests.unit.sender.attempts import MEMBER, an_attempt

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
NEVER_LOOKED_UP = replace(MEMBER, looked_up=False)


def answered(type_: str, **attempt: Any) -> tuple[Finding, AttemptOutcome]:
    status = TABLE[type_].statuses[0]
    finding = classify(status, f"errors/{type_}", write=True)
    error = ProviderRefused(
        "send an invitation", status=status, type_=f"errors/{type_}", title=None, detail=None, finding=finding, retry_after=None
    )
    return finding, call_failed(an_attempt(**attempt), AT, error)


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.finding.blame is Blame.RECIPIENT])
def test_a_refusal_by_the_recipient_is_never_retried_at_once_or_after_a_pause(type_: str) -> None:
    finding, outcome = answered(type_)
    if finding.remedy is Remedy.WAIT_24H:  # the provider names the time itself
        assert outcome.due == AT + timedelta(hours=24)
        assert answered(type_, retries=len(PAUSES))[1].send is SendStatus.FAILED
    elif finding.remedy is Remedy.WAIT_FOR_CONNECTION:
        assert outcome.held_for == "connection"
    else:
        assert outcome.send in {SendStatus.FAILED, SendStatus.SKIPPED}
    assert outcome.give_back


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.finding.remedy is Remedy.RE_RESOLVE])
def test_an_id_that_was_never_looked_up_is_looked_up_once_and_no_more(type_: str) -> None:
    _, outcome = answered(type_, recipient=NEVER_LOOKED_UP)
    assert (outcome.send, outcome.next_action) == (SendStatus.PENDING, Action.PROFILE_LOOKUP)
    assert answered(type_, recipient=MEMBER)[1].send is SendStatus.FAILED
    assert answered(type_, recipient=NEVER_LOOKED_UP, action=Action.PROFILE_LOOKUP)[1].send is SendStatus.FAILED


def _transient(row: ErrorRow) -> bool:
    return row.finding.blame is Blame.TRANSIENT and row.on_write is None


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if _transient(row)])
def test_what_is_transient_is_tried_again_three_times_and_then_has_failed_for_good(type_: str) -> None:
    outcomes = [answered(type_, retries=retries)[1] for retries in range(4)]
    assert [(each.due or AT) - AT for each in outcomes[:3]] == [timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)]
    assert all(each.retried and each.send is SendStatus.PENDING for each in outcomes[:3])
    last = outcomes[3]
    assert (last.send, last.finding, last.reason) == (SendStatus.FAILED, "retries_exhausted", type_)


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.on_write is not None])
def test_a_write_that_may_have_happened_is_looked_up_and_not_retried(type_: str) -> None:
    _, outcome = answered(type_)
    assert (outcome.state, outcome.send, outcome.retried, outcome.give_back) == (AttemptState.UNKNOWN, SendStatus.SENDING, False, False)


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.on_write is not None])
def test_a_look_up_that_failed_so_is_tried_again_because_reading_twice_is_harmless(type_: str) -> None:
    _, outcome = answered(type_, action=Action.PROFILE_LOOKUP)
    assert (outcome.send, outcome.due) == (SendStatus.PENDING, AT + timedelta(minutes=5))


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.finding.remedy is Remedy.COOL_DOWN])
def test_a_limit_signal_rests_the_action_keeps_its_budget_spent_and_retries_nothing(type_: str) -> None:
    _, outcome = answered(type_)
    assert outcome.rest is not None
    assert outcome.rest.until >= AT + timedelta(hours=6)
    assert (outcome.send, outcome.give_back, outcome.retried) == (SendStatus.PENDING, False, False)


@pytest.mark.parametrize("type_", ["cannot_resend_yet", "limit_exceeded", "too_many_requests"])
def test_invitations_rest_six_hours_doubling_to_seventy_two_whatever_the_signal(type_: str) -> None:
    rests = []
    for level in range(6):
        rest = answered(type_, cool_down_level=level)[1].rest
        assert rest is not None
        assert rest.level == level + 1
        rests.append((rest.until - AT) / timedelta(hours=1))
    assert rests == [6, 12, 24, 48, 72, 72]


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.finding.remedy is Remedy.PAUSE_ACCOUNT])
def test_a_lost_session_puts_the_send_back_and_blames_no_prospect(type_: str) -> None:
    _, outcome = answered(type_)
    assert (outcome.lost_account, outcome.send, outcome.prospect) == (type_, SendStatus.PENDING, "none")


@pytest.mark.parametrize("type_", [name for name, row in TABLE.items() if row.finding.remedy is Remedy.REPORT_REQUEST])
def test_a_wrong_request_of_ours_ends_the_send_and_raises_a_finding(type_: str) -> None:
    _, outcome = answered(type_)
    assert (outcome.send, outcome.finding, outcome.retried) == (SendStatus.FAILED, "request_refused", False)


def test_a_call_that_never_left_is_tried_again_and_one_that_may_have_arrived_is_looked_up() -> None:
    never = call_failed(an_attempt(), AT, ProviderSilent("send an invitation", started=False, write=True, cause="refused"))
    assert (never.send, never.due, never.called) == (SendStatus.PENDING, AT + timedelta(minutes=5), False)
    perhaps = call_failed(an_attempt(), AT, ProviderSilent("send an invitation", started=True, write=True, cause="time-out"))
    assert perhaps.state is AttemptState.UNKNOWN
