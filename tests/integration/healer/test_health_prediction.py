"""Causes are counted as sends end and corruption is found; the prediction made from them names, is checked, alerts and is shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
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
    watch = AlertKeeper(stage.clock, predicted=store.alarming)
    return MeasureHealth(stage.pool, objective=timedelta(seconds=2), kept=timedelta(days=400), then=[watch])


async def causes(stage: Stage) -> dict[tuple[str, str], tuple[int, int]]:
    rows = await stage.owner.fetch("SELECT cause, value, sum(exposed)::int AS e, sum(corrupted)::int AS c FROM cause_days GROUP BY 1, 2")
    return {(row["cause"], row["value"]): (row["e"], row["c"]) for row in rows}


async def test_sends_that_end_and_findings_are_counted_once_for_each_cause(stage: Stage) -> None:
    house, pool = stage.ours, stage.owner
    everybody = await people(pool, house, 4)
    batch = await pool.fetchval(
        "INSERT INTO lead_batches (workspace_id, campaign_id, file_name, file_format) VALUES ($1, $2, 'spring.csv', 'csv') RETURNING id",
        house.workspace,
        house.campaign,
    )
    await pool.execute(
        """INSERT INTO prospect_approval_data (workspace_id, batch_id, campaign_id, lead_id, line, status)
           SELECT workspace_id, $1, campaign_id, lead_id, 1, 'approved' FROM campaign_prospects WHERE id = ANY($2)""",
        batch,
        everybody[:3],
    )
    async with pool.acquire() as connection:
        await version.remember(connection, instance="sender-a", service="sender", given="2.1")
    planned = await sends(pool, house, everybody)
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
        ("campaign_prospects", str(everybody[3]), "corrupted_sent"),
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


async def a_quarter(stage: Stage, *, days: int = 30) -> UUID:
    """A month in which an account of ours corrupts a tenth of what it sends, and another one nothing; returns the sound campaign."""
    other = await stage.owner.fetchval(
        """INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status) VALUES ($1, 'Autumn', 'connector', 'running')
           RETURNING id""",
        stage.ours.workspace,
    )
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
    return UUID(str(other))


async def test_a_likely_campaign_is_named_with_its_reason_alerted_and_shown_to_its_workspace_alone(
    stage: Stage, served_api: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_quarter(stage)
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


async def test_it_is_made_once_an_hour_and_a_higher_threshold_alarms_nobody(stage: Stage) -> None:
    await a_quarter(stage)
    await Predict(stage.pool, above=50.0).round()
    (first,) = await store.reports(stage.pool, workspace_id=None, most=10)
    assert (first["report"]["alarming"], len(first["report"]["risks"])) == (0, 1)
    await Predict(stage.pool, above=5.0).round()
    assert await store.reports(stage.pool, workspace_id=None, most=10) == [first]


async def test_with_too_little_it_says_so_and_what_is_old_goes(stage: Stage) -> None:
    await a_quarter(stage, days=1)
    await stage.owner.execute("UPDATE cause_days SET day = day - 100, exposed = 7 WHERE campaign_id <> $1", stage.ours.campaign)
    await Predict(stage.pool, above=5.0).round()
    (own,) = await store.reports(stage.pool, workspace_id=stage.ours.workspace, most=10)
    assert own["report"]["verdict"] == "too_little_data"
    assert await stage.owner.fetchval("SELECT count(DISTINCT campaign_id) FROM cause_days") == 1


async def test_a_process_says_its_version_again_when_it_starts_again(stage: Stage) -> None:
    async with stage.pool.acquire() as connection:
        for given in ("1.0", None):
            await version.remember(connection, instance="queuer-a", service="queuer", given=given)
    assert await stage.owner.fetchval("SELECT version FROM service_versions") == version.own_version(None)
