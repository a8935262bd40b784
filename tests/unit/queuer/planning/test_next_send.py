"""Which send a prospect gets next, and when planning gives the sequence up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.queuer.rules.planning.next_send import NO_ADDRESS, SendDraft, draft_send, give_up
from services.queuer.rules.planning.next_step import StepProgress
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.vocabulary import Action, Channel, MissingValue, ProspectStatus, SendStatus
from shared.vocabulary.identity import send_id
from tests.unit.queuer.planning.plan_cases import FOLLOW_UP, INVITE, NOW, a_connected_prospect, a_prospect, an_account

SENT = {"connection_request": StepProgress(SendStatus.SENT, sent_at=NOW - timedelta(days=1), dispatched=True)}


def test_the_id_of_a_send_follows_from_prospect_and_step() -> None:
    prospect = a_prospect()
    found = draft_send(prospect, an_account(), [INVITE], {}, now=NOW)
    assert found.wanted is not None
    assert found.wanted.id == send_id(prospect.id, "connection_request")


def test_nothing_is_drafted_while_a_step_is_on_its_way() -> None:
    found = draft_send(a_prospect(), an_account(), [INVITE], {"connection_request": StepProgress(SendStatus.SENDING)}, now=NOW)
    assert found == SendDraft()


@pytest.mark.parametrize(("channels", "action"), [(["email"], Action.MESSAGE), (["linkedin"], Action.EMAIL)])
def test_a_lead_without_an_address_of_the_channel_fails_with_the_channels_reason(channels: list[str], action: Action) -> None:
    step = replace(INVITE, action=action)
    found = draft_send(a_prospect(channels=channels), an_account(), [step], {}, now=NOW)
    channel = Channel.EMAIL if action is Action.EMAIL else Channel.LINKEDIN
    assert [(send.status, send.reason) for send in found.ended] == [(SendStatus.FAILED, NO_ADDRESS[channel])]
    assert found.ending is not None
    assert found.ending.outcome == "blocked"


def test_a_first_step_that_is_left_out_ends_the_sequence() -> None:
    step = replace(INVITE, template="Hello {company}")
    found = draft_send(a_prospect(on_missing=MissingValue.SKIP), an_account(), [step, FOLLOW_UP], {}, now=NOW)
    assert [(send.status, send.sha256) for send in found.ended] == [(SendStatus.SKIPPED, NOT_RENDERED)]
    assert found.ending is not None
    assert (found.ending.status, found.ending.outcome) == (ProspectStatus.FAILED, "skipped")


def test_follow_ups_that_are_all_left_out_finish_the_sequence() -> None:
    gap = replace(FOLLOW_UP, template="{company}")
    found = draft_send(a_connected_prospect(on_missing=MissingValue.SKIP), an_account(), [INVITE, gap], SENT, now=NOW)
    assert [send.status for send in found.ended] == [SendStatus.SKIPPED]
    assert found.ending is not None
    assert (found.ending.status, found.ending.outcome) == (ProspectStatus.COMPLETED, "finished")


def test_a_blocked_follow_up_completes_a_prospect_that_was_contacted() -> None:
    gap = replace(FOLLOW_UP, template="{company}")
    found = draft_send(a_connected_prospect(), an_account(), [INVITE, gap], SENT, now=NOW)
    assert [send.status for send in found.ended] == [SendStatus.FAILED]
    assert found.ending is not None
    assert (found.ending.status, found.ending.outcome) == (ProspectStatus.COMPLETED, "blocked")


def test_failed_means_never_contacted() -> None:
    assert give_up(a_prospect(), "blocked", "why").status is ProspectStatus.FAILED
    assert give_up(a_connected_prospect(), "blocked", "why").status is ProspectStatus.COMPLETED
