"""tact health: how healthy the data is, where it is not, how that came about, and how fast it is mended."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import asyncpg
import typer
from rich.table import Table
from rich.text import Text

from cli.console import AsJson, out, print_json
from cli.errors import CommandError
from cli.scope import WorkspaceWord
from cli.target import on_pool
from services.healer.http.health.pages import AlertOut, CleanupRunOut, CorruptedCampaign, QueueStatus, RepairsOut, Score, WorkspaceRisks
from services.healer.http.health.score import DataIntegrity
from services.healer.rules.health.alerts import AlertKind, describe_alert
from services.healer.rules.health.prediction import FEWEST_CHANCES, FEWEST_CORRUPTED, Verdict
from services.healer.rules.health.repair_times import RepairTimes
from services.healer.rules.health.score import PENALTIES
from services.healer.settings import HealerSettings
from services.healer.store.health import counts, pages, risks
from services.healer.store.health import measurements as measuring
from services.healer.workflows.health import report as health
from services.queuer.store.accounts.workspaces import get_workspace
from shared.db.pool import Connection
from shared.runtime.settings import SettingsError, load
from shared.vocabulary import COMMAND_LINE

T = TypeVar("T")
MOST: Final = 500
LATE: Final = 300.0
"""Seconds after which a measurement says more about the healer than about the data."""
COLOURS: Final = {"healthy": "green", "degraded": "yellow", "critical": "red"}
_BELIEF: Final = {
    Verdict.TOO_LITTLE_DATA: f"Too little to predict from: it takes {FEWEST_CHANCES} sends and {FEWEST_CORRUPTED} corrupted ones.",
    Verdict.UNCHECKED: "Not checked: too little corrupted lately to prove it by, so it alerts nobody.",
    Verdict.NO_BETTER: "Checked, and no better than the base rate: it alerts nobody.",
    Verdict.USEFUL: "Checked on what it had not seen, and better than the base rate.",
}
Limit = Annotated[int, typer.Option(min=1, max=MOST)]
Days = Annotated[int, typer.Option(min=1, max=400, help="How far back.")]

app = typer.Typer(help="How healthy the data is.", invoke_without_command=True)


@app.callback()
def overview(context: typer.Context, workspace: WorkspaceWord = None, as_json: AsJson = False) -> None:
    """The score, what it lost points for, the queue, and what to do. Nothing is changed."""
    if context.invoked_subcommand is not None:
        return

    async def work(pool: asyncpg.Pool) -> tuple[health.HealthReport, measuring.MeasurementState, list[pages.Row]]:
        workspace_id = await _workspace_id(pool, workspace)
        async with pool.acquire() as connection:
            report = await health.build_report(connection, workspace_id=workspace_id)
            open_alerts = await pages.fetch_alerts(connection, workspace_id=workspace_id, only_open=True, most=20)
            return report, await measuring.fetch_state(connection), open_alerts

    report, state, open_alerts = _do(work)
    answer = DataIntegrity.of(report)
    if as_json:
        print_json(answer)
        return
    colour = COLOURS[answer.status]
    out.print(Text.assemble((f"{answer.health_score:g}", f"bold {colour}"), " of 100, ", (answer.status, colour)))
    for name, points in report.health.taken.items():
        why = PENALTIES[name].why if name in PENALTIES else "two points for every percent of prospects marked as sent and never contacted"
        out.print(f"  −{points:g}  {why}", highlight=False)
    integrity = answer.prospect_integrity
    _table(
        ["prospects", "corrupted sent", "failed", "pending", "percent"],
        [
            [
                integrity.total_prospects,
                integrity.corrupted_sent,
                integrity.corrupted_failed,
                integrity.corrupted_pending,
                f"{integrity.corruption_percentage:g}",
            ]
        ],
    )
    stats = answer.queue_stats
    _table(
        ["queue", "pending", "sent", "failed", "duplicates", "stuck"],
        [[stats.total, stats.pending, stats.sent, stats.failed, answer.duplicate_queue_records, report.figures.stuck]],
    )
    if answer.corrupted_campaigns.count:
        out.print(
            f"\n{_many(answer.corrupted_campaigns.count, 'campaign')} with corrupted prospects: tact health campaigns", highlight=False
        )
    if open_alerts:
        out.print()
    for row in open_alerts:
        out.print(
            Text.assemble((f"since {_moment(row['opened_at'])}", "bold"), " ", describe_alert(AlertKind(row["kind"]), row["evidence"])[0])
        )
    out.print()
    for sentence in answer.recommendations:
        out.print(sentence, highlight=False, markup=False)
    if state.age is None:
        out.print("The healer has not measured anything yet.", style="dim")
    else:
        late = " Does it run?" if state.age > LATE else ""
        out.print(f"Counted now; the healer measured {state.age:.0f} s ago.{late}", style="yellow" if late else "dim", highlight=False)


@app.command()
def campaigns(workspace: WorkspaceWord = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Campaigns with corrupted prospects, most first."""

    async def work(connection: Connection, workspace_id: UUID | None) -> Sequence[Mapping[str, Any]]:
        return await counts.fetch_corrupted_campaigns(connection, workspace_id=workspace_id, most=limit)

    rows = _look(workspace, work)
    if as_json:
        print_json([CorruptedCampaign(**row) for row in rows])
        return
    if not rows:
        out.print("No campaign has a corrupted prospect.")
        return
    _table(
        ["campaign", "sent", "failed", "pending", "of", "id"],
        [
            [
                row["campaign_name"],
                row["corrupted_sent"],
                row["corrupted_failed"],
                row["corrupted_pending"],
                row["total_prospects"],
                row["campaign_id"],
            ]
            for row in rows
        ],
    )


@app.command()
def queue(workspace: WorkspaceWord = None, as_json: AsJson = False) -> None:
    """The queue by status: how many, the earliest and the latest."""

    async def work(connection: Connection, workspace_id: UUID | None) -> list[pages.StatusCount]:
        return await pages.fetch_status_counts(connection, workspace_id=workspace_id)

    rows = _look(workspace, work)
    if as_json:
        print_json([QueueStatus.model_validate(row) for row in rows])
        return
    _table(
        ["status", "sends", "earliest", "latest"],
        [[row.status, row.sends, _moment(row.earliest_at), _moment(row.latest_at)] for row in rows],
    )
    out.print("UTC, business time: when those that have not ended are planned, and when the others ended.", style="dim")


@app.command()
def history(workspace: WorkspaceWord = None, days: Days = 7, limit: Limit = 10, as_json: AsJson = False) -> None:
    """The score over time, runs of the clean-up, and times to repair against the objective."""

    async def work(pool: asyncpg.Pool) -> tuple[list[pages.Row], Sequence[pages.Row], health.RepairTimesReport]:
        workspace_id, span = await _workspace_id(pool, workspace), timedelta(days=days)
        async with pool.acquire() as connection:
            scores = await pages.fetch_scores(connection, workspace_id=workspace_id, span=span, most=limit)
            repairs = await health.summarize_repairs(connection, workspace_id=workspace_id, span=span, objective=_objective())
        return scores, await health.list_cleanup_runs(pool, workspace_id=workspace_id, before=None, most=limit), repairs

    scores, runs, repairs = _do(work)
    if as_json:
        print_json(
            {
                "scores": [Score(**row).model_dump(mode="json") for row in scores],
                "runs": [CleanupRunOut(**row).model_dump(mode="json") for row in runs],
                "repairs": RepairsOut.judged(repairs).model_dump(mode="json"),
            }
        )
        return
    _table(["measured", "score", "status"], [[_moment(row["measured_at"]), f"{row['score']:g}", row["status"]] for row in scores])
    _table(
        ["run", "started", "seconds", "by", "fixed", "result"],
        [
            [
                row["id"],
                _moment(row["started_at"]),
                "" if row["seconds"] is None else f"{row['seconds']:.2f}",
                row["trigger"],
                "" if row["fixed_count"] is None else row["fixed_count"],
                row["error"] or ("under way" if row["finished_at"] is None else "done"),
            ]
            for row in runs
        ],
    )
    _table(
        ["repaired", "rows", "mean s", "p99 s", "within", "met"],
        [_times(kind, times) for kind, times in (*repairs.by_kind.items(), ("all", repairs.whole))],
    )
    whose = "the workspace's own" if repairs.own_objective else "the healer's setting"
    seconds = repairs.objective.total_seconds()
    out.print(
        f"Objective: 99 % within {seconds:g} s ({whose}). Real time, UTC; the last {_many(days, 'day')}.", style="dim", highlight=False
    )


@app.command()
def alerts(
    workspace: WorkspaceWord = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that hold now.")] = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """What people were alerted of: those that hold, then the newest that are over."""

    async def work(connection: Connection, workspace_id: UUID | None) -> list[pages.Row]:
        return await pages.fetch_alerts(connection, workspace_id=workspace_id, only_open=only_open, most=limit)

    rows = _look(workspace, work)
    if as_json:
        print_json([AlertOut(**row) for row in rows])
        return
    if not rows:
        out.print("Nothing was alerted.")
    for row in rows:
        what, so, todo = describe_alert(AlertKind(row["kind"]), row["evidence"])
        until = "now" if row["closed_at"] is None else _moment(row["closed_at"])
        out.print(Text.assemble((f"{_moment(row['opened_at'])} to {until}", "bold"), f"  {row['kind']}"))
        out.print(f"  {what}. {so}", highlight=False, markup=False)
        if row["closed_at"] is None:
            out.print(f"  {todo}", highlight=False, markup=False, style="dim")


@app.command("risks")
def show_risks(workspace: WorkspaceWord = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Which campaigns are likely to corrupt next and why, and how far that is to be believed."""

    async def work(connection: Connection, workspace_id: UUID | None) -> list[WorkspaceRisks]:
        return [WorkspaceRisks(**row) for row in await risks.reports(connection, workspace_id=workspace_id, most=limit)]

    reports = _look(workspace, work)
    if as_json:
        print_json([report.model_dump(mode="json") for report in reports])
        return
    if not reports:
        out.print("Nothing is predicted yet: the healer does so once an hour, from what was sent.")
    for each in reports:
        report = each.report
        out.print(Text.assemble((f"workspace {each.workspace_id}", "bold"), f", {_moment(each.made_at)}"))
        out.print(f"  {report.corrupted} of {report.chances} sends corrupted ({100 * report.base:.2f} %).", highlight=False)
        out.print(f"  {_BELIEF[report.verdict]}", highlight=False)
        if report.check is not None:
            out.print(
                f"  On the newest {report.check.chances} sends, predicted from the older ones: skill {report.check.skill:g} (0 is the base "
                f"rate, 1 is never wrong), {report.check.named_rightly} of {_many(report.check.named, 'campaign')} named rightly.",
                highlight=False,
            )
        for risk in report.risks:
            alarm = (" alarming", "red") if risk.alarming else ""
            out.print(Text.assemble("  ", (f"{100 * risk.rate:.1f} %", "bold"), f" {risk.campaign_name}", alarm))
            for reason in risk.why:
                out.print(f"    {reason}", highlight=False, markup=False)


@app.command()
def objective(
    workspace: Annotated[str, typer.Argument(help="Its id or its company's name.")],
    seconds: Annotated[float | None, typer.Option(help="99 % of its repairs should take no longer.")] = None,
    default: Annotated[bool, typer.Option("--default", help="As the healer's setting says.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set how fast repairs of a workspace should be."""
    if seconds is not None and default:
        raise CommandError("Say one of --seconds and --default.")
    if seconds is not None and not math.isfinite(seconds):
        raise CommandError("An objective is a number of seconds, such as --seconds 5.")

    async def work(pool: asyncpg.Pool) -> timedelta | None:
        workspace_id = (await get_workspace(pool, workspace)).id
        if seconds is not None or default:
            wanted = None if seconds is None else timedelta(seconds=min(seconds, 1e9))
            await health.set_objective(pool, workspace_id, wanted, actor=COMMAND_LINE)
        return await pages.fetch_objective(pool, workspace_id)

    own = _do(work)
    now = (own or _objective()).total_seconds()
    if as_json:
        print_json({"seconds": now, "own_objective": own is not None})
        return
    out.print(f"99 % of repairs within {now:g} s, {'its own objective' if own else 'as the setting of the healer says'}.", highlight=False)


def _look(workspace: str | None, work: Callable[[Connection, UUID | None], Awaitable[T]]) -> T:
    async def on_a_connection(pool: asyncpg.Pool) -> T:
        workspace_id = await _workspace_id(pool, workspace)
        async with pool.acquire() as connection:
            return await work(connection, workspace_id)

    return _do(on_a_connection)


def _do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    return on_pool(work, role="tact_healer")


async def _workspace_id(pool: asyncpg.Pool, word: str | None) -> UUID | None:
    return None if word is None else (await get_workspace(pool, word)).id


def _objective() -> timedelta:
    try:
        return load(HealerSettings).healer_repair_objective
    except SettingsError as error:
        raise CommandError(str(error)) from None


def _times(kind: str, times: RepairTimes) -> list[object]:
    if times.mean is None or times.p99 is None:
        return [kind, 0, "", "", "", ""]
    return [kind, times.repaired, f"{times.mean:g}", f"{times.p99:g}", times.within, Text("yes") if times.met else Text("no", "red")]


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(head):
        table.add_column(name, overflow="fold", min_width=36 if name == "id" else None, ratio=1 if number == 0 and "id" in head else None)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else str(cell) for cell in row))
    out.print()
    out.print(table)
    if not rows:
        out.print("  none", style="dim")


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
