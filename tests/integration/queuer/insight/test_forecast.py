"""A campaign's forecast over HTTP and on the command line: from real rows, for those who may ask, without writing anything."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from cli.app import app
from services.queuer.rules.insight.forecast import foretell
from services.queuer.workflows.insight.forecast import MOST_WAITING, Forecasts, prepare
from shared.db.pool import Connection
from shared.refusals import Busy, Conflict, NotFound, Refused
from shared.vocabulary import Action
from tests.integration.queuer.api_stage import Stage
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send, a_workspace, an_account, set_clock
from tests.support.facts import eventually
from tests.support.serving import Served
from tests.unit.queuer.insight.forecast_cases import a_forecast_account, a_question, some_work


async def a_campaign_of(pool: asyncpg.Pool, *, people: int = 50, accounts: int = 1, **campaign: Any) -> UUID:
    """A running campaign of a workspace of its own, with people nobody has planned, on a clock that shows BASE."""
    async with pool.acquire() as connection:
        await set_clock(connection)
        workspace = await a_workspace(connection)
        ids = [await an_account(connection, workspace, name=f"Ana {number}") for number in range(1, accounts + 1)]
        campaign_id = await a_campaign(connection, workspace, ids, **campaign)
        await enrol(connection, campaign_id, people)
        return campaign_id


async def enrol(connection: Connection, campaign_id: UUID, people: int, **prospect: Any) -> list[UUID]:
    workspace = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", campaign_id)
    return [await a_prospect(connection, campaign_id, await a_lead(connection, workspace), **prospect) for _ in range(people)]


async def ours(pool: asyncpg.Pool, stage: Stage, people: int) -> str:
    """A campaign of the stage's first workspace."""
    async with pool.acquire() as connection:
        await set_clock(connection)
        accounts = await connection.fetch("SELECT id FROM accounts WHERE workspace_id = $1 ORDER BY provider_account_id", stage.ours)
        campaign_id = await a_campaign(connection, stage.ours, [row["id"] for row in accounts], campaign_name="Autumn")
        await enrol(connection, campaign_id, people)
        return f"/api/campaigns/{campaign_id}/forecast"


def refusal(answer: httpx.Response, status: int) -> str:
    """The error's sentence."""
    assert answer.status_code == status, answer.text
    message: str = answer.json()["error"]["message"]
    assert message.endswith((".", "?"))
    return message


async def test_the_api_says_what_leaves_on_which_day_and_when_it_ends(stage: Stage, pool: asyncpg.Pool) -> None:
    path = await ours(pool, stage, people=90)
    async with stage.client(stage.viewer) as client:
        plain = (await client.get(path, params={"days": 5})).json()
        slow = (await client.get(path, params={"days": 5, "set": ["daily_cap=10", "reply_rate=0"], "holiday": "DE:2026-03-11"})).json()
    assert [account["name"] for account in plain["accounts"]] == ["Ana", "Bo"]
    for account in plain["accounts"]:  # two hours of Berlin's Tuesday are left, four minutes for each look-up and invitation
        (tuesday, some), (wednesday, rest) = [(day["day"], day["invitations"]) for day in account["days"] if day["invitations"]]
        assert (tuesday, wednesday, some + rest) == ("2026-03-10", "2026-03-11", 45)
        assert 24 <= some <= 30
    assert (plain["people"], plain["contacted"], plain["supposed"], plain["notes"]) == (90, 90, [], [])
    assert plain["rates"]["measured_on"] == 0
    assert {cost["rule"] for cost in plain["costs"]} == {
        "daily_cap",
        "weekly_cap",
        "warm_up",
        "spacing",
        "hours",
        "weekends",
        "holidays",
        "other_campaigns",
    }
    assert [(day["day"], day["invitations"]) for day in slow["accounts"][0]["days"]][:2] == [("2026-03-10", 10), ("2026-03-12", 10)]
    assert slow["supposed"] == ["daily_cap=10", "reply_rate=0", "DE:2026-03-11"]
    assert slow["last_first_contact"] > plain["last_first_contact"]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"set": "daily_cap=0"}, "from 1 to 100"),
        ({"set": "nonsense=1"}, "write word=value with one of"),
        ({"holiday": "FR:2026-12-24"}, "No account here follows the calendar of FR"),
        ({"set": "working_hours_start=23"}, "never open"),
    ],
)
async def test_what_cannot_be_supposed_is_refused_with_a_sentence(
    stage: Stage, pool: asyncpg.Pool, params: dict[str, str], sentence: str
) -> None:
    path = await ours(pool, stage, people=1)
    async with stage.client(stage.viewer) as client:
        assert sentence in refusal(await client.get(path, params=params), 422)


async def test_nobody_forecasts_anothers_campaign_or_one_that_is_not_there(stage: Stage, pool: asyncpg.Pool) -> None:
    path = await ours(pool, stage, people=1)
    async with stage.client(stage.foreign) as client:
        assert "There is no campaign" in refusal(await client.get(path), 404)
    async with stage.client(stage.viewer) as client:
        assert "There is no campaign" in refusal(await client.get(f"/api/campaigns/{uuid4()}/forecast"), 404)
        for days in ("0", "367", "many"):
            assert (await client.get(path, params={"days": days})).status_code == 422
    async with stage.client(None) as client:
        assert (await client.get(path)).status_code == 401
    async with stage.client(stage.platform) as client:
        assert (await client.get(path, params={"days": 1})).status_code == 200


async def test_a_forecast_counts_what_is_planned_under_way_and_sent(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    campaign_id = await a_campaign_of(pool, people=3)
    async with pool.acquire() as connection:
        account = await connection.fetchval("SELECT account_id FROM campaign_accounts WHERE campaign_id = $1", campaign_id)
        planned, looked_up, waiting, reached, invited, opted_out = await enrol(connection, campaign_id, 6)
        await a_send(connection, planned, account, status="pending", dispatch_no=0, next_action="profile_lookup")
        await a_send(connection, looked_up, account, status="pending", dispatch_no=0)
        await a_send(
            connection,
            reached,
            account,
            status="pending",
            dispatch_no=0,
            action="message",
            step_position=2,
            scheduled_for=BASE + timedelta(1),
        )
        await a_send(connection, invited, account, status="sent", sent_at=BASE - timedelta(hours=30))
        await connection.execute("UPDATE campaign_prospects SET status = 'connected' WHERE id = $1", reached)
        await connection.execute(
            "UPDATE campaign_prospects SET status = 'connection_request_sent', account_id = $3, contacted_at = $2 WHERE id = ANY($1)",
            [invited, waiting],
            BASE - timedelta(hours=30),
            account,
        )
        await connection.execute(
            "UPDATE leads SET opted_out_at = $2 WHERE id = (SELECT lead_id FROM campaign_prospects WHERE id = $1)", opted_out, BASE
        )
        await connection.execute(
            "INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, 'invitation', 3)",
            account,
            (BASE - timedelta(hours=30)).date(),
        )
    async with queuer.acquire() as connection, connection.transaction(readonly=True):
        (account,) = (await prepare(connection, campaign_id)).question.accounts
    (work,) = account.work
    assert (work.known, work.unknown, len(work.invited), len(work.later)) == (1, 4, 2, 1)
    assert len(account.invitations) == 3  # one of ours, two that somebody sent by hand on that day
    assert min(account.invitations) == BASE - timedelta(hours=30)


async def test_rates_are_measured_once_enough_people_had_time_to_answer(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    campaign_id = await a_campaign_of(pool, people=0)
    long_ago = BASE - timedelta(days=20)
    async with pool.acquire() as connection:
        await enrol(connection, campaign_id, 30, status="completed", contacted_at=long_ago)
        await enrol(connection, campaign_id, 25, status="connected", contacted_at=long_ago, connected_at=long_ago + timedelta(days=2))
        await enrol(connection, campaign_id, 15, status="replied", contacted_at=long_ago, connected_at=long_ago + timedelta(days=2))
        await enrol(connection, campaign_id, 99, status="connection_request_sent", contacted_at=BASE - timedelta(days=1))
    async with queuer.acquire() as connection:
        rates = (await prepare(connection, campaign_id)).rates
    assert (rates.contacted, round(rates.acceptance, 3), round(rates.reply, 3)) == (70, 0.571, 0.375)
    assert rates.accepted_after == timedelta(days=2)


async def test_limits_are_the_accounts_own_its_workspaces_and_its_tiers(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    campaign_id = await a_campaign_of(pool, people=1, accounts=2)
    async with pool.acquire() as connection:
        await connection.execute("UPDATE workspaces SET tier = 'growth', daily_message_limit = 60")
        await connection.execute("UPDATE accounts SET warm_up_from = $1, weekly_cr_limit = 70 WHERE name = 'Ana 2'", BASE.date())
    async with queuer.acquire() as connection:
        first, second = (await prepare(connection, campaign_id)).question.accounts
    assert (first.caps[Action.INVITATION], first.caps[Action.MESSAGE], first.weekly_cap, first.warm_up_from) == (50, 60, 150, None)
    assert (second.weekly_cap, second.warm_up_from) == (70, BASE.date())


@pytest.mark.parametrize("window_zone", ["prospect", "both"])
async def test_hours_that_follow_the_prospect_are_forecast_by_the_prospects_zones(
    pool: asyncpg.Pool, queuer: asyncpg.Pool, window_zone: str
) -> None:
    campaign_id = await a_campaign_of(pool, people=0, schedule_settings={"window_zone": window_zone})
    async with pool.acquire() as connection:
        workspace = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", campaign_id)
        for zone, people in (("America/Los_Angeles", 4), ("America/New_York", 2), (None, 3)):
            for _ in range(people):
                await a_prospect(connection, campaign_id, await a_lead(connection, workspace, timezone=zone))
    async with queuer.acquire() as connection:
        ready = await prepare(connection, campaign_id, sets=["working_hours_end=17"])
    (account,) = ready.question.accounts
    zones = {(work.schedule.prospects or work.schedule).zone.key: work.unknown for work in account.work}
    assert zones == {"America/Los_Angeles": 4, "America/New_York": 5}  # whoever's place nobody knows has the account's hours
    assert all((work.schedule.prospects or work.schedule).closes == 1020 for work in account.work)
    assert foretell(ready.question).contacted == 9


async def test_campaigns_that_share_an_account_are_counted_and_others_are_not(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    campaign_id = await a_campaign_of(pool, people=10)
    async with pool.acquire() as connection:
        workspace = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", campaign_id)
        account = await connection.fetchval("SELECT account_id FROM campaign_accounts WHERE campaign_id = $1", campaign_id)
        other = await an_account(connection, workspace)
        rival = await a_campaign(connection, workspace, [account, other], campaign_name="Rival")
        await enrol(connection, rival, 9)
        await enrol(connection, await a_campaign(connection, workspace, [account], status="draft"), 5)
        await enrol(connection, await a_campaign(connection, workspace, [other]), 5)
    async with queuer.acquire() as connection:
        question = (await prepare(connection, campaign_id)).question
    (account,) = question.accounts
    assert {work.campaign_id: work.unknown for work in account.work} == {campaign_id: 10, rival: 5}
    assert question.names[rival] == "Rival"


async def test_a_rival_whose_hours_nobody_can_read_takes_no_time_and_ones_own_are_refused(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    campaign_id = await a_campaign_of(pool, people=10)
    async with pool.acquire() as connection:
        workspace = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", campaign_id)
        account = await connection.fetchval("SELECT account_id FROM campaign_accounts WHERE campaign_id = $1", campaign_id)
        rival = await a_campaign(connection, workspace, [account], schedule_settings={"timezone": "Atlantis/Capital"})
        await enrol(connection, rival, 9)
    async with queuer.acquire() as connection:
        (account,) = (await prepare(connection, campaign_id)).question.accounts
        assert [work.campaign_id for work in account.work] == [campaign_id]
        with pytest.raises(Refused, match=r"for the account '.+': .*Atlantis/Capital"):
            await prepare(connection, rival)


async def test_a_draft_is_forecast_as_if_it_ran_and_what_cannot_run_is_refused(pool: asyncpg.Pool, queuer: asyncpg.Pool) -> None:
    draft = await a_campaign_of(pool, people=1, status="draft")
    over = await a_campaign_of(pool, people=1, status="cancelled")
    nobody = await a_campaign_of(pool, people=1, accounts=0, status="draft")
    wordless = await a_campaign_of(pool, people=1, status="draft", message_templates={})
    mail = await a_campaign_of(pool, people=1, status="draft", campaign_type="email")
    async with queuer.acquire() as connection:
        assert (await prepare(connection, draft)).notes == ("The campaign is draft: this is what would happen if it ran from now on.",)
        with pytest.raises(Conflict, match="is cancelled: nothing more of it will leave"):
            await prepare(connection, over)
        with pytest.raises(Refused, match="no account to send from"):
            await prepare(connection, nobody)
        with pytest.raises(Refused, match="no steps"):
            await prepare(connection, wordless)
        with pytest.raises(Refused, match="E-mail campaigns cannot run yet"):
            await prepare(connection, mail)
        with pytest.raises(Refused, match="days is 0; write 1 to 366"):
            await prepare(connection, draft, days=0)
        with pytest.raises(NotFound):
            await prepare(connection, uuid4())


async def test_a_forecast_changes_nothing(stage: Stage, pool: asyncpg.Pool) -> None:
    path = await ours(pool, stage, people=5)
    tables = ("campaigns", "campaign_prospects", "send_queue", "accounts", "lanes", "audit_log", "outbox", "account_usage")
    before = [await pool.fetchval(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t") for table in tables]  # noqa: S608 - our own words
    async with stage.client(stage.viewer) as client:
        assert (await client.get(path, params={"set": "accounts=+2"})).status_code == 200
    after = [await pool.fetchval(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t") for table in tables]  # noqa: S608 - our own words
    assert before == after


async def test_a_request_bounds_its_work_and_its_company() -> None:
    forecasts = Forecasts()
    with pytest.raises(Refused, match=r"at most\. Ask for fewer days, or run `tact forecast`"):
        await forecasts.answer(
            a_question(*(a_forecast_account(some_work(unknown=10_000), number=number) for number in range(200)), days=300)
        )
    forecasts._waiting = MOST_WAITING
    with pytest.raises(Busy, match="ask again in a minute"):
        await forecasts.answer(a_question(a_forecast_account(some_work(unknown=1))))
    await forecasts.close()


async def test_a_service_that_stops_waits_for_no_forecast() -> None:
    forecasts = Forecasts()
    accounts = [a_forecast_account(some_work(unknown=400), number=number) for number in range(500)]
    answering = asyncio.create_task(forecasts.answer(a_question(*accounts)))
    await eventually(lambda: forecasts._process is not None and forecasts._process.is_alive(), what="the forecast's process to run")
    await forecasts.close()
    with pytest.raises(Busy, match="not ready in time"):
        await answering
    assert (await forecasts.answer(a_question(a_forecast_account(some_work(known=3))))).contacted == 3


@pytest.fixture
def tact(served_api: Served, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line on the test's database."""
    for name, value in served_api.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "80")
    return CliRunner()


async def told(tact: CliRunner, *words: str) -> str:
    """What the command prints; it has an event loop of its own."""
    result = await asyncio.to_thread(tact.invoke, app, ["forecast", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


async def test_the_command_line_shows_days_and_costs_in_80_columns(tact: CliRunner, pool: asyncpg.Pool) -> None:
    await a_campaign_of(pool, people=330, accounts=5, campaign_name="Spring")
    said = await told(tact, "spring", "--days", "10", "--set", "daily_cap=25", "--holiday", "US:2026-03-12")
    lines = said.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert lines[0].startswith("Spring: 330 people to contact, 10 days from 2026-03-10 15:00 UTC.")
    assert "Supposed: daily_cap=25, US:2026-03-12." in lines
    assert any(line.startswith("Tue 10 Mar") and line.endswith("25+0") for line in lines)
    assert not any(line.startswith("Thu 12 Mar") for line in lines)
    assert "1 more accounts: --account NAME shows others, --json all." in lines
    assert "No campaign of these accounts starves." in lines
    assert any(line.startswith("caps by day") for line in lines)


async def test_the_command_line_gives_one_json_document_and_refuses_in_one_sentence(tact: CliRunner, pool: asyncpg.Pool) -> None:
    await a_campaign_of(pool, people=3, campaign_name="Spring")
    document = json.loads(await told(tact, "spring", "--json"))
    assert (document["campaign_name"], document["contacted"]) == ("Spring", 3)
    for words, sentence in (
        (["nowhere"], "There is no campaign 'nowhere'"),
        (["spring", "--set", "daily_cap=many"], "whole number from 1 to 100"),
        (["spring", "--days", "400"], "days: Input should be less than or equal to 366"),
        (["spring", "--account", "Zoe"], "The campaign has no account 'Zoe'. It has: Ana 1."),
    ):
        with pytest.raises(Refused, match=sentence):
            await told(tact, *words)
