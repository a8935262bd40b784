"""tact health: how healthy the data is, where it is not, how that came about, and how fast it is repaired."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from cli.client import connect
from cli.console import AsJson, format_time, out, print_json, zone_name
from cli.errors import CommandError
from cli.resolve import WorkspaceArgument, WorkspaceFilter, find_scope, find_workspace

MOST: Final = 500
LATE: Final = 300.0
"""Seconds after which a measurement says more about the healer than about the data."""
COLOURS: Final = {"healthy": "green", "degraded": "yellow", "critical": "red"}
TO_THE_MINUTE: Final = "%Y-%m-%d %H:%M"
PATH: Final = "/api/admin/data-integrity"
Limit = Annotated[int, typer.Option(min=1, max=MOST)]
Days = Annotated[int, typer.Option(min=1, max=400, help="How far back.")]

app = typer.Typer(help="How healthy the data is.", invoke_without_command=True)


@app.callback()
def overview(context: typer.Context, workspace: WorkspaceFilter = None, as_json: AsJson = False) -> None:
    """The score, what it lost points for, the queue, and what to do. Nothing is changed."""
    if context.invoked_subcommand is not None:
        return
    found = _get("/overview", workspace)
    answer = found["integrity"]
    if as_json:
        print_json(answer)
        return
    from rich.text import Text

    colour = COLOURS[answer["status"]]
    out.print(Text.assemble((f"{answer['health_score']:g}", f"bold {colour}"), " of 100, ", (answer["status"], colour)))
    for loss in found["losses"]:
        out.print(f"  −{loss['points']:g}  {loss['why']}", highlight=False)
    integrity, stats = answer["prospect_integrity"], answer["queue_stats"]
    counts = [integrity[name] for name in ("total_prospects", "corrupted_sent", "corrupted_failed", "corrupted_pending")]
    percent = f"{integrity['corruption_percentage']:g}"
    _print_table(["prospects", "corrupted sent", "failed", "pending", "percent"], [[*counts, percent]])
    queue_counts = [stats[name] for name in ("total", "pending", "sent", "failed")]
    duplicates = answer["duplicate_queue_records"]
    _print_table(["queue", "pending", "sent", "failed", "duplicates", "stuck"], [[*queue_counts, duplicates, found["stuck"]]])
    if count := answer["corrupted_campaigns"]["count"]:
        out.print(f"\n{_many(count, 'campaign')} with corrupted prospects: tact health campaigns", highlight=False)
    if found["alerts"]:
        out.print()
    for alert in found["alerts"]:
        out.print(Text.assemble((f"since {format_time(alert['opened_at'], TO_THE_MINUTE)}", "bold"), " ", alert["title"]))
    out.print()
    for sentence in answer["recommendations"]:
        out.print(sentence, highlight=False, markup=False)
    age = found["measured_seconds_ago"]
    if age is None:
        out.print("The healer has not measured anything yet.", style="dim")
    else:
        late = " Does it run?" if age > LATE else ""
        out.print(f"Counted now; the healer measured {age:.0f} s ago.{late}", style="yellow" if late else "dim", highlight=False)


@app.command("campaigns")
def show_campaigns(workspace: WorkspaceFilter = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Campaigns with corrupted prospects, most first."""
    rows = _get("/campaigns", workspace, limit=limit)["campaigns"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("No campaign has a corrupted prospect.")
        return
    columns = ("campaign_name", "corrupted_sent", "corrupted_failed", "corrupted_pending", "total_prospects", "campaign_id")
    _print_table(["campaign", "sent", "failed", "pending", "of", "id"], [[row[name] for name in columns] for row in rows])


@app.command("queue")
def show_queue(workspace: WorkspaceFilter = None, as_json: AsJson = False) -> None:
    """The queue by status: how many, the earliest and the latest."""
    rows = _get("/queue", workspace)["statuses"]
    if as_json:
        print_json(rows)
        return
    times = ("earliest_at", "latest_at")
    _print_table(
        ["status", "sends", "earliest", "latest"],
        [[row["status"], row["sends"], *(format_time(row[name], TO_THE_MINUTE) for name in times)] for row in rows],
    )
    out.print(f"{zone_name()}, business time: when those that have not ended are planned, and when the others ended.", style="dim")


@app.command("history")
def show_history(workspace: WorkspaceFilter = None, days: Days = 7, limit: Limit = 10, as_json: AsJson = False) -> None:
    """The score over time, runs of the clean-up, and times to repair against the objective."""
    found = _get("/history", workspace, days=days, limit=limit)
    if as_json:
        print_json({name: found[name] for name in ("scores", "runs", "repairs")})
        return
    _print_table(
        ["measured", "score", "status"],
        [[format_time(row["measured_at"], TO_THE_MINUTE), f"{row['score']:g}", row["status"]] for row in found["scores"]],
    )
    _print_table(["run", "started", "seconds", "by", "fixed", "result"], [_run(row) for row in found["runs"]])
    repairs = found["repairs"]
    _print_table(
        ["repaired", "rows", "mean s", "p99 s", "within", "met"],
        [_repair_times(kind, times) for kind, times in (*repairs["by_kind"].items(), ("all", repairs))],
    )
    whose = "the workspace's own" if repairs["own_objective"] else "the healer's setting"
    real = f"Real time, {zone_name()}; the last {_many(days, 'day')}."
    out.print(f"Objective: 99 % within {repairs['objective_seconds']:g} s ({whose}). {real}", style="dim", highlight=False)


@app.command("alerts")
def show_alerts(
    workspace: WorkspaceFilter = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that hold now.")] = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """What people were alerted of: those that hold, then the newest that are over."""
    rows = _get("/alerts", workspace, only_open=only_open or None, limit=limit)["alerts"]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print("There was no alert.")
    from rich.text import Text

    for row in rows:
        until = "now" if row["closed_at"] is None else format_time(row["closed_at"], TO_THE_MINUTE)
        out.print(Text.assemble((f"{format_time(row['opened_at'], TO_THE_MINUTE)} to {until}", "bold"), f"  {row['kind']}"))
        out.print(f"  {row['title']}. {row['description']}", highlight=False, markup=False)
        if row["closed_at"] is None:
            out.print(f"  {row['to_do']}", highlight=False, markup=False, style="dim")


@app.command("risks")
def show_risks(workspace: WorkspaceFilter = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """Which campaigns are likely to corrupt next and why, and how far that is to be believed."""
    reports = _get("/risks", workspace, limit=limit)["reports"]
    if as_json:
        print_json(reports)
        return
    if not reports:
        out.print("Nothing is predicted yet: the healer does so once an hour, from what was sent.")
    for each in reports:
        _print_report(each)


@app.command("objective")
def show_objective(
    workspace: WorkspaceArgument,
    seconds: Annotated[float | None, typer.Option(help="99 % of its repairs should take no longer.")] = None,
    default: Annotated[bool, typer.Option("--default", help="As the healer's setting says.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show or set how fast repairs of a workspace should be."""
    if seconds is not None and default:
        raise CommandError("Say one of --seconds and --default.")
    if seconds is not None and not math.isfinite(seconds):
        raise CommandError("An objective is a number of seconds, such as --seconds 5.")
    with connect() as api:
        workspace_id = find_workspace(api, workspace)
        if seconds is None and not default:
            now = api.get(f"{PATH}/objective", workspace_id=workspace_id)
        else:
            now = api.put(f"{PATH}/objective", {"workspace_id": workspace_id, "seconds": seconds})
    if as_json:
        print_json({"seconds": now["seconds"], "own_objective": now["own_objective"]})
        return
    whose = "its own objective" if now["own_objective"] else "as the setting of the healer says"
    out.print(f"99 % of repairs within {now['seconds']:g} s, {whose}.", highlight=False)


def _get(page: str, workspace: str | None, **query: Any) -> dict[str, Any]:
    with connect() as api:
        found: dict[str, Any] = api.get(f"{PATH}{page}", **find_scope(api, workspace=workspace), **query)
    return found


def _print_report(each: Mapping[str, Any]) -> None:
    from rich.text import Text

    report = each["report"]
    out.print(Text.assemble((f"workspace {each['workspace_id']}", "bold"), f", {format_time(each['made_at'], TO_THE_MINUTE)}"))
    out.print(f"  {report['corrupted']} of {report['chances']} sends corrupted ({100 * report['base']:.2f} %).", highlight=False)
    out.print(f"  {each['verdict_text']}", highlight=False)
    if (check := report["check"]) is not None:
        out.print(
            f"  On the newest {check['chances']} sends, predicted from the older ones: skill {check['skill']:g} (0 is the base "
            f"rate, 1 is never wrong), {check['named_rightly']} of {_many(check['named'], 'cause')} named rightly.",
            highlight=False,
        )
    for risk in report["risks"]:
        alarm = (" alarming", "red") if risk["alarming"] else ""
        out.print(Text.assemble("  ", (f"{100 * risk['rate']:.1f} %", "bold"), f" {risk['campaign_name']}", alarm))
        for reason in risk["why"]:
            out.print(f"    {reason}", highlight=False, markup=False)


def _run(row: Mapping[str, Any]) -> list[object]:
    return [
        row["id"],
        format_time(row["started_at"], TO_THE_MINUTE),
        "" if row["seconds"] is None else f"{row['seconds']:.2f}",
        row["trigger"],
        "" if row["fixed_count"] is None else row["fixed_count"],
        row["error"] or ("under way" if row["finished_at"] is None else "done"),
    ]


def _repair_times(kind: str, times: Mapping[str, Any]) -> list[object]:
    from rich.text import Text

    if times["mean"] is None or times["p99"] is None:
        return [kind, 0, "", "", "", ""]
    met = Text("yes") if times["met"] else Text("no", "red")
    return [kind, times["repaired"], f"{times['mean']:g}", f"{times['p99']:g}", times["within"], met]


def _print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(head):
        table.add_column(name, overflow="fold", min_width=36 if name == "id" else None, ratio=1 if number == 0 and "id" in head else None)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else str(cell) for cell in row))
    out.print()
    out.print(table)
    if not rows:
        out.print("  none", style="dim")


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
