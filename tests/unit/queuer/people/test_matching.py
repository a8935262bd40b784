"""Rows are one person by the strongest name they share, unless a stronger one says otherwise."""

from typing import Any
from uuid import uuid4

from services.queuer.rules.people.matching import Lead, match
from services.queuer.rules.people.reader import Person
from shared.people.identifiers import identity


def a_person(*, line: int = 2, extra: dict[str, str] | None = None, **values: Any) -> Person:
    names: dict[str, Any] = {"linkedin_id": None, "linkedin_vanity": None, "sales_navigator_id": None, "email": None}
    ids = {name: values.pop(name, default) for name, default in names.items()}
    texts = {name: values.pop(name, "") for name in ("first_name", "last_name", "company", "title", "location", "timezone")}
    named = identity(**ids)
    assert named
    return Person(line=line, identity=named, **texts, **ids, connected_on=values.pop("connected_on", None), extra=extra or {}, **values)


def a_stored(person: Person) -> Lead:
    return Lead(*person[1:], id=uuid4())


def test_rows_that_share_a_name_are_one_lead_and_fill_each_other() -> None:
    outcome = match([a_person(linkedin_vanity="ana", first_name="Ana"), a_person(linkedin_vanity="ana", company="Acme")], [])
    [ana] = outcome.added
    assert (ana.first_name, ana.company, outcome.known) == ("Ana", "Acme", 1)
    assert outcome.leads == [ana, ana]


def test_a_row_with_two_names_joins_rows_that_have_one_each() -> None:
    rows = [
        a_person(linkedin_vanity="ana"),
        a_person(linkedin_vanity="ana", sales_navigator_id="ACw1"),
        a_person(sales_navigator_id="ACw1", linkedin_id="ACo1"),
        a_person(linkedin_id="ACo1"),
    ]
    outcome = match(rows, [])
    assert [lead.identity for lead in outcome.added] == ["in:ana"]
    assert outcome.known == 3


def test_a_stored_lead_keeps_what_it_has_and_is_written_only_when_something_was_empty() -> None:
    ana = a_stored(a_person(linkedin_vanity="ana", first_name="Anita"))
    same = match([a_person(linkedin_vanity="ana", first_name="Ana")], [ana])
    assert (same.known, same.filled, same.added) == (1, {}, [])
    more = match([a_person(linkedin_vanity="ana", linkedin_id="ACo1")], [ana])
    assert list(more.filled) == [ana.id]
    assert (ana.identity, ana.linkedin_id, ana.first_name) == ("in:ana", "ACo1", "Anita")


def test_the_classic_id_outweighs_a_vanity_that_changed_hands() -> None:
    first = a_stored(a_person(linkedin_vanity="ana", linkedin_id="ACo1"))
    outcome = match([a_person(linkedin_vanity="ana", linkedin_id="ACo2")], [first])
    assert [lead.identity for lead in outcome.added] == ["id:ACo2"]
    renamed = match([a_person(linkedin_vanity="ana-new", linkedin_id="ACo1")], [first])
    assert renamed.leads == [first]


def test_an_email_address_joins_only_where_one_side_has_nothing_else() -> None:
    ana = a_stored(a_person(linkedin_vanity="ana", email="info@example.com"))
    assert match([a_person(sales_navigator_id="ACw1", email="info@example.com")], [ana]).known == 0
    assert match([a_person(email="info@example.com")], [ana]).leads == [ana]


def test_every_row_has_a_lead_and_no_identity_is_added_twice() -> None:
    rows = [
        a_person(linkedin_vanity=f"v{n % 3}", linkedin_id=f"ACo{n}" if n % 2 else None, email=f"m{n % 2}@example.com") for n in range(12)
    ]
    outcome = match(rows, [])
    assert len(outcome.leads) == 12
    assert outcome.known + len(outcome.added) == 12
    assert len({lead.identity for lead in outcome.added}) == len(outcome.added)


def test_a_zone_is_filled_unless_it_is_that_of_another_place() -> None:
    nobody_looked = a_stored(a_person(linkedin_vanity="ana", location="Remote"))
    match([a_person(linkedin_vanity="ana", location="Tokyo", timezone="Asia/Tokyo")], [nobody_looked])
    assert (nobody_looked.location, nobody_looked.timezone) == ("Remote", "")
    match([a_person(linkedin_vanity="ana", timezone="Europe/Berlin")], [nobody_looked])
    assert nobody_looked.timezone == "Europe/Berlin"
    match([a_person(linkedin_vanity="ana", timezone="Asia/Tokyo")], [nobody_looked])
    assert nobody_looked.timezone == "Europe/Berlin"
    placeless = a_stored(a_person(linkedin_vanity="bo"))
    match([a_person(linkedin_vanity="bo", location="Tokyo", timezone="Asia/Tokyo")], [placeless])
    assert (placeless.location, placeless.timezone) == ("Tokyo", "Asia/Tokyo")
