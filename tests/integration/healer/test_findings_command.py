"""`tact findings` as an operator types it: dry until told, and clear about what cannot be done."""

import json

import asyncpg

from tests.integration.healer.healer_rows import MONDAY_NINE, a_house, a_person
from tests.integration.healer.healing_rows import a_healer, walk
from tests.support.commands import Said, tact
from tests.support.serving import Served


async def test_a_finding_is_listed_shown_applied_and_undone(pool: asyncpg.Pool, database: str, served_api: Served) -> None:
    async def findings(*words: str) -> Said:
        return await tact("findings", *words, env=served_api.env)

    assert "Nothing is known to be wrong" in (await findings("list")).out
    house = await a_house(pool)
    person = await a_person(pool, house, status="connection_request_sent", contacted_at=MONDAY_NINE, send_status="sent")
    async with a_healer(database) as heal:
        await walk(heal)
    [found] = json.loads((await findings("list", "--json")).out)["findings"]
    number = str(found["id"])
    assert (found["kind"], found["state"]) == ("contacted_without_attempt", "proposed")
    shown = (await findings("show", number)).out
    assert "status: connection_request_sent -> pending" in shown
    status = "SELECT status FROM campaign_prospects WHERE id = $1"
    assert "Nothing was changed" in (await findings("apply", number)).out
    assert await pool.fetchval(status, person.prospect) == "connection_request_sent"
    assert f"Finding {number} is repaired now." in (await findings("apply", number, "--apply")).out
    assert await pool.fetchval(status, person.prospect) == "pending"
    assert f"Finding {number} is undone now." in (await findings("undo", number, "--apply")).out
    assert await pool.fetchval(status, person.prospect) == "connection_request_sent"
    again = await findings("apply", number, "--apply")
    assert again.code != 0
    assert "can be applied only while it is" in again.err.replace("\n", " ")
    nobody = await findings("show", "4711")
    assert nobody.code != 0
    assert "There is no finding 4711" in nobody.err
