"""What was said of an account when it was added, corrected by command and over HTTP."""

import asyncpg

from services.queuer.store.accounts.limits import get_limits
from shared.vocabulary import Action
from tests.integration.queuer.accounts.test_limits_commands import tact
from tests.integration.queuer.api_stage import Stage
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send, set_clock
from tests.support.serving import Served


async def test_a_new_zone_waits_for_both_midnights_and_then_holds_everywhere(stage: Stage, served_api: Served, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await set_clock(connection)  # a Tuesday, 15:00 UTC
        account = await connection.fetchval("UPDATE accounts SET timezone = 'America/New_York' WHERE name = 'Ana' RETURNING id")
        await connection.execute(
            "INSERT INTO lanes (account_id, campaign_id, action, closed_until) SELECT $1, $2, 'message', $3",
            account,
            await a_campaign(connection, stage.ours, [account], campaign_name="Autumn"),
            BASE.replace(year=2027),
        )
    code, said = await tact(served_api, "account", "change", "Ana", "--timezone", "Europe/Berlin", "--country", "DE-BY")
    assert (code, said) == (0, "Changed. Ana: premium, DE-BY, America/New_York Europe/Berlin from Wed 2026-03-11 04:00 UTC on")
    code, said = await tact(served_api, "account", "change", "Ana", "--timezone", "Europe/Berlin")
    assert said.startswith("It was so already.")
    assert await pool.fetchval("SELECT closed_until FROM lanes WHERE account_id = $1", account) is None
    async with pool.acquire() as connection:
        await set_clock(connection, BASE.replace(day=11, hour=4))
    code, said = await tact(served_api, "account", "hours", "Ana")
    assert "Europe/Berlin" in said, "hours are read on the new clocks"
    code, said = await tact(served_api, "account", "change", "Ana", "--timezone", "Asia/Tokyo")
    assert "Ana: premium, DE-BY, Europe/Berlin Asia/Tokyo from" in said
    code, said = await tact(served_api, "account", "change", "Ana", "--timezone", "Europe/Berlin")
    assert said == "Changed. Ana: premium, DE-BY, Europe/Berlin", "taken back before it held"
    noted = await pool.fetchval("SELECT details FROM audit_log WHERE verb = 'change' AND object = 'account' ORDER BY id LIMIT 1")
    assert noted["timezone_next"] == {"was": None, "is": "Europe/Berlin"}


async def test_a_zone_that_nobody_can_read_is_mended_at_once(stage: Stage, served_api: Served, pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE accounts SET timezone = 'Mars/Olympus' WHERE name = 'Ana'")
    assert await tact(served_api, "account", "change", "Ana", "--timezone", "Europe/Berlin") == (
        0,
        "Changed. Ana: premium, DE, Europe/Berlin",
    )


async def test_what_the_member_pays_for_brings_its_limits_and_notes_must_fit(stage: Stage, served_api: Served, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        account = await connection.fetchval("SELECT id FROM accounts WHERE name = 'Ana'")
        campaign = await a_campaign(connection, stage.ours, [account], campaign_name="Autumn")
        prospect = await a_prospect(connection, campaign, await a_lead(connection, stage.ours))
        send = await a_send(connection, prospect, account, status="pending", message="x" * 250)
    code, said = await tact(served_api, "account", "change", "Ana", "--type", "free")
    assert (code, "1 planned invitations have notes of more than 200 characters" in said) == (1, True), said
    await pool.execute("UPDATE send_queue SET status = 'cancelled' WHERE id = $1", send)
    assert (await tact(served_api, "account", "change", "Ana", "--type", "free"))[0] == 0
    assert (await get_limits(pool, account)).caps[Action.INVITATION] == 20


async def test_over_http_it_is_the_workspaces_own_account_and_an_operators_deed(stage: Stage, pool: asyncpg.Pool) -> None:
    account = await pool.fetchval("SELECT id FROM accounts WHERE name = 'Ana'")
    foreign = await pool.fetchval("SELECT id FROM accounts WHERE workspace_id = $1 LIMIT 1", stage.theirs)
    async with stage.client(stage.operator) as client:
        answer = await client.patch(f"/api/accounts/{account}", json={"name": "Ana, sales", "timezone": "Asia/Tokio"})
        assert (answer.status_code, "Asia/Tokyo" in answer.json()["error"]["message"]) == (422, True)
        answer = await client.patch(f"/api/accounts/{account}", json={"name": "Ana, sales"})
        assert (answer.status_code, answer.json()["account"]["name"], answer.json()["changed"]) == (200, "Ana, sales", True)
        assert (await client.patch(f"/api/accounts/{foreign}", json={"name": "Mine"})).status_code == 404
    async with stage.client(stage.viewer) as client:
        assert (await client.patch(f"/api/accounts/{account}", json={"name": "Ana"})).status_code == 403


async def test_nothing_named_is_refused_with_what_to_name(stage: Stage, served_api: Served) -> None:
    code, said = await tact(served_api, "account", "change", "Ana")
    assert (code, "Name what to change" in said) == (1, True)
    code, said = await tact(served_api, "account", "change", "Ana", "--country", "XX")
    assert (code, "Unknown country" in said) == (1, True)
