"""The text of a step for one lead, or the refusal."""

import hashlib
from datetime import timedelta

import pytest

from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import NOT_RENDERED, WITHOUT_NOTE, MessageText, NoMessageText, render_step
from shared.vocabulary import Action, MissingValue

ZOE = {"first_name": "Zoë", "last_name": None, "company": None, "title": None, "location": None}


def a_step(template: str, action: Action = Action.MESSAGE) -> WorkflowStep:
    return WorkflowStep(1, "step", action, timedelta(), False, template)


def test_the_hash_is_that_of_the_text_byte_for_byte() -> None:
    text = render_step(a_step("Hello {firstName}"), ZOE, MissingValue.BLOCK, note_limit=200)
    assert text == MessageText("Hello Zoë", hashlib.sha256("Hello Zoë".encode()).digest())


def test_an_invitation_without_a_template_leaves_without_a_note() -> None:
    assert render_step(a_step(" \n", Action.INVITATION), ZOE, MissingValue.BLOCK, note_limit=200) == WITHOUT_NOTE


@pytest.mark.parametrize(("on_missing", "skip"), [(MissingValue.BLOCK, False), (MissingValue.SKIP, True)])
def test_a_missing_value_refuses_or_leaves_out_as_the_campaign_says(on_missing: MissingValue, skip: bool) -> None:
    refused = render_step(a_step("At {company}"), ZOE, on_missing, note_limit=200)
    assert isinstance(refused, NoMessageText)
    assert (refused.skip, refused.text, refused.sha256) == (skip, "", NOT_RENDERED)


def test_a_missing_value_stays_blank_where_the_campaign_says_so() -> None:
    assert isinstance(render_step(a_step("At {company}"), ZOE, MissingValue.BLANK, note_limit=200), MessageText)


def test_only_an_invitations_note_has_a_limit() -> None:
    refused = render_step(a_step("x" * 201, Action.INVITATION), ZOE, MissingValue.BLOCK, note_limit=200)
    assert isinstance(refused, NoMessageText)
    assert (refused.skip, refused.text) == (False, "x" * 201)
    assert isinstance(render_step(a_step("x" * 201), ZOE, MissingValue.BLOCK, note_limit=200), MessageText)


def test_no_text_has_the_hash_of_a_refused_one() -> None:
    assert WITHOUT_NOTE.sha256 != NOT_RENDERED
