"""The queue in figures over HTTP: what was sent, what waits and why, counted by account, campaign and workspace."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from services.queuer.store.insight.queue import MOST_A_DAY, queries
from tests.integration.queuer.api_stage import Stage
from tests.integration.queuer.insight.test_failed_desk import body, failed
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send, set_clock

SATURDAY = BASE + timedelta(days=4)


class Queue:
    """Ana's account in a running campaign, and what is put into its queue."""

    def __init__(self, pool: asyncpg.Pool, workspace: UUID, account: UUID, campaign: UUID) -> None:
        self.pool, self.workspace, self.account, self.campaign = pool, workspace, account, campaign

    async def put(self, count: int = 1, **values: Any) -> list[UUID]:
        """Sends of new people."""
        made = []
        async with self.pool.acquire() as connection:
            for _ in range(count):
                prospect = await a_prospect(connection, self.campaign, await a_lead(connection, self.workspace))
                made.append(await a_send(connection, prospect, self.account, **values))
        return made


async def a_queue(pool: asyncpg.Pool, stage: Stage, *, ours: bool = True) -> Queue:
    """On a Tuesday at 16:00 in Berlin."""
    workspace = stage.ours if ours else stage.theirs
    async with pool.acquire() as connection:
        await set_clock(connection)
        account = await connection.fetchval("SELECT id FROM accounts WHERE workspace_id = $1 ORDER BY name LIMIT 1", workspace)
        campaign = await a_campaign(connection, workspace, [account], campaign_name="Autumn")
        for action in ("invitation", "message"):
            await connection.execute("INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, $3)", account, campaign, action)
    return Queue(pool, workspace, account, campaign)


async def use(pool: asyncpg.Pool, account: UUID, used: int) -> None:
    """Count invitations on the account's own day."""
    await pool.execute(
        "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', $3)", account, BASE.date(), used
    )


async def test_figures_are_counted_by_account_campaign_and_workspace(stage: Stage, pool: asyncpg.Pool) -> None:
    queue = await a_queue(pool, stage)
    await queue.put(2, status="sent", sent_at=BASE - timedelta(minutes=2))
    await queue.put(1, status="sent", sent_at=BASE - timedelta(minutes=40))
    await queue.put(1, status="sent", sent_at=BASE - timedelta(hours=5))
    await queue.put(1, status="sent", sent_at=BASE - timedelta(hours=30))
    await queue.put(1, status="pending", scheduled_for=BASE + timedelta(minutes=30))
    await queue.put(2, status="pending", scheduled_for=BASE + timedelta(minutes=45))
    await failed(pool, stage, campaign=queue.campaign)
    await use(pool, queue.account, 4)
    async with stage.client(stage.viewer) as client:
        found = body(await client.get("/api/queue"))
    wanted = {
        "sent_today": 4,
        "pending": 3,
        "failed": 1,
        "undecided": 0,
        "next_planned_at": "2026-03-10T15:30:00Z",
        "sent_in_5_minutes": 2,
        "sent_in_60_minutes": 3,
    }
    [ana, bo] = found["accounts"]
    if ana["name"] != "Ana":
        ana, bo = bo, ana
    assert ana["figures"] == found["totals"] == found["campaigns"][0]["figures"] == found["workspaces"][0]["figures"] == wanted
    assert ana["budgets"] == {"invitation": {"used": 4, "cap": 40}, "message": {"used": 0, "cap": 100}}
    assert (ana["reason"], ana["next_at"]) == ("not_due", "2026-03-10T15:30:00Z")
    assert (bo["reason"], bo["figures"]["pending"]) == ("nothing_planned", 0)
    assert [campaign["campaign_name"] for campaign in found["campaigns"]] == ["Autumn"]
    assert found["complete"] is True
    assert found["waiting"] == []


async def test_an_account_that_warms_up_is_shown_with_what_it_may_do_today(stage: Stage, pool: asyncpg.Pool) -> None:
    queue = await a_queue(pool, stage)
    await pool.execute("UPDATE accounts SET warm_up_from = $2 WHERE id = $1", queue.account, BASE.date())
    await use(pool, queue.account, 8)
    await queue.put(1, status="pending", scheduled_for=BASE - timedelta(minutes=1))
    async with stage.client(stage.viewer) as client:
        found = body(await client.get("/api/queue", params={"account_id": str(queue.account)}))
    [ana] = found["accounts"]
    assert ana["budgets"] == {"invitation": {"used": 8, "cap": 8}, "message": {"used": 0, "cap": 20}}
    assert ana["detail"] == "Daily limit reached (8/8) for invitations."


async def test_what_is_due_and_waits_is_measured_by_what_holds_it(stage: Stage, pool: asyncpg.Pool) -> None:
    queue = await a_queue(pool, stage)
    for minutes in range(1, 11):
        await queue.put(status="pending", scheduled_for=BASE - timedelta(minutes=minutes))
    await use(pool, queue.account, 40)
    async with stage.client(stage.viewer) as client:
        [capped] = body(await client.get("/api/queue"))["waiting"]
        await pool.execute("UPDATE accounts SET status = 'disconnected', status_reason = 'Session expired.' WHERE id = $1", queue.account)
        lost = body(await client.get("/api/queue"))
        async with pool.acquire() as connection:
            await set_clock(connection, SATURDAY)
        await pool.execute("UPDATE accounts SET status = 'usable' WHERE id = $1", queue.account)
        [weekend] = body(await client.get("/api/queue"))["waiting"]
    asked = capped.pop("p50"), capped.pop("p90"), capped.pop("p99")
    assert capped == {"reason": "daily_cap", "sends": 10}
    assert [round(each, -1) for each in asked] == [300, 540, 600]
    assert [waits["reason"] for waits in lost["waiting"]] == ["account_disconnected"]
    ana = next(account for account in lost["accounts"] if account["name"] == "Ana")
    assert ana["detail"] == "The provider has lost the account's session. Reconnect the account there. Session expired."
    assert weekend["reason"] == "weekend"


async def test_a_workspace_sees_its_own_queue_and_an_operator_of_the_platform_all(stage: Stage, pool: asyncpg.Pool) -> None:
    ours, theirs = await a_queue(pool, stage), await a_queue(pool, stage, ours=False)
    await ours.put(2, status="pending", scheduled_for=BASE + timedelta(hours=1))
    await theirs.put(3, status="pending", scheduled_for=BASE + timedelta(hours=1))
    async with stage.client(stage.foreign) as client:
        foreign = body(await client.get("/api/queue"))
        for there in ({"workspace_id": str(stage.ours)}, {"account_id": str(ours.account)}, {"campaign_id": str(ours.campaign)}):
            body(await client.get("/api/queue", params=there), 404)
    async with stage.client(stage.platform) as client:
        platform = body(await client.get("/api/queue"))
        narrowed = body(await client.get("/api/queue", params={"workspace_id": str(stage.ours)}))
        by_campaign = body(await client.get("/api/queue", params={"campaign_id": str(ours.campaign)}))
        body(await client.get("/api/queue", params={"account_id": str(uuid4())}), 404)
    assert (foreign["totals"]["pending"], [account["name"] for account in foreign["accounts"]]) == (3, ["Zoe"])
    assert (platform["totals"]["pending"], len(platform["workspaces"])) == (5, 2)
    assert narrowed["totals"]["pending"] == by_campaign["totals"]["pending"] == 2
    assert [account["name"] for account in by_campaign["accounts"]] == ["Ana"]


async def test_the_figures_cost_what_they_show_and_not_what_is_stored(stage: Stage, pool: asyncpg.Pool) -> None:
    """With forty thousand old sends of the account the same few pages are read."""
    queue = await a_queue(pool, stage)
    [old] = await queue.put(1, status="sent", sent_at=BASE - timedelta(days=40))
    await queue.put(3, status="pending", scheduled_for=BASE + timedelta(minutes=5))
    await pool.execute(
        """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position,
                                   action, next_action, message, message_sha256, scheduled_for, status, sent_at)
           SELECT gen_random_uuid(), workspace_id, campaign_id, prospect_id, lead_id, account_id, 'follow_up_' || n, 2,
                  'message', 'message', message, message_sha256, scheduled_for, 'sent', sent_at - n * interval '1 minute'
             FROM send_queue, generate_series(1, 40000) n WHERE id = $1""",
        old,
    )
    await pool.execute("VACUUM ANALYZE send_queue")
    midnight = BASE - timedelta(hours=16)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE tact_tenant")
        await connection.execute("SELECT set_config('tact.workspace', $1, true)", str(stage.ours))
        asked = [BASE, [queue.account], [midnight], MOST_A_DAY, None]
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queries.sent_by_lane.sql}", *asked)
    top = plan[0]["Plan"]
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 10, plan
    async with stage.client(stage.viewer) as client:
        found = body(await client.get("/api/queue"))
    assert (found["totals"]["sent_today"], found["totals"]["pending"]) == (0, 3)
