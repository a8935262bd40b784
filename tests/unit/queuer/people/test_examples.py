"""The example lists are what their maker writes, and every row of them can be stored."""

import io
import unicodedata

import pytest

from examples.make_examples import CONNECTIONS, HERE, Made, connections, people, sales_navigator
from services.queuer.rules.people.reader import ListReader, Person
from shared.vocabulary import Channel

MADE = people()
LISTS = {
    "connections.csv": ("linkedin_connections", MADE[:CONNECTIONS], connections(MADE[:CONNECTIONS])),
    "sales_navigator.csv": ("sales_navigator", MADE[CONNECTIONS:], sales_navigator(MADE[CONNECTIONS:])),
}


@pytest.mark.parametrize("name", LISTS)
def test_the_file_is_what_its_maker_writes(name: str) -> None:
    assert (HERE / name).read_bytes().decode() == LISTS[name][2]


@pytest.mark.parametrize("name", LISTS)
def test_every_row_is_read_as_the_person_that_was_meant(name: str) -> None:
    file_format, made, text = LISTS[name]
    reader = ListReader(io.BytesIO(text.encode()), needs=Channel.LINKEDIN)
    assert reader.layout.file_format == file_format
    for person, row in zip(made, reader, strict=True):
        assert isinstance(row, Person)
        assert (row.first_name, row.last_name) == (unicodedata.normalize("NFC", person.first), unicodedata.normalize("NFC", person.last))
        assert row.linkedin_vanity in {None, person.vanity}
        assert row.linkedin_id in {None, person.member_id("ACo")}
        assert row.sales_navigator_id in {None, person.member_id("ACw")}
        assert row.email in {None, person.email}
        assert _reserved(person)


def test_four_hundred_people_of_many_scripts_and_none_twice() -> None:
    assert len(MADE) == 400
    assert len({(made.first, made.last) for made in MADE}) == 400
    scripts = {unicodedata.name(made.first[0]).split()[0] for made in MADE}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "CJK", "HIRAGANA", "HANGUL", "THAI"} <= scripts


def _reserved(made: Made) -> bool:
    return made.email.endswith(("@example.com", "@example.org"))
