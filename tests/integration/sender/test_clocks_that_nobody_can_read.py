"""Zones and hours that one of us cannot read: Python's zones decide alone, and who has no hours holds up nobody else."""

import importlib.resources
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.store.insight.queue import QueueScope
from services.queuer.workflows.accounts.account_availability import load_availability as ask_queue
from services.queuer.workflows.insight.explain import Explanation, explain_prospect
from services.queuer.workflows.planning.plan import Planner
from tests.integration.sender.conftest import Stage
from tests.support import builders

CALL_TIMES = CallTimes(timedelta(seconds=5), timedelta(seconds=5))
OPEN_ALL_DAY = {"working_hours_start": "00:00", "working_hours_end": "24:00", "skip_weekends": False, "skip_holidays": False}
ATLANTIS = "Pacific/Atlantis"
NIGHT_OF_THE_ELEVENTH = date(2026, 3, 11)
"""BASE by Kiritimati's clocks, 14 hours ahead: 05:00 of the next day."""


@pytest.fixture
def newer_zones(tmp_path: Path) -> Iterator[None]:
    """Our tz database is of a later release than PostgreSQL's: it has a zone that PostgreSQL never heard of."""
    zone = tmp_path / "zones" / ATLANTIS
    zone.parent.mkdir(parents=True)
    zone.write_bytes((importlib.resources.files("tzdata") / "zoneinfo" / "Pacific" / "Kiritimati").read_bytes())
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path / "zones"), *before])
    yield
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache(only_keys=[ATLANTIS])


async def explained(stage: Stage, prospect: UUID) -> Explanation:
    async with stage.pool.acquire() as connection, connection.transaction(readonly=True):
        return await explain_prospect(connection, prospect, call_times=CALL_TIMES)


async def a_due_send(stage: Stage, *, campaign: dict[str, Any] | None = None, **account: Any) -> tuple[UUID, UUID, UUID]:
    """Of an account and a campaign of its own; returns send, prospect, account."""
    async with stage.pool.acquire() as connection:
        mine = await builders.an_account(connection, stage.workspace, **account)
        own = await builders.a_campaign(connection, stage.workspace, [mine], **(campaign or {}))
        prospect = await builders.a_prospect(connection, own, await builders.a_lead(connection, stage.workspace))
        send = await builders.a_send(connection, prospect, mine)
        await connection.execute("INSERT INTO lanes (account_id, campaign_id, action) VALUES ($1, $2, 'invitation')", mine, own)
    return send, prospect, mine


@pytest.mark.usefixtures("newer_zones")
async def test_the_day_that_counts_is_pythons_where_the_database_has_another(stage: Stage) -> None:
    await stage.pool.execute(
        "UPDATE accounts SET timezone = $2, schedule_settings = $3, daily_cr_limit = 1 WHERE id = $1", stage.account, ATLANTIS, OPEN_ALL_DAY
    )
    (first, _), (second, waiting) = await stage.due(), await stage.due()
    await stage.begin(first)
    await stage.settled()
    assert await stage.pool.fetchval("SELECT counted_on FROM send_attempts WHERE send_id = $1", first) == NIGHT_OF_THE_ELEVENTH
    [day] = await stage.pool.fetch("SELECT local_date, used FROM account_usage")
    assert tuple(day) == (NIGHT_OF_THE_ELEVENTH, 1)
    await stage.pool.execute("UPDATE accounts SET next_free_at = NULL")
    await stage.pool.execute(
        "INSERT INTO lanes (account_id, campaign_id, action) SELECT account_id, campaign_id, action FROM send_queue LIMIT 1"
    )
    said = await explained(stage, waiting)
    assert (said.answer.reason, said.answer.until) == ("daily_cap", datetime(2026, 3, 11, 10, 0, tzinfo=UTC))
    await stage.begin(second)
    assert await stage.pool.fetchval("SELECT closed_until FROM lanes WHERE reason = 'daily_cap'") == said.answer.until


async def test_hours_that_nobody_can_read_hold_their_own_sends_and_no_others_of_the_batch(stage: Stage) -> None:
    good, _ = await stage.due()
    of_campaign = await a_due_send(stage, campaign={"schedule_settings": {"timezone": "Atlantis/Capital"}})
    of_account = await a_due_send(stage, timezone="Atlantis/Capital")
    contradicting = await a_due_send(
        stage, schedule_settings={"working_hours_start": "18:00"}, campaign={"schedule_settings": {"working_hours_end": 9}}
    )
    unknown = await a_due_send(stage, campaign={"schedule_settings": {"opens": "at noon", "days": 7}})
    broken = [of_campaign, of_account, contradicting, unknown]
    await stage.begin(*(send for send, _, _ in broken), good)
    await stage.settled()
    assert (await stage.send_row(good))["status"] == "sent"
    for send, prospect, account in broken:
        [lane] = await stage.pool.fetch("SELECT reason, closed_until > business_now() FROM lanes WHERE account_id = $1", account)
        assert ((await stage.send_row(send))["status"], tuple(lane)) == ("pending", ("schedule_unreadable", True))
        said = await explained(stage, prospect)
        assert (said.answer.verdict, said.answer.reason, said.first_blocker) == ("hold", "schedule_unreadable", "settings")
        async with stage.pool.acquire() as connection:
            queued = await ask_queue(connection, QueueScope(account_id=account), CALL_TIMES)
        assert (queued.accounts[0].standing.reason, queued.next_at) == ("schedule_unreadable", None)
    named = next(line.value for line in (await explained(stage, of_campaign[1])).rules if line.name == "settings")
    assert "Unknown time zone 'Atlantis/Capital'" in named
    zone = (await explained(stage, of_account[1])).timezone
    assert zone == "UTC", "times are shown to people by clocks there are"


async def test_the_planner_plans_everybody_else_of_a_batch(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        lost = await builders.an_account(connection, stage.workspace, timezone="Atlantis/Capital")
        sound = await builders.an_account(connection, stage.workspace)
        shared = await builders.a_campaign(connection, stage.workspace, [lost, sound])
        broken = await builders.a_campaign(connection, stage.workspace, [sound], schedule_settings={"country": "Atlantis"})
        people = {
            campaign: [
                await builders.a_prospect(connection, campaign, await builders.a_lead(connection, stage.workspace)) for _ in range(3)
            ]
            for campaign in (shared, broken)
        }
        mine = await builders.a_prospect(connection, shared, await builders.a_lead(connection, stage.workspace), account_id=lost)
    planner = Planner(stage.pool, batch=100, recipients_stay_fresh=timedelta(days=30))
    outcomes = await planner.plan_counting([mine, *people[shared], *people[broken]])
    assert outcomes == {"pending": 3, "not_planned": 3}
    rows = await stage.pool.fetch("SELECT prospect_id, account_id FROM send_queue")
    assert {(row["prospect_id"], row["account_id"]) for row in rows} == {(person, sound) for person in people[shared]}
    for person in (mine, people[broken][0]):
        answer = (await explained(stage, person)).answer
        assert (answer.verdict, answer.reason) == ("hold", "schedule_unreadable")
