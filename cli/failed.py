"""tact failed: what failed for good and waits for a person, why, and the two things to do about it."""

from typing import Annotated, Any, Final
from uuid import UUID

import typer

from cli.arguments import Apply
from cli.client import Api, connect
from cli.console import AsJson, format_time, out, person_name, print_facts, print_json, show
from cli.errors import CommandError, Unreachable
from cli.listing import Everything, read_page
from cli.resolve import AccountFilter, CampaignFilter, WorkspaceFilter, find_scope

app = typer.Typer(help="Sends that failed for good: look, retry, drop.", no_args_is_help=True)

Reason = Annotated[
    str | None, typer.Option("--reason", "-r", help="Only these: a reason as the list shows it; no_words: planning found none.")
]
Sends = Annotated[list[UUID] | None, typer.Argument(help="Ids, as the list shows them; or say which by the options.")]
MOST: Final = 200
"""Lines of a table."""
PATH: Final = "/api/queue/failed"


@app.command("list")
def list_failed(
    workspace: WorkspaceFilter = None,
    campaign: CampaignFilter = None,
    account: AccountFilter = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST)] = 20,
    after: Annotated[str | None, typer.Option(help="The mark that the page before ended with.")] = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """The newest first, each with its cause in words."""
    with connect() as api:
        scope = find_scope(api, workspace=workspace, campaign=campaign, account=account)
        sends, following = read_page(api, PATH, "sends", limit=limit, everything=everything, after=after, reason=reason, **scope)
    if as_json:
        print_json({"sends": sends, "next": following})
        return
    if not sends:
        out.print("Nothing has failed that waits for a person.")
    for send in sends:
        out.print(send["id"], style="bold", highlight=False)
        about = f"  {person_name(send)}, {send['message_type']} of {send['campaign_name']} from {send['account_name']}"
        out.print(about, highlight=False, markup=False)
        out.print(f"  {send['cause']['code']}: {send['cause']['meaning']}", highlight=False, markup=False)
        out.print(f"  {send['cause']['to_do']}", highlight=False, markup=False, style="dim")
    if following:
        out.print(f"There is more: --after {following}", highlight=False, soft_wrap=True)


@app.command("show")
def show_failed(send: Annotated[UUID, typer.Argument(help="Its id.")], as_json: AsJson = False) -> None:
    """One send: what was said, the cause, every attempt, what the provider showed, and what people did."""
    with connect() as api:
        found = api.get(f"{PATH}/{send}")
    if as_json:
        print_json(found)
        return
    row = found["send"]
    facts = {
        "to": person_name(row),
        "campaign": row["campaign_name"],
        "account": row["account_name"],
        "step": row["message_type"],
        "status": f"{row['status']}, prospect {row['prospect_status']}",
        "planned": f"{format_time(row['scheduled_for'], '%Y-%m-%d %H:%M', zone=True)}, {row['retries']} retries",
        "message": found["message"] or "(no note)",
        "reason": row["error_message"] or "none",
        "cause": row["cause"]["meaning"],
        "to do": row["cause"]["to_do"],
    }
    print_facts(facts)
    attempts = [
        {
            "at": format_time(a["decided_at"]),
            "action": a["action"],
            "state": a["state"],
            "http": a["http_status"],
            "said": a["error_detail"],
        }
        for a in found["attempts"]
    ]
    show(attempts, title="\nattempts", as_json=False)
    seen = [
        {"at": format_time(o["observed_at"]), "kind": o["kind"], "by": o["source"], "shown": str(o["payload"])[:200]}
        for o in found["observations"]
    ]
    show(seen, title="\nwhat the provider showed of the person", as_json=False)
    deeds = [{"at": format_time(d["at"]), "by": d["actor"], "did": d["verb"]} for d in found["history"]]
    show(deeds, title="\nwhat people did", as_json=False)


@app.command()
def retry(
    sends: Sends = None,
    workspace: WorkspaceFilter = None,
    campaign: CampaignFilter = None,
    account: AccountFilter = None,
    reason: Reason = None,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Let failed sends be tried again, each in its turn and within every limit."""
    _change_sends("retry", sends, (workspace, campaign, account, reason), apply=apply, as_json=as_json)


@app.command()
def drop(
    sends: Sends = None,
    workspace: WorkspaceFilter = None,
    campaign: CampaignFilter = None,
    account: AccountFilter = None,
    reason: Reason = None,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Give failed sends up: they are cancelled and leave the list."""
    _change_sends("drop", sends, (workspace, campaign, account, reason), apply=apply, as_json=as_json)


def _change_sends(verb: str, sends: list[UUID] | None, which: tuple[str | None, ...], *, apply: bool, as_json: bool) -> None:
    if not sends and not any(which):
        options = "--campaign, --account, --workspace, --reason"
        raise CommandError(f"Say which: tact failed {verb} ID, or {options}. `tact failed list` shows them.")
    if sends and any(which):
        raise CommandError("Give ids or options, not both: the ids say already which are meant.")
    workspace, campaign, account, reason = which
    with connect() as api:
        ids = [str(each) for each in sends or []]
        if not ids:  # all pages first: sends that cannot be changed stay on the list, and must not hide others behind them
            scope = find_scope(api, workspace=workspace, campaign=campaign, account=account)
            ids = [row["id"] for row in api.pages(PATH, "sends", reason=reason, **scope)]
        results = [_change_send(api, verb, each, apply=apply) for each in ids]
    if as_json:
        print_json({"applied": apply, "sends": results})
        return
    show(results[:MOST], title=verb, as_json=False, columns=["id", "result"])
    able = sum(each["able"] for each in results)
    if len(results) > MOST:
        became = "changed" if apply else "can be done"
        out.print(f"… and {len(results) - MOST:,} more, {able:,} of {len(results):,} {became}; --json has them all.")
    if able and not apply:
        out.print(f"Nothing was changed. {able} can be done: the same with --apply.")


def _change_send(api: Api, verb: str, send: str, *, apply: bool) -> dict[str, Any]:
    try:
        done = api.post(f"{PATH}/{send}/{verb}", dry_run=None if apply else True)
    except Unreachable:
        raise
    except CommandError as error:
        if error.code in {"unauthorized", "forbidden"}:
            raise
        return {"id": send, "able": False, "result": str(error)}
    now = done["send"]["status"]
    result = f"{now} already" if not done["changed"] else f"{now} now" if apply else "can be done"
    return {"id": send, "able": done["changed"], "result": result}
