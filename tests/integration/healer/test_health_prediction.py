"""Causes are counted as sends end and corruption is found; the prediction made from them names, is checked, alerts and is shown."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from cli.app import app
from services.healer.store.health import risks as store
from services.healer.workflows.health.keep_alerts import AlertKeeper
from services.healer.workflows.health.measure import MeasureHealth
from services.healer.workflows.health.predict import Predict
from shared.runtime import version
from tests.integration.healer.health_stage import Stage, a_stage, people, sends
from tests.support.serving import Served

PATH = "/api/admin/data-integrity/risks"


@pytest.fixture
async def stage(database: str, pool: asyncpg.Pool) -> AsyncIterator[Stage]:
    async with a_stage(database, pool) as whole:
        yield whole


def measure(stage: Stage) -> MeasureHealth:
    watch = AlertKeeper(stage.clock, predicted=store.fetch_alarming_campaigns)
    return MeasureHealth(stage.pool, objective=timedelta(seconds=2), kept=timedelta(days=400), then=[watch])


async def causes(stage: Stage) -> dict[tuple[str, str], tuple[int, int]]:
    rows = await stage.owner.fetch("SELECT cause, value, sum(exposed)::int AS e, sum(corrupted)::int AS c FROM cause_days GROUP BY 1, 2")
    return {(row["cause"], row["value"]): (row["e"], row["c"]) for row in rows}


async def test_sends_that_end_and_findings_are_counted_once_for_each_cause(stage: Stage) -> None:
    house, pool = stage.ours, stage.owner
    prospects = await people(pool, house, 4)
    batch = await pool.fetchval(
        "INSERT INTO lead_batches (workspace_id, campaign_id, file_name, file_format) VALUES ($1, $2, 'spring.csv', 'csv') RETURNING id",
        house.workspace,
        house.campaign,
    )
    await pool.execute(
        """INSERT INTO prospect_approval_data (workspace_id, batch_id, campaign_id, lead_id, line, status)
           SELECT workspace_id, $1, campaign_id, lead_id, 1, 'approved' FROM campaign_prospects WHERE id = ANY($2)""",
        batch,
        prospects[:3],
    )
    async with pool.acquire() as connection:
        await version.remember(connection, instance="sender-a", service="sender", given="2.1")
    planned = await sends(pool, house, prospects)
    await pool.execute(
        """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                      dispatch_no, decided_at, valid_until, act_by, counted_on, error_type)
           SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, 'invitation', 'refused', 'sender-a', 1,
                  now(), now(), now(), current_date, 'limit_exceeded' FROM send_queue WHERE id = $1""",
        planned[0],
    )
    for step in ("dispatched", "sending", "failed"):
        await pool.execute("UPDATE send_queue SET status = $2 WHERE id = $1", planned[0], step)
    for step in ("dispatched", "sending", "sent"):
        await pool.execute("UPDATE send_queue SET status = $2 WHERE id = ANY($1)", planned[1:3], step)
    for table, row, kind in (
        ("campaign_prospects", str(prospects[3]), "corrupted_sent"),
        ("send_queue", str(planned[1]), "duplicate_sends"),
        ("send_queue", str(planned[1]), "sending_without_attempt"),
        ("campaign_prospects", "no id at all", "corrupted_sent"),
    ):
        await pool.execute(
            "INSERT INTO integrity_findings (workspace_id, kind, table_name, row_id) VALUES ($1, $2, $3, $4)",
            house.workspace,
            kind,
            table,
            row,
        )
    for _ in range(2):
        await measure(stage).round()
    assert await causes(stage) == {
        ("source", "spring.csv"): (4, 1),
        ("source", "unknown"): (1, 1),
        ("account", str(house.account)): (5, 2),
        ("error", "none"): (4, 2),
        ("error", "limit_exceeded"): (1, 0),
        ("version", "unknown"): (4, 2),
        ("version", "2.1"): (1, 0),
    }


async def a_campaign(stage: Stage) -> UUID:
    return UUID(
        str(
            await stage.owner.fetchval(
                """INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status)
                   VALUES ($1, 'Autumn', 'connector', 'running') RETURNING id""",
                stage.ours.workspace,
            )
        )
    )


async def a_month(stage: Stage, *, days: int = 30) -> UUID:
    """A month in which an account of ours corrupts a tenth of what it sends, and another one nothing; returns the sound campaign."""
    other = await a_campaign(stage)
    for campaign, account, corrupted in ((stage.ours.campaign, str(stage.ours.account), 5), (other, "another", 0)):
        await stage.owner.execute(
            """INSERT INTO cause_days (campaign_id, day, cause, value, workspace_id, exposed, corrupted)
               SELECT $1, current_date - n, c.cause, c.value, $2, 50, $3
                 FROM generate_series(0, $4::int - 1) n,
                      (VALUES ('account', $5::text), ('source', 'people.csv'), ('error', 'none'), ('version', '1')) AS c(cause, value)""",
            campaign,
            stage.ours.workspace,
            corrupted,
            days,
            account,
        )
    return other


async def test_a_likely_campaign_is_named_with_its_reason_alerted_and_shown_to_its_workspace_alone(
    stage: Stage, served_api: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_month(stage)
    await Predict(stage.pool, above=5.0).round()
    async with stage.client(stage.viewer) as ours, stage.client(stage.foreign) as theirs, stage.client(stage.platform) as platform:
        (own,) = (await ours.get(PATH)).json()["reports"]
        assert (await theirs.get(PATH)).json()["reports"] == []
        assert (await platform.get(PATH)).json()["reports"] == [own]
    report = own["report"]
    assert (report["verdict"], report["alarming"], report["chances"], report["corrupted"]) == ("useful", 1, 3000, 150)
    (risk,) = report["risks"]
    assert (risk["campaign_name"], risk["alarming"]) == ("Spring", True)
    assert risk["why"][0].startswith("account Ada: 150 of 1500 corrupted")
    await measure(stage).round()
    (alert,) = await stage.owner.fetch("SELECT kind, about, evidence FROM health_alerts WHERE closed_at IS NULL")
    assert (alert["kind"], alert["about"]) == ("corruption_predicted", str(stage.ours.campaign))
    for name, value in served_api.env.items():
        monkeypatch.setenv(name, value)
    said = await asyncio.to_thread(lambda: CliRunner().invoke(app, ["health", "risks"]))
    assert (said.exit_code, "alarming" in said.output, max(map(len, said.output.splitlines())) <= 80) == (0, True, True), said.output
    as_json = await asyncio.to_thread(lambda: CliRunner().invoke(app, ["health", "risks", "--json"]))
    assert json.loads(as_json.output)[0]["report"] == report
    await stage.owner.execute("UPDATE cause_days SET corrupted = 0")
    await stage.owner.execute("UPDATE health_state SET predicted_at = now() - interval '61 minutes'")
    await Predict(stage.pool, above=5.0).round()
    await measure(stage).round()
    assert await stage.owner.fetchval("SELECT count(*) FROM health_alerts WHERE closed_at IS NULL") == 0


async def test_it_is_made_once_an_hour_and_a_higher_threshold_raises_no_alert(stage: Stage) -> None:
    await a_month(stage)
    await Predict(stage.pool, above=50.0).round()
    (first,) = await store.fetch_reports(stage.pool, workspace_id=None, most=10)
    assert (first.report["alarming"], len(first.report["risks"])) == (0, 1)
    await Predict(stage.pool, above=5.0).round()
    assert await store.fetch_reports(stage.pool, workspace_id=None, most=10) == [first]


async def test_with_too_little_it_says_so_and_what_is_old_goes(stage: Stage) -> None:
    await a_month(stage, days=1)
    await stage.owner.execute("UPDATE cause_days SET day = day - 100, exposed = 7 WHERE campaign_id <> $1", stage.ours.campaign)
    await Predict(stage.pool, above=5.0).round()
    (own,) = await store.fetch_reports(stage.pool, workspace_id=stage.ours.workspace, most=10)
    assert own.report["verdict"] == "too_little_data"
    assert await stage.owner.fetchval("SELECT count(DISTINCT campaign_id) FROM cause_days") == 1


async def count_days(stage: Stage, campaign: UUID, days: range, exposed: int, corrupted: int, **values: str) -> None:
    """Sends of one campaign on each of `days` (ago), with one value of every cause."""
    causes = {"source": "people.csv", "account": "Ada", "error": "none", "version": "1", **values}
    await stage.owner.execute(
        """INSERT INTO cause_days AS d (campaign_id, day, cause, value, workspace_id, exposed, corrupted)
           SELECT $1, current_date - n, c.cause, c.value, $2, $3, $4
             FROM unnest($5::int[]) n, unnest($6::text[], $7::text[]) AS c(cause, value)
           ON CONFLICT (campaign_id, day, cause, value) DO UPDATE
              SET exposed = d.exposed + excluded.exposed, corrupted = d.corrupted + excluded.corrupted""",
        campaign,
        stage.ours.workspace,
        exposed,
        corrupted,
        list(days),
        list(causes),
        list(causes.values()),
    )


async def report_of(stage: Stage) -> dict[str, Any]:
    await Predict(stage.pool, above=5.0).round()
    (own,) = await store.fetch_reports(stage.pool, workspace_id=stage.ours.workspace, most=10)
    return own.report


NEW, OLD = range(7), range(7, 30)


@pytest.mark.parametrize(
    ("early", "late", "sound", "verdict"),
    [(5, 5, 0, "useful"), (8, 0, 2, "no_better_than_the_base_rate"), (8, 0, 0, "unchecked")],
    ids=["the cause goes on", "the cause ended", "nothing was corrupted lately"],
)
async def test_only_a_cause_that_goes_on_passes_the_check(stage: Stage, early: int, late: int, sound: int, verdict: str) -> None:
    other = await a_campaign(stage)
    for days, corrupted, in_sound in ((OLD, early, 0), (NEW, late, sound)):
        await count_days(stage, stage.ours.campaign, days, 50, corrupted, source="bad.csv")
        await count_days(stage, other, days, 50, in_sound)
    report = await report_of(stage)
    assert report["verdict"] == verdict
    assert [(cause["cause"], cause["value"]) for cause in report["causes"]] == [("source", "bad.csv")]
    assert report["check"]["named"] == 1
    assert (report["check"]["skill"] > 0, report["check"]["named_rightly"], report["alarming"]) == (
        (True, 1, 1) if verdict == "useful" else (False, 0, 0)
    )


async def test_values_that_are_alike_are_not_told_apart_by_luck(stage: Stage) -> None:
    draw = random.Random(7)
    for day in range(30):
        for account in range(20):
            corrupted = sum(draw.random() < 0.05 for _ in range(20))
            await count_days(stage, stage.ours.campaign, range(day, day + 1), 20, corrupted, account=f"account {account}")
    report = await report_of(stage)
    assert (report["causes"], report["risks"]) == ([], [])


async def test_a_campaign_that_has_left_the_cause_behind_is_not_named_for_it(stage: Stage) -> None:
    other = await a_campaign(stage)
    await count_days(stage, stage.ours.campaign, OLD, 50, 10, account="Bad")
    await count_days(stage, stage.ours.campaign, NEW, 50, 0, account="Good")
    await count_days(stage, other, range(30), 50, 0, account="Good")
    report = await report_of(stage)
    assert [cause["value"] for cause in report["causes"]] == ["Bad"]
    assert report["risks"] == []


async def test_a_campaign_is_expected_to_corrupt_by_its_share_of_each_bad_value(stage: Stage) -> None:
    other = await a_campaign(stage)
    await count_days(stage, stage.ours.campaign, range(30), 25, 5, account="Bad")
    await count_days(stage, stage.ours.campaign, range(30), 75, 0, account="Good")
    await count_days(stage, other, range(30), 100, 0, account="Good")
    report = await report_of(stage)
    (risk,) = report["risks"]
    assert (report["base"], risk["rate"]) == (0.025, pytest.approx(0.025 + 0.25 * (0.2 - 0.025), abs=0.0001))
    assert risk["why"][0].startswith("account Bad: 150 of 750 corrupted (")
    assert risk["why"][0].endswith(", others 0.0 %), in 25 % of its sends")


@pytest.mark.parametrize(
    ("corrupted", "exposed", "low", "high"),
    [(0, 10, 0.0, 0.3988), (5, 10, 0.1842, 0.8158), (10, 10, 0.6012, 1.0), (50, 1000, 0.0350, 0.0710)],
)
async def test_the_interval_is_wilsons(stage: Stage, corrupted: int, exposed: int, low: float, high: float) -> None:
    found = await stage.owner.fetchrow("SELECT low, high FROM wilson_interval($1, $2)", corrupted, exposed)
    assert found is not None
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=0.0005)


async def test_a_process_says_its_version_again_when_it_starts_again(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        for given in ("1.0", None):
            await version.remember(connection, instance="queuer-a", service="queuer", given=given)
    assert await stage.owner.fetchval("SELECT version FROM service_versions") == version.own_version(None)
