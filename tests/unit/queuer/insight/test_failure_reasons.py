"""Every reason that can be stored has its sentence and a next step."""

import pytest

from services.queuer.rules.insight.failure_reasons import (
    NO_WORDS,
    OF_THE_SENDER,
    WAITING,
    Standstill,
    describe_reason,
    explain_failure,
)
from services.queuer.rules.planning.next_send import NOT_ON_LINKEDIN
from shared.policy import Reason
from shared.policy.retries import PAUSES, pause_before, span_in_words, tries_in_words
from shared.unipile.errors import TABLE
from shared.unipile.findings import Remedy
from shared.vocabulary import FailureReason


def test_every_reason_of_the_sender_has_a_row_of_its_own() -> None:
    assert set(OF_THE_SENDER) == set(FailureReason)
    assert all(explain_failure(reason.value).code == reason for reason in FailureReason)


@pytest.mark.parametrize("remedy", [Remedy.RETRY_LATER, Remedy.LOOK_UP])
def test_the_sentences_about_retries_follow_the_pauses(remedy: Remedy) -> None:
    assert pause_before(len(PAUSES)) is None
    said = explain_failure(remedy.value)
    assert tries_in_words() in said.meaning
    assert f"{tries_in_words()} over {span_in_words()}" in said.to_do
    assert (tries_in_words(), span_in_words()) == ("four times", "an hour")


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_type_of_the_provider_has_its_meaning_and_something_to_do(code: str) -> None:
    cause = explain_failure(code)
    assert (cause.code, cause.meaning) == (code, TABLE[code].finding.meaning)
    assert cause.to_do.endswith(".")


@pytest.mark.parametrize("remedy", Remedy)
def test_an_answer_without_a_type_is_told_by_its_remedy(remedy: Remedy) -> None:
    cause = explain_failure(remedy.value)
    assert cause.meaning.endswith(".")
    assert cause.to_do.endswith(".")
    assert "a type this version" not in cause.meaning


def test_planning_speaks_for_itself() -> None:
    cause = explain_failure(NOT_ON_LINKEDIN)
    assert (cause.code, cause.meaning) == (NO_WORDS, NOT_ON_LINKEDIN)


def test_a_new_type_of_the_provider_and_no_reason_at_all_are_said_to_be_so() -> None:
    assert "a type this version does not know" in explain_failure("brand_new_type").meaning
    assert explain_failure(None).code == "unknown"


def test_every_reason_to_wait_has_a_sentence() -> None:
    assert set(WAITING) == set(Reason) | set(Standstill)
    assert all(sentence.endswith(".") for sentence in WAITING.values())
    assert describe_reason("something_new") == "Something new."


def test_a_person_who_may_be_somebody_else_is_looked_up_again() -> None:
    again = {"another_person", "invalid_recipient", "resource_not_found"}
    assert {code for code in (*again, "blocked_recipient") if explain_failure(code).look_up} == again
