"""Poison of every kind, on the real broker: nothing is lost, and what comes after it is handled."""

from collections.abc import Sequence

import pytest

from shared.kafka.dead_letter import DeadLetterFault, DeadLetterReason
from shared.people.templates import TemplateError
from shared.unipile.errors import ProviderSilent
from tests.integration.shared.dead_letters.post import GOOD, Office, an_office, at_work
from tests.support.facts import eventually

V1 = ("ce_type", b"tact.integrity.found.v1")
FIVE_MEGABYTES = b'{"kind": "' + b"x" * 5_000_000 + b'", "table_name": "t", "row_id": "1"}'
Headers = Sequence[tuple[str, bytes | None]]
POISON: dict[DeadLetterReason, list[tuple[bytes | None, Headers]]] = {
    DeadLetterReason.BAD_JSON: [(b"{not json", [V1]), (b"\xff\xfe\x00", []), (b"[" * 5_000, [])],
    DeadLetterReason.WRONG_SCHEMA: [(b'{"kind": 7}', [V1]), (b"[]", []), (b"null", [])],
    DeadLetterReason.BAD_HEADER: [(GOOD, [("ce_id", b"\xff\xfe")]), (GOOD, [V1, ("anything", b"\x80")])],
    DeadLetterReason.NO_BODY: [(None, [V1]), (b"", [])],
    DeadLetterReason.TOO_LARGE: [(FIVE_MEGABYTES, [V1])],
    DeadLetterReason.UNKNOWN_VERSION: [(GOOD, [("ce_type", b"tact.integrity.found.v2")]), (GOOD, [("ce_type", b"something.else")])],
}


async def test_poison_of_every_kind_is_set_aside_as_it_came_and_blocks_nothing(kafka: str) -> None:
    office = await an_office(kafka)
    written = [record for kind in POISON.values() for record in kind]
    async with at_work(office):
        for each in written:
            await office.write(each, compressed=True)
        await office.write((GOOD, [V1]), (GOOD, [("ce_type", None), ("empty", b"")]))
        await eventually(lambda: office.handled == ["1", "1"], within=20, what="the good ones behind the poison")
    letters = await office.letters()
    assert [letter.reason for letter in letters] == [kind.value for kind, records in POISON.items() for _ in records]
    originals = (await office.records(office.topic.name))[: len(written)]
    for letter, original in zip(letters, originals, strict=True):
        assert (letter.key, letter.value, list(letter.headers)) == (original.key, original.value, list(original.headers))
        assert (letter.origin.topic, letter.origin.partition, letter.origin.offset) == (office.topic.name, 0, original.offset)
        assert (letter.fault, letter.group, letter.record_ms) == (DeadLetterFault.OURS, f"test.{office.topic.name}", original.timestamp)
        assert letter.error


async def test_a_value_larger_than_any_letter_stays_where_it_came_from(kafka: str) -> None:
    office = await an_office(kafka)
    async with at_work(office):
        await office.write((b"0" * 16_500_000, [V1]), compressed=True)
        await office.write((GOOD, [V1]))
        await eventually(lambda: office.handled == ["1"], within=20, what="the good one behind it")
    (letter,) = await office.letters()
    assert (letter.reason, letter.value, letter.whole, letter.key, list(letter.headers)) == ("too_large", None, False, b"k", [V1])


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (KeyError("ours"), DeadLetterFault.OURS),
        (ProviderSilent("look", started=False, write=False, cause="test"), DeadLetterFault.PROVIDER),
        (TemplateError(1, "no such value"), DeadLetterFault.TENANT),
    ],
)
async def test_an_event_on_which_the_handler_fails_for_ever_goes_alone(kafka: str, error: Exception, fault: DeadLetterFault) -> None:
    office: Office = await an_office(kafka)
    office.fails_on, office.error = {"2"}, error
    async with at_work(office):
        await office.write(*((GOOD.replace(b'"1"', f'"{n}"'.encode()), [V1]) for n in range(1, 5)))
        await eventually(lambda: office.handled == ["1", "3", "4"], within=20, what="its neighbours")
    (letter,) = await office.letters()
    assert (letter.reason, letter.fault, letter.origin.offset) == ("handler_failed", fault, 1)
    assert type(error).__name__ in letter.error
