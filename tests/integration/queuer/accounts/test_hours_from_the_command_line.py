"""`tact … hours` and `tact lead zone` as a person types them."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from cli.app import app
from shared.refusals import Refused
from tests.support.builders import a_campaign, a_lead, a_workspace, an_account
from tests.support.serving import Served


@pytest.fixture
def typed(served_api: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Type a command; the words printed, or those of the refusal."""
    for name, value in served_api.env.items():
        monkeypatch.setenv(name, value)

    async def run(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        if isinstance(result.exception, Refused):
            return str(result.exception)
        assert result.exception is None, result.exception
        return result.output

    return run


async def test_hours_are_shown_and_changed_on_every_level(pool: asyncpg.Pool, typed: Any) -> None:
    async with pool.acquire() as connection:
        workspace = await a_workspace(connection, company_name="Acme")
        account = await an_account(connection, workspace, name="Ana")
        await a_campaign(connection, workspace, [account], campaign_name="Autumn")
    assert "Acme says itself: nothing" in await typed("workspace", "hours", "Acme")
    await typed("workspace", "hours", "Acme", "--set", "extra_days_off=2026-12-28,2026-12-29", "--set", "half_days=12-24")
    await typed("account", "hours", "Ana", "--set", "working_hours_start=8", "--set", "country=DE-BY")
    said = await typed("campaign", "hours", "Autumn", "--set", "window_zone=both", "--set", "days=mon,tue")
    assert "in force for Ana: 08:00 to 18:00 on mon, tue, calendar DE-BY, half days to 13:00, America/New_York, window_zone both" in said
    assert "It was so already." in await typed("campaign", "hours", "Autumn", "--set", "window_zone=both")
    shown = json.loads(await typed("campaign", "hours", "Autumn", "--unset", "days", "--json"))
    assert shown["schedule_settings"] == {"window_zone": "both"}
    shown = json.loads(await typed("workspace", "hours", "Acme", "--json"))
    assert shown["schedule_settings"] == {"extra_days_off": ["2026-12-28", "2026-12-29"], "half_days": ["12-24"]}


async def test_what_cannot_be_followed_is_refused_in_words(pool: asyncpg.Pool, typed: Any) -> None:
    async with pool.acquire() as connection:
        workspace = await a_workspace(connection, company_name="Acme")
        lead = await a_lead(connection, workspace, location="Lima, Peru")
    assert "did you mean prospect?" in await typed("workspace", "hours", "Acme", "--set", "window_zone=prospects")
    assert "--set wants key=value" in await typed("workspace", "hours", "Acme", "--set", "window_zone")
    assert "named twice" in await typed("workspace", "hours", "Acme", "--set", "days=mon", "--unset", "days")
    assert "Asia/Tokyo" in await typed("lead", "zone", str(lead), "Asia/Tokio")
    assert "lives by America/Lima." in await typed("lead", "zone", str(lead))


async def test_hours_that_nobody_can_read_are_shown_with_what_is_wrong(pool: asyncpg.Pool, typed: Any) -> None:
    async with pool.acquire() as connection:
        workspace = await a_workspace(connection, company_name="Acme")
        account = await an_account(connection, workspace, name="Ana")
        campaign = await a_campaign(connection, workspace, [account], campaign_name="Autumn")
        await connection.execute("UPDATE campaigns SET schedule_settings = $2 WHERE id = $1", campaign, {"days": [77]})
    assert "in force for Ana: cannot be read, so nothing leaves (schedule_settings.days: 77 is no weekday" in await typed(
        "campaign", "hours", "Autumn"
    )
    assert "in force for Ana: 07:00 to 18:00" in await typed("campaign", "hours", "Autumn", "--unset", "days")
    await pool.execute("UPDATE campaigns SET schedule_settings = $2 WHERE id = $1", campaign, {"dais": [1]})
    assert "Unknown key 'dais'" in await typed("campaign", "hours", "Autumn")
    assert "in force for Ana: 07:00 to 18:00" in await typed("campaign", "hours", "Autumn", "--unset", "dais")
    await pool.execute("UPDATE accounts SET timezone = 'Mars/Olympus' WHERE id = $1", account)
    for level, name in (("account", "Ana"), ("campaign", "Autumn"), ("workspace", "Acme")):
        assert "Unknown time zone 'Mars/Olympus'" in await typed(level, "hours", name)
