"""What an attempt takes from its due send: the recipient of its channel, and both of its actions."""

from datetime import timedelta

import pytest

from services.sender.rules.attempt import attempt_of
from services.sender.rules.recipients import LinkedInRecipient, MailRecipient, recipient_of
from shared.policy.retries import PAUSES, pause_before
from shared.vocabulary import Action
from tests.unit.sender.due_sends import a_due_send


def test_a_look_up_before_a_step_keeps_both_actions() -> None:
    attempt = attempt_of(a_due_send(next_action=Action.PROFILE_LOOKUP), 7, starts_within=timedelta(seconds=3))
    assert (attempt.id, attempt.action, attempt.send_action) == (7, Action.PROFILE_LOOKUP, Action.INVITATION)


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ({"linkedin_vanity": "ana", "linkedin_id": "ACoA", "sales_navigator_id": "ACwA"}, "ana"),
        ({"linkedin_id": "ACoA", "sales_navigator_id": "ACwA"}, "ACoA"),
        ({"sales_navigator_id": "ACwA"}, "ACwA"),
        ({}, None),
    ],
)
def test_a_look_up_asks_for_the_vanity_before_any_id_of_the_import(known: dict[str, str], asked: str | None) -> None:
    recipient = recipient_of(a_due_send(**known))
    assert isinstance(recipient, LinkedInRecipient)
    assert recipient.lookup_key == asked


def test_a_recipient_is_looked_up_when_this_account_resolved_the_member() -> None:
    imported, resolved = recipient_of(a_due_send(provider_id=None)), recipient_of(a_due_send())
    assert isinstance(imported, LinkedInRecipient)
    assert isinstance(resolved, LinkedInRecipient)
    assert (imported.looked_up, resolved.looked_up) == (False, True)


def test_an_e_mail_is_addressed_to_the_leads_mailbox() -> None:
    assert recipient_of(a_due_send(next_action=Action.EMAIL, email="ana@example.com")) == MailRecipient(address="ana@example.com")


def test_a_send_is_retried_as_often_as_there_are_pauses_and_each_is_longer() -> None:
    assert [pause_before(retry) for retry in range(len(PAUSES) + 1)] == [*PAUSES, None]
    assert list(PAUSES) == sorted(PAUSES)
