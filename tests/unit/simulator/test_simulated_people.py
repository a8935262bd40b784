"""One person under every spelling, and the one stranger behind `profile`."""

import pytest
from pydantic import ValidationError

from simulator.unipile.world.behaviour import Behaviour, Span
from simulator.unipile.world.declared import AccountDeclared, PersonDeclared
from simulator.unipile.world.people import Directory, SimulatedPerson

AS_USUAL = Behaviour()


def made(directory: Directory, identifier: str, behaviour: Behaviour = AS_USUAL) -> SimulatedPerson:
    """Somebody who must exist."""
    person = directory.find_or_make(identifier, behaviour)
    assert person is not None
    return person


@pytest.mark.parametrize("spelling", ["ana-núñez", "ANA-NÚÑEZ", "Ana-Nu\u0301n\u0303ez"])
def test_spellings_of_one_vanity_are_one_person(spelling: str) -> None:
    directory = Directory(1)
    assert made(directory, spelling) is made(directory, "ana-núñez")


def test_vanity_classic_and_sales_navigator_ids_are_one_person() -> None:
    directory = Directory(1)
    ana = made(directory, "ana-nunez")
    assert {id(made(directory, f"{prefix}{ana.tail}")) for prefix in ("ACo", "ADo", "ACw")} == {id(ana)}


def test_an_id_nobody_has_heard_of_becomes_a_person_whose_vanity_leads_back() -> None:
    directory = Directory(1)
    somebody = made(directory, "ACwAAB12345678")
    assert somebody.provider_id == "ACoAAB12345678"
    assert made(directory, somebody.public_id) is somebody


def test_a_vanity_spells_the_name_so_that_a_comparison_of_names_agrees() -> None:
    person = made(Directory(1), "omar-el-haddad-4b27")
    assert (person.first_name, person.last_name) == ("Omar", "El Haddad")


def test_the_same_seed_makes_the_same_person_whoever_is_asked_for_before() -> None:
    first, second = Directory(5), Directory(5)
    made(second, "somebody-else")
    assert made(first, "ana-nunez") == made(second, "ana-nunez")
    assert made(Directory(6), "ana-nunez").provider_id != made(first, "ana-nunez").provider_id


@pytest.mark.parametrize("identifier", ["nobody-here", "two words", "x", "a/b", "https://www.linkedin.com/in/ana"])
def test_what_cannot_be_a_member_is_nobody(identifier: str) -> None:
    assert Directory(1).find_or_make(identifier, AS_USUAL) is None


def test_the_lever_makes_unknown_people_unknown() -> None:
    directory = Directory(1)
    directory.declare(PersonDeclared(public_identifier="ana-nunez"))
    strict = Behaviour(unknown_people="404")
    assert directory.find_or_make("omar-haddad", strict) is None
    assert made(directory, "ana-nunez", strict).first_name == "Ana"


def test_who_is_gone_is_found_by_nobody() -> None:
    directory = Directory(1)
    gone = directory.declare(PersonDeclared(public_identifier="ana-nunez", gone=True))
    assert directory.find_or_make(gone.provider_id, AS_USUAL) is None


def test_a_declared_person_keeps_the_traits_that_were_left_out_and_a_null_means_never() -> None:
    directory = Directory(1)
    eager = Behaviour(acceptance_rate=1, acceptance_delay=Span(shortest_h=1, longest_h=1))
    before = made(directory, "ana-nunez")
    ana = directory.declare(PersonDeclared(public_identifier="Ana-Nunez", company="Quince Analytics"))
    assert ana is before
    assert (ana.company, ana.first_name) == ("Quince Analytics", "Ana")
    assert ana.accepts_after(eager) is not None
    assert directory.declare(PersonDeclared(public_identifier="ana-nunez", accepts_after_s=None)).accepts_after(eager) is None


def test_one_vanity_cannot_be_given_to_two_members() -> None:
    directory = Directory(1)
    made(directory, "ana-nunez")
    with pytest.raises(ValueError, match="declare people before the first call that names them"):
        directory.declare(PersonDeclared(public_identifier="ana-nunez", provider_id="ACoAAsomebodyelse"))


def test_whoever_asks_for_profile_meets_the_same_stranger() -> None:
    assert made(Directory(1), "profile").provider_id == made(Directory(2), "profile").provider_id
    assert made(Directory(1), "profile").public_id == "profile"


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_identifier": "a b"},
        {"public_identifier": "ana", "provider_id": "ACwAAB12345678"},
        {"public_identifier": "ana", "replies_to": {"first": 1}},
        {"public_identifier": "ana", "accepts_after_s": -1},
        {"public_identifier": "ana", "mood": "good"},
    ],
)
def test_a_person_declared_wrongly_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PersonDeclared.model_validate(wrong)


def test_an_account_of_no_known_type_is_refused() -> None:
    with pytest.raises(ValidationError, match="type"):
        AccountDeclared.model_validate({"id": "acc1", "type": "gold"})
