"""tact queue: send what is due now, plan the prospects that wait, and see what the queue holds and what holds it."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from cli.client import ANSWER_SECONDS, connect
from cli.console import AsJson, format_time, out, print_json, show, zone_name
from cli.resolve import AccountFilter, CampaignFilter, WorkspaceFilter, find_scope

LONGEST_WAIT: Final = 300
Wait = Annotated[float | None, typer.Option(min=0, max=LONGEST_WAIT, help="Seconds; TACT_QUEUE_WAIT of the queuer otherwise.")]

app = typer.Typer(help="The queue: send now, plan now, and what holds it.", no_args_is_help=True)


@app.command()
def process(workspace: WorkspaceFilter = None, account: AccountFilter = None, wait: Wait = None, as_json: AsJson = False) -> None:
    """Send what is due now, wait for what becomes of it, and say why the rest does not leave. Safe at any time."""
    with connect() as api:
        body = find_scope(api, workspace=workspace, account=account) | {"wait": wait}
        answer = api.post("/api/queue/process", body, seconds=ANSWER_SECONDS + LONGEST_WAIT)
    if as_json:
        print_json(answer)
        return
    out.print(answer["message"], highlight=False)
    if sends := answer["sends"]:
        rows = [{"to": each["to"], "step": each["message_type"], "outcome": _words(each["outcome"])} for each in sends]
        show(rows, title="handed out", as_json=False)
    if accounts := answer["accounts"]:
        rows = [{"account": each["account"], "next": format_time(each["next_at"]), "because": each["detail"]} for each in accounts]
        show(rows, title=f"accounts{'' if answer['complete'] else ' (the first)'}, times in {zone_name()}", as_json=False)


@app.command()
def plan(wait: Wait = None, as_json: AsJson = False) -> None:
    """Plan every prospect of running campaigns that waits to be planned. Safe at any time."""
    with connect() as api:
        answer = api.post("/api/queue/plan", {"wait": wait}, seconds=ANSWER_SECONDS + LONGEST_WAIT)
    if as_json:
        print_json(answer)
        return
    out.print(answer["message"], highlight=False)
    others = {
        "skipped": answer["skipped"],
        "failed": answer["failed"],
        "could not be planned: the schedule is unreadable": answer["not_planned"],
    }
    for outcome, count in others.items():
        if count:
            out.print(f"  {count} {outcome}", highlight=False)


@app.command("show")
def show_queue(
    workspace: WorkspaceFilter = None, campaign: CampaignFilter = None, account: AccountFilter = None, as_json: AsJson = False
) -> None:
    """Sent and capped, planned, failed, how fast, and how long what is due waits for which reason."""
    with connect() as api:
        found = api.get("/api/queue", **find_scope(api, workspace=workspace, campaign=campaign, account=account))
    if as_json:
        print_json(found)
        return
    total = found["totals"]
    out.print(f"business time {format_time(found['now'], '%a %Y-%m-%d %H:%M', zone=True)}", highlight=False)
    out.print(
        f"{total['sent_today']} sent today, {total['sent_in_60_minutes']} in the last hour, {total['sent_in_5_minutes']} in the last 5 "
        f"minutes; {total['pending']} planned, next {format_time(total['next_planned_at']) or 'never'}; {_decisions(total)}",
        highlight=False,
    )
    accounts = [
        {
            "account": each["name"],
            "invites": _budget(each["budgets"]["invitation"]),
            "messages": _budget(each["budgets"]["message"]),
            "planned": each["figures"]["pending"],
            "failed": each["figures"]["failed"] + each["figures"]["undecided"],
            "next": format_time(each["next_at"]),
            "because": _words(each["reason"]),
        }
        for each in found["accounts"]
    ]
    show(accounts, title="\naccounts, their own day", as_json=False)
    campaigns = [{"campaign": c["campaign_name"], "status": c["status"]} | _row(c["figures"]) for c in found["campaigns"]]
    show(campaigns, title="\ncampaigns", as_json=False)
    if len(found["workspaces"]) > 1:
        show([{"workspace": w["company_name"]} | _row(w["figures"]) for w in found["workspaces"]], title="\nworkspaces", as_json=False)
    waiting = [
        {"waits for": _words(w["reason"]), "sends": w["sends"], "half": _span(w["p50"]), "90 %": _span(w["p90"]), "99 %": _span(w["p99"])}
        for w in found["waiting"]
    ]
    show(waiting, title="\nhow long due sends have waited", as_json=False)
    if not found["complete"]:
        out.print("There is more: name a workspace, a campaign or an account.")


def _row(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "planned": figures["pending"],
        "sent today": figures["sent_today"],
        "last hour": figures["sent_in_60_minutes"],
        "failed": figures["failed"],
        "next": format_time(figures["next_planned_at"]),
    }


def _budget(budget: dict[str, int]) -> str:
    return f"{budget['used']}/{budget['cap']}"


def _decisions(total: dict[str, Any]) -> str:
    parts: Sequence[str] = [f"{total['failed']} failed (tact failed list)"] if total["failed"] else []
    if total["undecided"]:
        parts = [*parts, f"{total['undecided']} of unknown outcome"]
    return f"{' and '.join(parts)} wait for a person" if parts else "nothing waits for a person"


def _span(time: float) -> str:
    seconds = int(time)
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3_600, seconds % 3_600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def _words(code: str) -> str:
    return code.replace("_", " ")
