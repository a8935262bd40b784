"""`tact dead-letters` as people type it: what was set aside, and putting it back once."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiokafka import ConsumerRecord

from tests.integration.shared.dead_letters.post import GOOD, Office, an_office, at_work
from tests.support.commands import Said, tact
from tests.support.facts import eventually
from tests.support.serving import served

V2 = ("ce_type", b"tact.integrity.found.v2")
BINARY = ("x-bytes", b"\xff\x00")


class Desk:
    """The command with a topic of its own, whose letters are two bad bodies and one of a version nobody knows."""

    def __init__(self, office: Office, env: dict[str, str]) -> None:
        self.office = office
        self.env = env
        self.topic = office.topic.name

    async def __call__(self, *words: str) -> Said:
        return await tact("dead-letters", *words, env=self.env)

    async def back(self) -> list[ConsumerRecord]:
        """What stands in the topic behind the first three."""
        return (await self.office.records(self.topic))[3:]


@pytest.fixture
async def desk(kafka: str, database: str) -> AsyncIterator[Desk]:
    office = await an_office(kafka)
    async with at_work(office):
        await office.write((b"{", [("x", b"1")]), (b"\xff[", [BINARY]), (GOOD, [V2]))
        await eventually(office.letters, what="letters")
        await office.write((b'{"kind": 1}', []))

        async def four() -> bool:
            return len(await office.letters()) == 4

        await eventually(four, what="all of them")
    async with served(database, kafka=kafka) as api:
        yield Desk(office, {**api.env, "TACT_DATABASE_URL": database, "TACT_KAFKA": kafka})


async def test_list_and_show_say_what_why_and_whose_fault(desk: Desk) -> None:
    said = await desk("list", "-t", desk.topic)
    assert (said.code, said.err) == (0, "")
    assert "4 dead letters" in said.out
    assert f"{desk.topic}:0:2" in said.out
    assert "unknown_version, ours: it is a 'tact.integrity.found.v2'" in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())
    one = json.loads((await desk("list", "-t", desk.topic, "-r", "wrong_schema", "--json")).out)
    assert [(letter["id"], letter["reason"], letter["fault"]) for letter in one["letters"]] == [
        (f"{desk.topic}:0:3", "wrong_schema", "ours")
    ]
    shown = (await desk("show", f"{desk.topic}:0:0")).out
    for words in ("bad_json", "set aside", "not put back", "x: 1", "1 bytes"):
        assert words in shown
    whole = json.loads((await desk("show", f"{desk.topic}:0:1", "--json")).out)
    assert whole["body_base64"] == "/1s="
    assert "no dead letters like that" in (await desk("list", "-t", desk.topic, "--until", "2020-01-01")).out
    assert "4 dead letters" in (await desk("list", "-t", desk.topic, "--since", "1h ago")).out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "nonsense"], "is no dead letter"),
        (["show", "sends.due:0:99999999"], "There is no dead letter sends.due:0:99999999"),
        (["redrive"], "Say which"),
        (["redrive", "a:0:1", "-f", "ours"], "not both"),
        (["list", "-t", "sends.dew"], "The broker has no topic sends.dew.dlq. There are those of"),
        (["redrive", "-t", "sends.dew"], "The broker has no topic sends.dew.dlq"),
        (["list", "--since", "yesterday"], "wants a moment"),
        (["list", "--since", "99999999 weeks"], "further back than any topic reaches"),
        (["list", "-r", "bad_jsn"], "is no reason; there are no_body"),
        (["resume", "queuer.nothing", "--apply"], "No consumer queuer.nothing stands still"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do(desk: Desk, words: list[str], says: str) -> None:
    said = await desk(*words)
    assert said.code != 0
    assert says in said.err.replace("\n", " ")


async def test_a_redrive_is_dry_then_puts_back_once_as_it_came_and_more_only_when_forced(desk: Desk, pool: asyncpg.Pool) -> None:
    first = f"{desk.topic}:0:0"
    dry = await desk("redrive", first)
    assert "Nothing was changed. 1 can be put back" in dry.out
    assert len(await desk.back()) == 1
    done = await desk("redrive", first, "--apply")
    assert "1 put back." in done.out, done
    _, record = await desk.back()
    assert (record.key, record.value, record.headers[0], record.partition) == (b"k", b"{", ("x", b"1"), 0)
    told = {name: value.decode() for name, value in record.headers[1:]}
    assert (told["redrive-of"], told["redrive-no"]) == (first, "1")
    assert "dlq-reason" not in told
    second = await desk("redrive", first, "--apply")
    assert "1 were put back before and are left alone; --again" in second.out
    assert len(await desk.back()) == 2
    all_of_it = json.loads((await desk("redrive", "-t", desk.topic, "--apply", "--json")).out)
    assert {letter["id"][-1]: letter.get("result") for letter in all_of_it["letters"]} == {
        "0": None,
        "1": "put back",
        "2": "put back",
        "3": "put back",
    }
    assert "1 put back." in (await desk("redrive", first, "--again", "--apply")).out
    assert [dict(record.headers).get("redrive-no") for record in (await desk.back())[1:]] == [b"1", b"1", b"1", b"1", b"2"]
    assert "(2 times)" in (await desk("show", first)).out
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'redrive'") == 3


async def test_what_a_killed_redrive_left_open_is_looked_for_before_it_is_put_back(desk: Desk, pool: asyncpg.Pool) -> None:
    written, unwritten = f"{desk.topic}:0:1", f"{desk.topic}:0:2"
    await desk("redrive", written, unwritten, "--apply")
    await pool.execute("UPDATE redriven_letters SET done_at = NULL, times = 0 WHERE offset_no = 1")
    await pool.execute("UPDATE redriven_letters SET done_at = NULL WHERE offset_no = 2")  # a second one was begun, and never written
    assert "perhaps put back" in (await desk("show", written)).out
    said = await desk("redrive", written, unwritten, "--apply")
    assert "1 had been put back already, before its process ended." in said.out
    assert "1 put back." in said.out
    assert [dict(record.headers).get("redrive-of") for record in (await desk.back())[1:]] == [
        written.encode(),
        unwritten.encode(),
        unwritten.encode(),
    ]


async def test_two_redrives_at_once_do_not_work_on_the_same_letters(desk: Desk, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as other:
        await other.execute("SELECT pg_advisory_lock(7228023)")
        said = await desk("redrive", "-t", desk.topic, "--apply")
        await other.execute("SELECT pg_advisory_unlock(7228023)")
    assert said.code != 0
    assert "Another redrive is under way" in said.err.replace("\n", " ")
    assert len(await desk.back()) == 1


async def test_stopped_consumers_are_shown_and_let_go_on(desk: Desk, pool: asyncpg.Pool) -> None:
    assert "No consumer stands still." in (await desk("stopped")).out
    await pool.execute(
        "INSERT INTO consumer_stops (instance, topic, group_name, why) VALUES ('q-1', 'sends.due', 'sender.sends.due', 'Bad.')"
    )
    assert "sender.sends.due stands still since" in (await desk("stopped")).out
    assert "Nothing was changed" in (await desk("resume", "sender.sends.due")).out
    assert "goes on within seconds in q-1" in (await desk("resume", "sender.sends.due", "--apply")).out
    assert json.loads((await desk("stopped", "--json")).out) == {"stopped": []}
