"""Explaining over HTTP: to whom the person belongs, with clear words for everybody else."""

import asyncpg

from tests.integration.queuer.api_stage import Stage
from tests.integration.queuer.campaigns.test_campaigns_http import made, refusal
from tests.support import builders

LIST = b"First Name,Last Name,URL\nAna,Prova,https://www.linkedin.com/in/ana-prova\n"


async def enrolled(stage: Stage, pool: asyncpg.Pool, *, start: bool = True) -> str:
    """The id of a prospect of ours."""
    async with stage.client(stage.operator) as client:
        campaign = await made(client)
        imported = await client.post(
            f"/api/campaigns/{campaign['id']}/import?approved=true", content=LIST, headers={"content-type": "text/csv"}
        )
        assert imported.status_code == 200, imported.text
        if start:
            await client.post(f"/api/campaigns/{campaign['id']}/start")
    return str(await pool.fetchval("SELECT id FROM campaign_prospects"))


async def test_a_viewer_sees_every_rule_the_first_blocker_and_the_next_moment(stage: Stage, pool: asyncpg.Pool) -> None:
    prospect = await enrolled(stage, pool, start=False)
    async with stage.client(stage.viewer) as client:
        draft = (await client.get(f"/api/prospects/{prospect}/explain")).json()
    assert draft["success"] is True
    assert (draft["decision"]["verdict"], draft["decision"]["reason"]) == ("hold", "campaign_not_running")
    assert draft["decision"]["condition"] == "campaign_running"
    assert draft["decision"]["then"] is not None
    assert draft["first_blocker"] == "planned"
    assert {"name", "value", "limit", "verdict", "until"} == set(draft["rules"][0])
    assert draft["words"] == "Hi Ana"
    assert (draft["campaign"], draft["account"], draft["timezone"]) == ("Autumn", "Ana", "Europe/Berlin")


async def test_another_workspace_sees_nobody_and_the_platform_sees_everybody(stage: Stage, pool: asyncpg.Pool) -> None:
    prospect = await enrolled(stage, pool)
    async with stage.client(stage.foreign) as client:
        error = refusal(await client.get(f"/api/prospects/{prospect}/explain"), 404)
    assert error["code"] == "unknown_prospect"
    async with stage.client(stage.platform) as client:
        assert (await client.get(f"/api/prospects/{prospect}/explain")).status_code == 200
    async with stage.client(None) as client:
        assert (await client.get(f"/api/prospects/{prospect}/explain")).status_code == 401


async def test_a_workspace_learns_of_lists_for_everywhere_and_of_its_own_past(stage: Stage, pool: asyncpg.Pool) -> None:
    prospect = await enrolled(stage, pool)
    async with stage.client(stage.viewer) as client:
        before = (await client.get(f"/api/prospects/{prospect}/explain")).json()
        await pool.execute("INSERT INTO suppressions (kind, value, reason) VALUES ('person', 'in:ana-prova', 'asked us')")
        after = (await client.get(f"/api/prospects/{prospect}/explain")).json()
        await pool.execute("UPDATE campaigns SET status = 'paused'")
        then = (await client.get(f"/api/prospects/{prospect}/explain", params={"at": before["at"]})).json()
    assert after["decision"]["reason"] == "suppressed"
    assert (then["campaign_status"], then["decision"]) == ("running", before["decision"])


async def test_what_cannot_be_read_is_refused_with_what_to_write(stage: Stage, pool: asyncpg.Pool) -> None:
    prospect = await enrolled(stage, pool)
    async with stage.client(stage.viewer) as client:
        assert (await client.get("/api/prospects/ana/explain")).status_code == 422
        assert (await client.get(f"/api/prospects/{prospect}/explain", params={"at": "yesterday"})).status_code == 422
        error = refusal(await client.get(f"/api/prospects/{prospect}/explain", params={"at": "2026-03-10T15:00:00"}), 422)
        assert "has no offset" in error["message"]
        error = refusal(await client.get(f"/api/prospects/{prospect}/explain", params={"at": "1999-03-10T15:00:00Z"}), 422)
        assert error["code"] == "before_enrolment"
        assert "was enrolled in 'Autumn' only at" in error["message"]


async def test_history_of_another_workspace_is_never_read(stage: Stage, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        account = await builders.an_account(connection, stage.theirs)
        await connection.execute("UPDATE accounts SET name = 'secret' WHERE id = $1", account)
        async with connection.transaction():
            await connection.execute(
                "SELECT set_config('role', 'tact_tenant', true), set_config('tact.workspace', $1, true)", str(stage.ours)
            )
            assert await connection.fetchval("SELECT count(*) FROM history") == 0
            assert await connection.fetchval("SELECT count(*) FROM account_spacing_history") == 0
