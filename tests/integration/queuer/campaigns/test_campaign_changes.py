"""What a change of a campaign does to people who are planned, under way, or not there yet."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.queuer.store.campaigns.campaigns import get_campaign
from services.queuer.workflows.campaigns import run
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from services.queuer.workflows.campaigns.create import create_campaign
from services.queuer.workflows.planning.plan import Planner
from shared.refusals import Conflict, Refused
from shared.vocabulary import CampaignType, MissingValue
from tests.integration.queuer.api_stage import Stage

LIST = "".join(
    ["First Name,Company,URL\n", "Ana,Acme,https://www.linkedin.com/in/ana\n", "Bo,,https://www.linkedin.com/in/bo\n"]
    + [f"P{number},Co,https://www.linkedin.com/in/p-{number}\n" for number in range(3)]
)


@pytest.fixture
async def campaign_id(stage: Stage, queuer: asyncpg.Pool) -> UUID:
    """A messenger campaign with five people, not started."""
    made = await create_campaign(
        queuer,
        workspace_id=stage.ours,
        campaign_name="Spring",
        campaign_type=CampaignType.MESSENGER,
        message_templates={"direct_message_1": "Hi {firstName}", "follow_up_1": "Still there?"},
        accounts=["Ana"],
    )
    async with stage.client(stage.operator) as client:
        answer = await client.post(f"/api/campaigns/{made.campaign.id}/import", params={"approved": "true"}, content=LIST.encode())
        assert answer.json()["enrolled"] == 5
    return made.campaign.id


async def plan(pool: asyncpg.Pool) -> None:
    """Plan everybody who can be planned."""
    planner = Planner(pool, batch=100, recipients_stay_fresh=timedelta(days=30))
    while await planner.sweep():
        pass


async def sends(pool: asyncpg.Pool, columns: str = "message") -> list[Any]:
    """Of the planned sends, by the lead's name."""
    rows = await pool.fetch(f"SELECT {columns} FROM send_queue s JOIN leads l ON l.id = s.lead_id ORDER BY l.first_name")  # noqa: S608
    return [tuple(row) if len(row) > 1 else row[0] for row in rows]


async def test_a_new_text_reaches_what_is_planned_and_not_what_is_frozen(
    queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID
) -> None:
    await run.start(queuer, campaign_id)
    await plan(queuer)
    await pool.execute("UPDATE send_queue SET dispatch_no = 1 WHERE lead_id = (SELECT id FROM leads WHERE first_name = 'Bo')")
    done = await change_campaign(queuer, campaign_id, CampaignChanges(message_templates={"direct_message_1": "Good day {firstName}"}))
    assert done.changed
    assert done.campaign.version == 2
    assert await sends(pool) == ["Good day Ana", "Hi Bo", "Good day P0", "Good day P1", "Good day P2"]
    assert await pool.fetchval("SELECT bool_and(message_sha256 = sha256(convert_to(message, 'UTF8'))) FROM send_queue")
    versions = await pool.fetch("SELECT DISTINCT w.version FROM campaign_prospects p JOIN workflows w ON w.id = p.workflow_id")
    assert [row["version"] for row in versions] == [1]


async def test_people_nobody_has_planned_take_the_newest_steps(queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID) -> None:
    await change_campaign(queuer, campaign_id, CampaignChanges(message_templates={"direct_message_1": "Good day {firstName}"}))
    await run.start(queuer, campaign_id)
    await plan(queuer)
    assert (await sends(pool))[0] == "Good day Ana"
    versions = await pool.fetch("SELECT DISTINCT w.version FROM campaign_prospects p JOIN workflows w ON w.id = p.workflow_id")
    assert [row["version"] for row in versions] == [2]


async def test_the_same_change_again_changes_nothing(queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID) -> None:
    changes = CampaignChanges(
        campaign_name="Summer",
        message_templates={"direct_message_1": "Good day", "follow_up_1": None, "follow_up_2": "Hello?"},
        step_delays={"follow_up_2": 24},
        schedule_settings={"working_hours_start": 9, "days": ["mon", "tue"]},
        accounts=["acc-bo", "acc-ana"],
        settings={"on_missing": MissingValue.BLANK, "turn_length": 3},
    )
    first, second = [await change_campaign(queuer, campaign_id, changes) for _ in range(2)]
    assert (first.changed, second.changed) == (True, False)
    campaign = second.campaign
    assert campaign.version == 2
    assert campaign.campaign_name == "Summer"
    assert campaign.message_templates == {"direct_message_1": "Good day", "follow_up_2": "Hello?"}
    assert [step.delay for step in campaign.steps] == [timedelta(), timedelta(days=1)]
    assert campaign.schedule_settings == {"working_hours_start": "09:00", "days": [0, 1]}
    assert [account.name for account in campaign.accounts] == ["Bo", "Ana"]
    assert await pool.fetchval("SELECT linkedin_account_id FROM campaigns") == campaign.accounts[0].id
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE verb = 'change'") == 1


async def test_a_lead_whom_the_new_text_cannot_be_filled_for_is_given_up_with_the_reason(
    queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID
) -> None:
    await run.start(queuer, campaign_id)
    await plan(queuer)
    await change_campaign(queuer, campaign_id, CampaignChanges(message_templates={"direct_message_1": "Hi {firstName} of {company}"}))
    states = await sends(pool, "l.first_name, s.status, s.error_message")
    assert states[1][:2] == ("Bo", "failed")
    assert "{company}: the lead has no value" in states[1][2]
    assert {state[1] for state in states if state[0] != "Bo"} == {"pending"}
    rows = await pool.fetch(
        "SELECT l.first_name, p.outcome FROM campaign_prospects p JOIN leads l ON l.id = p.lead_id WHERE p.status = 'failed'"
    )
    assert [tuple(row) for row in rows] == [("Bo", "blocked")]
    told = [json.loads(row["payload"]) for row in await pool.fetch("SELECT payload FROM outbox WHERE topic = 'sends.completed'")]
    assert [(each["outcome"], each["for_good"], each["reason"]) for each in told] == [("failed", True, states[1][2])]


async def test_a_later_step_that_is_left_out_wakes_the_planner_for_the_next(
    queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID
) -> None:
    await run.start(queuer, campaign_id)
    await plan(queuer)
    await pool.execute("DELETE FROM outbox")
    await pool.execute("UPDATE send_queue SET message_type = 'follow_up_1', step_position = 2, message = 'Still there?'")
    await change_campaign(
        queuer,
        campaign_id,
        CampaignChanges(message_templates={"follow_up_1": "How is {company}?"}, settings={"on_missing": MissingValue.SKIP}),
    )
    assert [state for state in await sends(pool, "l.first_name, s.status") if state[1] != "pending"] == [("Bo", "skipped")]
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 1


async def test_a_running_campaign_keeps_a_first_step_and_an_account(queuer: asyncpg.Pool, campaign_id: UUID) -> None:
    await run.start(queuer, campaign_id)
    with pytest.raises(Refused, match="begins with direct_message_1"):
        await change_campaign(queuer, campaign_id, CampaignChanges(message_templates={"direct_message_1": None}))
    with pytest.raises(Refused, match="leave it at least one account"):
        await change_campaign(queuer, campaign_id, CampaignChanges(accounts=[]))
    with pytest.raises(Refused, match="Working hours end at 06:00"):
        await change_campaign(queuer, campaign_id, CampaignChanges(schedule_settings={"working_hours_end": 6}))


async def test_a_name_that_another_campaign_has_is_refused(stage: Stage, queuer: asyncpg.Pool, campaign_id: UUID) -> None:
    await create_campaign(queuer, workspace_id=stage.ours, campaign_name="Winter", campaign_type=CampaignType.MESSENGER)
    with pytest.raises(Conflict, match="Another campaign of the workspace is called 'winter'"):
        await change_campaign(queuer, campaign_id, CampaignChanges(campaign_name="winter"))


async def test_resuming_opens_the_lanes_and_wakes_the_accounts(queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID) -> None:
    await run.start(queuer, campaign_id)
    await plan(queuer)
    await run.pause(queuer, campaign_id)
    await pool.execute("UPDATE lanes SET condition = 'campaign_running', reason = 'campaign_not_running'")
    await pool.execute("UPDATE accounts SET wake_at = NULL")
    await run.resume(queuer, campaign_id)
    assert await pool.fetchval("SELECT count(*) FROM lanes") > 0
    assert await pool.fetchval("SELECT count(*) FROM lanes WHERE condition IS NOT NULL") == 0
    assert await pool.fetchval("SELECT wake_at <= business_now() FROM accounts WHERE name = 'Ana'")
    assert await pool.fetchval("SELECT wake_at FROM accounts WHERE name = 'Bo'") is None


async def test_ending_a_campaign_cancels_what_was_planned(queuer: asyncpg.Pool, pool: asyncpg.Pool, campaign_id: UUID) -> None:
    await run.start(queuer, campaign_id)
    await plan(queuer)
    planned = (await get_campaign(queuer, campaign_id)).next_planned_at
    done = await run.complete(queuer, campaign_id)
    again = await run.complete(queuer, campaign_id)
    assert planned is not None
    assert (done.changed, again.changed) == (True, False)
    assert done.campaign.completed_at is not None
    assert done.campaign.next_planned_at is None
    assert set(await sends(pool, "s.status, s.error_message")) == {("cancelled", "The campaign was completed.")}


async def test_a_campaign_may_be_told_to_share_its_people_with_another(queuer: asyncpg.Pool, campaign_id: UUID) -> None:
    assert (await get_campaign(queuer, campaign_id)).allow_parallel is False
    assert (await change_campaign(queuer, campaign_id, CampaignChanges(settings={"allow_parallel": True}))).campaign.allow_parallel is True
    assert (await change_campaign(queuer, campaign_id, CampaignChanges(settings={"allow_parallel": True}))).changed is False
