"""The live table says in words why every waiting account waits."""

from dataclasses import asdict
from datetime import timedelta
from io import StringIO

from rich.console import Console

from embedded.demo.display import COLUMNS, table
from embedded.demo.progress import Progress
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.workflows.insight.status import read_accounts
from shared.policy import Reason
from shared.policy.words import REASONS
from shared.runtime.settings import CallSettings
from tests.integration.queuer.insight.conftest import BASE, Scene


async def because(scene: Scene) -> str:
    async with scene.owner.acquire() as connection:
        (row,) = await read_accounts(connection, CallTimes.of(CallSettings()))
    assert set(COLUMNS) <= set(asdict(row))
    assert len(row.because) <= 14
    return row.because


async def test_it_says_the_policys_own_reason_or_whose_turn_it_is(scene: Scene) -> None:
    assert await because(scene) == "none planned"
    send = await scene.send()
    assert await because(scene) == "its turn now"
    await scene.change("send_queue", send, scheduled_for=BASE + timedelta(hours=1))
    assert await because(scene) == REASONS[Reason.NOT_DUE].short
    await scene.clock(BASE + timedelta(days=4))
    assert await because(scene) == "weekend"
    await scene.change("campaigns", scene.campaign, status="paused")
    assert await because(scene) == "campaign off"
    await scene.change("accounts", scene.account, status="paused")
    await scene.change("campaigns", scene.campaign, status="running")
    assert await because(scene) == "account paused"
    await scene.change("campaigns", scene.campaign, schedule_settings={"days": [77]})
    assert await because(scene) == "bad schedule"


async def test_an_account_whose_zone_nobody_can_read_hides_no_other(scene: Scene) -> None:
    await scene.send()
    await scene.change("accounts", scene.account, timezone="Mars/Olympus")
    assert await because(scene) == "bad schedule"


async def test_the_table_fits_80_columns(scene: Scene) -> None:
    await scene.send()
    async with scene.owner.acquire() as connection:
        rows = await read_accounts(connection, CallTimes.of(CallSettings()))
    console = Console(width=80, record=True, file=StringIO())
    console.print(table([{**asdict(row), "because": "account paused"} for row in rows], Progress(BASE, sent=1, waiting=2), end=BASE))
    assert "…" not in console.export_text()
