"""Every reason the code can write has its words: collected from the code itself, so that a new one cannot be forgotten."""

import ast
from pathlib import Path

import pytest

from services.queuer.rules.insight.failure_reasons import NO_WORDS, WAITING, Standstill, cause_of, why
from services.queuer.rules.planning.next_send import NOT_ON_LINKEDIN
from shared.policy import Reason
from shared.unipile.errors import TABLE
from shared.unipile.findings import Remedy

ROOT = Path(__file__).resolve().parents[4]
NEVER_FAILS = {"not_started", "already_connected", "invited_by_hand"}
"""Reasons of sends that are pending again or skipped."""


def reasons_of_the_sender() -> set[str]:
    """Every literal `reason="..."` in the rules that decide what an answer means."""
    files = (ROOT / "services/sender/rules/outcome").glob("*.py")
    return {
        keyword.value.value
        for file in files
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }


@pytest.mark.parametrize("code", sorted(reasons_of_the_sender() - NEVER_FAILS))
def test_what_the_sender_gives_as_a_reason_has_a_row(code: str) -> None:
    cause = cause_of(code)
    assert cause.code == code
    assert "does not know" not in cause.meaning


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_type_of_the_provider_has_its_meaning_and_something_to_do(code: str) -> None:
    cause = cause_of(code)
    assert (cause.code, cause.meaning) == (code, TABLE[code].finding.meaning)
    assert cause.to_do.endswith(".")


@pytest.mark.parametrize("remedy", Remedy)
def test_an_answer_without_a_type_is_told_by_its_remedy(remedy: Remedy) -> None:
    cause = cause_of(remedy.value)
    assert cause.meaning.endswith(".")
    assert cause.to_do.endswith(".")
    assert "a type this version" not in cause.meaning


def test_planning_speaks_for_itself() -> None:
    cause = cause_of(NOT_ON_LINKEDIN)
    assert (cause.code, cause.meaning) == (NO_WORDS, NOT_ON_LINKEDIN)


def test_a_new_type_of_the_provider_and_no_reason_at_all_are_said_to_be_so() -> None:
    assert "a type this version does not know" in cause_of("brand_new_type").meaning
    assert cause_of(None).code == "unknown"


def test_every_reason_to_wait_has_a_sentence() -> None:
    assert set(WAITING) == set(Reason) | set(Standstill)
    assert all(sentence.endswith(".") for sentence in WAITING.values())
    assert why("something_new") == "Something new."


def test_a_person_who_may_be_somebody_else_is_looked_up_again() -> None:
    again = {"another_person", "invalid_recipient", "resource_not_found"}
    assert {code for code in (*again, "blocked_recipient") if cause_of(code).look_up} == again
