"""`tact notices` as people type it, through the API, whose healer delivers a test at once."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from tests.integration.healer.healer_rows import House
from tests.integration.healer.receivers import Receiver, receiver
from tests.support import commands
from tests.support.commands import Said
from tests.support.serving import Served

Tact = Callable[..., Coroutine[Any, Any, Said]]


@pytest.fixture
async def to() -> AsyncIterator[Receiver]:
    async with receiver() as stands:
        yield stands


@pytest.fixture
def tact(served_api: Served) -> Tact:
    async def typed(*words: str) -> Said:
        return await commands.tact("notices", *words, env={**served_api.env, "COLUMNS": "250"})

    return typed


async def test_a_channel_is_added_listed_tested_and_removed(tact: Tact, house: House, to: Receiver, pool: asyncpg.Pool) -> None:
    workspace = ("--workspace", str(house.workspace))
    added = json.loads((await tact("add", "ops", *workspace, "--webhook", f"{to.url}/hook?token=hidden", "--json")).out)
    assert added["created"]
    assert added["secret"].startswith("whsec_")
    again = json.loads((await tact("add", "ops", *workspace, "--webhook", f"{to.url}/hook?token=hidden", "--json")).out)
    assert (again["id"], again["created"], again["secret"]) == (added["id"], False, None)
    listed = await tact("list", "--json")
    assert [row["id"] for row in json.loads(listed.out)] == [added["id"]]
    assert added["secret"] not in listed.out
    assert "hidden" not in listed.out

    good = await tact("test", "ops")
    assert (good.code, good.out.strip()) == (0, "ops took the test (204).")
    to.answer(500)
    bad = await tact("test", "ops")
    assert bad.code == 1
    assert "The receiver answered 500. A test is tried once." in bad.err
    log = await tact("log")
    assert [word in log.out for word in ("Tact: Test of the channel ops", "delivered", "given_up")] == [True] * 3
    assert [entry["kind"] for entry in json.loads((await tact("log", "--json", "--kind", "test")).out)] == ["test", "test"]
    asked = await tact("remove", "ops")
    assert asked.out.strip() == "ops would be removed; --apply does it."
    assert (await tact("remove", "ops", "--apply")).out.strip() == "ops is removed."
    assert json.loads((await tact("list", "--json")).out) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "ops"), "exactly one of --webhook, --slack and --email"),
        (("add", "ops", "--webhook", "https://example.com", "--email", "ana@example.com"), "exactly one of"),
        (("add", "ops", "--email", "ana@example.com"), "Set TACT_SMTP_HOST"),
        (("test", "nobody"), "no channel 'nobody'"),
        (("remove", "nobody", "--apply"), "no channel 'nobody'"),
    ],
)
async def test_what_cannot_be_ends_with_one_sentence(tact: Tact, house: House, words: tuple[str, ...], why: str) -> None:
    said = await tact(*words, *(("--workspace", str(house.workspace)) if words[0] == "add" else ()))
    assert said.code == 1
    assert why in " ".join(said.err.split())
    assert "Traceback" not in said.err
