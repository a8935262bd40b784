"""The command: it finds whom a person means, shows it at 80 columns, and says what to do when it cannot."""

import json
from uuid import UUID

import pytest

from services.queuer.workflows.insight.find_person import find_person
from tests.integration.queuer.insight.conftest import BASE, Scene
from tests.support import builders, commands
from tests.support.serving import Served


async def tact(api: Served, *words: str) -> tuple[int, str, str]:
    """Run the command line against this API; returns its status and what it said on both channels."""
    said = await commands.tact(*words, env={**api.env, "TERM": "dumb"})
    return said.code, said.out, " ".join(said.err.split())


async def found(scene: Scene, word: str) -> list[UUID]:
    """The ids that a word means."""
    async with scene.queuer.acquire() as connection:
        return [person.id for person in await find_person(connection, word, None)]


async def test_a_person_is_found_by_id_address_name_and_mail_and_shown_at_80_columns(scene: Scene, served_api: Served) -> None:
    await scene.send(scheduled_for=BASE)
    await scene.change("leads", scene.lead, linkedin_vanity="ana-prova", identity="in:ana-prova", email="Ana@Prova.example")
    await scene.change("accounts", scene.account, status="paused", status_reason="[by] a person")
    for word in (
        str(scene.prospect),
        str(scene.lead),
        "https://www.linkedin.com/in/Ana-Prova/?x=1",
        "ana-prova",
        "ana  prova",
        "ana@prova.example",
    ):
        assert await found(scene, word) == [scene.prospect]
    status, said, complained = await tact(served_api, "explain", "ana-prova")
    assert status == 0, complained
    assert max(map(len, said.splitlines())) <= 80
    assert "It holds for: account usable." in said
    assert "paused: [by] a person" in " ".join(said.split())
    assert "daily_cap" in said
    assert "New_York" in said
    status, said, complained = await tact(served_api, "explain", "ana-prova", "--json", "--at", "2026-03-10T16:00:30+01:00")
    assert status == 0, complained
    document = json.loads(said)
    assert document["prospect_id"] == str(scene.prospect)
    assert document["decision"]["verdict"] in {"hold", "send_now"}
    assert document["at"] == "2026-03-10T15:00:30Z", "as the API spells it"
    assert len(document["rules"]) > 20


@pytest.mark.parametrize(("first", "last", "typed"), [("İlkay", "Ağırbaş", "İlkay Ağırbaş"), ("Zoë", "", "zoe\u0308"), ("", "Ōno", "ŌNO")])
async def test_a_name_is_found_whatever_its_letters_and_however_they_are_typed(scene: Scene, first: str, last: str, typed: str) -> None:
    await scene.change("leads", scene.lead, first_name=first, last_name=last)
    assert await found(scene, typed) == [scene.prospect]


async def test_a_name_of_several_people_lists_them_and_a_campaign_tells_them_apart(scene: Scene, served_api: Served) -> None:
    async with scene.owner.acquire() as connection:
        other = await builders.a_campaign(connection, scene.workspace, [scene.account], campaign_name="Autumn")
        second = await builders.a_prospect(connection, other, scene.lead)
    status, _, complained = await tact(served_api, "explain", "Ana Prova")
    assert status == 1
    assert str(scene.prospect) in complained
    assert str(second) in complained
    status, said, _ = await tact(served_api, "explain", "Ana Prova", "--campaign", "Autumn", "--json")
    assert json.loads(said)["prospect_id"] == str(second)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody-at-all",), "There is no person 'nobody-at-all'"),
        (("ana-prova", "--campaign", "Winter"), "There is no campaign 'Winter'"),
        (("ana-prova", "--at", "yesterday"), "'yesterday' is no moment. Write it as"),
        (("ana-prova", "--at", "2020-01-01"), "was enrolled in 'Spring' only at"),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do(scene: Scene, served_api: Served, words: tuple[str, ...], sentence: str) -> None:
    await scene.change("leads", scene.lead, linkedin_vanity="ana-prova")
    status, said, complained = await tact(served_api, "explain", *words)
    assert (status, said) == (1, "")
    assert sentence in complained
