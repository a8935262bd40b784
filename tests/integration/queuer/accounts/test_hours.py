"""Hours of accounts, campaigns and workspaces over HTTP: changed key by key, refused in words, in force at once."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.integration.queuer.api_stage import Stage
from tests.integration.queuer.campaigns.test_campaigns_http import made, refusal
from tests.support.builders import BASE, a_lead, a_prospect, a_send


async def the_account(client: httpx.AsyncClient) -> str:
    accounts = (await client.get("/api/accounts")).json()["accounts"]
    found: str = next(each["id"] for each in accounts if each["name"] == "Ana")
    return found


async def places(client: httpx.AsyncClient, stage: Stage) -> dict[str, str]:
    """Where each level's hours are."""
    return {
        "account": f"/api/accounts/{await the_account(client)}/schedule",
        "campaign": f"/api/campaigns/{(await made(client))['id']}/schedule",
        "workspace": f"/api/workspaces/{stage.ours}/schedule",
    }


@pytest.mark.parametrize("level", ["account", "campaign", "workspace"])
async def test_every_level_takes_every_word_and_keeps_what_is_not_named(stage: Stage, level: str) -> None:
    wishes: dict[str, Any] = {
        "timezone": "Europe/Vienna",
        "working_hours_start": "08:30",
        "working_hours_end": "24:00",
        "skip_weekends": False,
        "skip_holidays": False,
        "country": "DE-BY",
        "days": [0, 2],
        "extra_days_off": ["2026-12-24"],
        "working_exceptions": ["2026-12-26"],
        "half_days": ["12-31", "2026-12-23", "country"],
        "half_day_end": "12:30",
        "window_zone": "both",
    }
    async with stage.client(stage.operator) as client:
        at = (await places(client, stage))[level]
        for key, value in wishes.items():
            answer = await client.patch(at, json={key: value})
            assert answer.status_code == 200, answer.text
            assert answer.json()["changed"] is True
        again = await client.patch(at, json=wishes)
        shown = (await client.get(at)).json()["schedule"]
        less = (await client.patch(at, json={"days": None, "half_day_end": None})).json()["schedule"]
    assert again.json()["changed"] is False
    assert shown["schedule_settings"] == wishes
    assert shown["in_force"][0] == {
        "account": shown["in_force"][0]["account"],
        "timezone": "Europe/Vienna",
        "hours": "08:30 to 24:00 on mon, wed, calendar DE-BY without its holidays, half days to 12:30",
        "window_zone": "both",
    }
    assert less["schedule_settings"] == {key: value for key, value in wishes.items() if key not in {"days", "half_day_end"}}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"working_hours_start": 18, "working_hours_end": 9}, "Working hours end at 09:00, not after their start at 18:00"),
    ({"working_hours_start": 9, "working_hours_end": 9}, "Working hours end at 09:00, not after their start at 09:00"),
    ({"working_hours_end": 25}, "25 is no time of day"),
    ({"timezone": "Europe/Berln"}, "did you mean Europe/Berlin?"),
    ({"country": "UU"}, "Unknown country 'UU'"),
    ({"country": "DE-XX"}, "Unknown part 'XX' of country DE"),
    ({"days": []}, "The list of days is empty"),
    ({"days": ["someday"]}, "'someday' is no weekday"),
    ({"window_zone": "prospects"}, "did you mean prospect?"),
    ({"half_days": ["24.12."]}, "'24.12.' is no half day"),
    ({"half_days": ["02-30"]}, "'02-30' is no half day"),
    ({"half_days": "12-24"}, "no list of half days"),
    ({"half_days": ["12-24"], "half_day_end": 7}, "Half days end at 07:00, not after the start of work at 07:00"),
    ({"half_days": ["12-24"], "working_hours_start": 14}, "Half days end at 13:00, not after the start of work at 14:00"),
    ({"extra_days_off": ["2026-12-24"], "working_exceptions": ["2026-12-24"]}, "take it out of one of them"),
    ({"working_hour_start": 8}, "did you mean working_hours_start?"),
    ({"working_hour_start": None}, "did you mean working_hours_start?"),
    ({"skip_weekends": "perhaps"}, "skip_weekends"),
]


@pytest.mark.parametrize("level", ["account", "campaign", "workspace"])
async def test_what_nobody_can_follow_is_refused_in_words(stage: Stage, level: str) -> None:
    async with stage.client(stage.operator) as client:
        at = (await places(client, stage))[level]
        for change, words in REFUSED:
            assert words in refusal(await client.patch(at, json=change), 422)["message"]
        assert (await client.get(at)).json()["schedule"]["schedule_settings"] == {}


async def test_hours_that_contradict_a_campaign_are_refused_and_name_it(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        where = await places(client, stage)
        await client.patch(where["campaign"], json={"working_hours_start": 17})
        for level in ("account", "workspace"):
            error = refusal(await client.patch(where[level], json={"working_hours_end": 16}), 422)
            assert "in the campaign Autumn" in error["message"]


async def test_a_narrower_level_has_the_last_word(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        where = await places(client, stage)
        await client.patch(where["workspace"], json={"working_hours_start": 6, "working_hours_end": 20, "country": "FR"})
        await client.patch(where["account"], json={"working_hours_start": 8})
        await client.patch(where["campaign"], json={"working_hours_end": 12})
        shown = (await client.get(where["campaign"])).json()["schedule"]["in_force"]
    assert {each["account"]: each["hours"] for each in shown} == {
        "Ana": "08:00 to 12:00, calendar DE",  # the account's own country stands before the workspace's
        "Bo": "06:00 to 12:00, calendar DE",
    }


async def test_hours_belong_to_their_workspace_and_viewers_only_look(stage: Stage) -> None:
    async with stage.client(stage.operator) as client:
        where = await places(client, stage)
    for at in where.values():
        async with stage.client(stage.foreign) as client:
            refusal(await client.get(at), 404)
            refusal(await client.patch(at, json={"days": ["mon"]}), 404)
        async with stage.client(stage.viewer) as client:
            assert (await client.get(at)).status_code == 200
            refusal(await client.patch(at, json={"days": ["mon"]}), 403)


async def held_send(pool: asyncpg.Pool, campaign: str, account: str) -> UUID:
    """A send to which its hours leave no moment, in a lane that is closed, of an account that sleeps; and its lead's id."""
    async with pool.acquire() as connection:
        workspace = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", UUID(campaign))
        lead = await a_lead(connection, workspace, location="Remote", timezone="")
        prospect = await a_prospect(connection, UUID(campaign), lead)
        await a_send(connection, prospect, UUID(account), status="pending", held_for="opening")
        await connection.execute(
            "INSERT INTO lanes (account_id, campaign_id, action, closed_until, reason) VALUES ($1, $2, 'invitation', $3, 'hours')",
            UUID(account),
            UUID(campaign),
            BASE,
        )
    return lead


@pytest.mark.parametrize("level", ["account", "campaign", "workspace"])
async def test_new_hours_hold_at_once_for_what_the_old_ones_kept_back(stage: Stage, pool: asyncpg.Pool, level: str) -> None:
    async with stage.client(stage.operator) as client:
        where = await places(client, stage)
        campaign, account = where["campaign"].split("/")[3], where["account"].split("/")[3]
        await client.post(f"/api/campaigns/{campaign}/start")
        await held_send(pool, campaign, account)
        await pool.execute("UPDATE accounts SET wake_at = NULL")
        await client.patch(where[level], json={"working_hours_end": 22})
    assert await pool.fetchval("SELECT held_for FROM send_queue") is None
    assert await pool.fetchval("SELECT closed_until FROM lanes WHERE action = 'invitation'") is None
    assert await pool.fetchval("SELECT wake_at FROM accounts WHERE id = $1", UUID(account)) is not None


async def test_a_leads_zone_can_be_said_and_given_back_to_its_location(stage: Stage, pool: asyncpg.Pool) -> None:
    async with stage.client(stage.operator) as client:
        where = await places(client, stage)
        lead = await held_send(pool, where["campaign"].split("/")[3], where["account"].split("/")[3])
        at = f"/api/leads/{lead}/timezone"
        said = (await client.put(at, json={"timezone": "Asia/Tokyo"})).json()
        again = (await client.put(at, json={"timezone": "Asia/Tokyo"})).json()
        held = await pool.fetchval("SELECT held_for FROM send_queue")
        await pool.execute("UPDATE leads SET location = 'Lima, Peru'")
        back = (await client.put(at, json={"timezone": None})).json()
        assert "did you mean Asia/Tokyo?" in refusal(await client.put(at, json={"timezone": "Asia/Tokio"}), 422)["message"]
    async with stage.client(stage.foreign) as client:
        refusal(await client.put(at, json={"timezone": "Asia/Tokyo"}), 404)
    assert (said["lead"]["timezone"], said["changed"], again["changed"], held) == ("Asia/Tokyo", True, False, None)
    assert back["lead"] == {"id": str(lead), "location": "Lima, Peru", "timezone": "America/Lima"}
