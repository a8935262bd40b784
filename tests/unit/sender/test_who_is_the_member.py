"""A profile is the member that was asked for only where a sign of theirs agrees; a stranger's profile never is."""

from dataclasses import replace

import pytest

from services.sender.rules.identity_check import is_same_member
from services.sender.rules.recipients import LinkedInRecipient
from shared.unipile.models import Profile

ANA = LinkedInRecipient(
    provider_id=None,
    looked_up=False,
    lookup_key="ana-nunez",
    vanity="ana-nunez",
    first_name="Ana",
    last_name="Núñez",
    invitation_ref=None,
)
STRANGER = Profile(provider_id="ACoAAstranger", public_identifier="john-smith", first_name="John", last_name="Smith")


@pytest.mark.parametrize(
    "shown",
    [
        {"public_identifier": "ana-nunez"},
        {"public_identifier": " Ana-Nunez "},
        {"first_name": "ANA", "last_name": "núñez"},
        {"first_name": "Ana", "last_name": "Nu\u0301n\u0303ez".replace("u\u0301", "\u00fa")},
    ],
    ids=["vanity", "vanity in another case", "names in another case", "names with composed and decomposed accents"],
)
def test_one_agreeing_sign_identifies_the_member(shown: dict[str, str]) -> None:
    assert is_same_member(ANA, STRANGER.model_copy(update=shown))


@pytest.mark.parametrize(
    "shown",
    [{}, {"first_name": "Ana"}, {"last_name": "Núñez"}, {"public_identifier": None, "first_name": None, "last_name": None}],
    ids=["nothing agrees", "first name alone", "last name alone", "nothing is shown"],
)
def test_a_stranger_or_half_a_name_is_another_member(shown: dict[str, str | None]) -> None:
    assert not is_same_member(ANA, STRANGER.model_copy(update=shown))


def test_a_member_asked_for_by_id_is_identified_by_that_id() -> None:
    by_id = replace(ANA, vanity=None, lookup_key="ACoAAana")
    assert is_same_member(by_id, STRANGER.model_copy(update={"provider_id": "ACoAAana"}))
    assert not is_same_member(by_id, STRANGER)


def test_empty_names_never_agree() -> None:
    nameless = replace(ANA, vanity=None, lookup_key=None, first_name="", last_name="")
    assert not is_same_member(nameless, Profile(provider_id="ACoAAother", first_name="", last_name=""))
