"""Every answer has its words: for a column and for a sentence."""

import pytest

from services.queuer.rules.insight.explanation import STATES, NextStepState
from shared.policy import Condition, Reason
from shared.policy.words import CONDITIONS, REASONS

WIDEST = 14
"""What is left for the reason in the demo's table at 80 columns."""


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    words = REASONS[reason]
    assert 0 < len(words.short) <= WIDEST
    assert words.sentence.endswith(".")


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_words(condition: Condition) -> None:
    assert CONDITIONS[condition].startswith("until ")


@pytest.mark.parametrize("state", NextStepState)
def test_every_state_of_a_step_has_words(state: NextStepState) -> None:
    assert 0 < len(STATES[state].short) <= WIDEST
    assert STATES[state].sentence.endswith(".")


def test_no_two_tables_speak_of_one_reason() -> None:
    assert not set(STATES) & {reason.value for reason in Reason}
