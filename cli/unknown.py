"""tact unknown: attempts of unknown outcome, what was found out about them, and a person's decision where look-ups do not tell."""

from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from cli.arguments import Apply
from cli.client import connect
from cli.console import AsJson, format_time, out, person_name, print_facts, print_json
from cli.listing import Everything, read_page
from cli.resolve import AccountFilter, CampaignFilter, WorkspaceFilter, find_scope

app = typer.Typer(help="Attempts of unknown outcome: look, and decide them.", no_args_is_help=True)

AttemptArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As the list shows it.")]
PATH: Final = "/api/unknown"
NOT_LOOKED: Final = "It was not looked up yet."


class OutcomeChoice(StrEnum):
    """What a person may decide, in the words of the API."""

    ACCEPTED = "accepted"
    NOT_HAPPENED = "not-happened"


@app.command("list")
def list_unknown(
    workspace: WorkspaceFilter = None,
    campaign: CampaignFilter = None,
    account: AccountFilter = None,
    mine: Annotated[bool, typer.Option("--for-a-person", help="Only those that are looked up no more.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    after: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="The mark that the page before ended with.")] = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Those that waited longest first."""
    with connect() as api:
        query = find_scope(api, workspace=workspace, campaign=campaign, account=account) | {"needs_person": True if mine else None}
        rows, following = read_page(api, PATH, "attempts", limit=limit, everything=everything, after=after, **query)
    if as_json:
        print_json({"attempts": rows, "next": following})
        return
    if not rows:
        out.print("There is no attempt of unknown outcome" + (" that waits for a person." if mine else "."))
    from rich.text import Text

    for row in rows:
        out.print(Text.assemble((str(row["id"]), "bold"), f"  since {format_time(row['decided_at'], zone=True)}, {_next(row)}"))
        about = f"  {person_name(row)}, {row['message_type']} of {row['campaign_name']} from {row['account_name']}"
        out.print(about, highlight=False, markup=False)
        out.print(f"  {row['told'][-1] if row['told'] else NOT_LOOKED}", highlight=False, markup=False, style="dim")
    if following:
        out.print(f"There is more: --after {following}", highlight=False)


@app.command("show")
def show_unknown(attempt: AttemptArgument, as_json: AsJson = False) -> None:
    """One of them: what we tried, and what the provider's lists say."""
    with connect() as api:
        row = api.get(f"{PATH}/{attempt}")["attempt"]
    if as_json:
        print_json(row)
        return
    answer = " ".join(str(part) for part in (row["http_status"], row["error_type"], row["error_detail"]) if part)
    facts = {
        "attempt": f"{row['id']}, {row['state']}",
        "tried": f"{row['message_type']} ({row['action']}) to {person_name(row)}",
        "campaign": row["campaign_name"],
        "account": row["account_name"],
        "since": format_time(row["decided_at"], zone=True),
        "answer": answer or "none was seen",
        "message": row["message"] or "(no note)",
        "send": f"{row['send_id']}, {row['send_status']}; prospect {row['prospect_status']}",
        "next": _next(row),
    }
    print_facts(facts)
    out.print("\nwhat was found out")
    for sentence in row["told"] or [NOT_LOOKED]:
        out.print(f"  {sentence}", highlight=False, markup=False)
    if row["state"] == "unknown":
        out.print(f"\nIf you know better: tact unknown resolve {row['id']} accepted|not-happened --reason …", highlight=False, markup=False)


@app.command()
def resolve(
    attempt: AttemptArgument,
    decision: Annotated[OutcomeChoice, typer.Argument(help="accepted: it left. not-happened: it did not, and may be tried again.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="How you know; kept in the audit log.")],
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Say what became of it. The first decision stands."""
    with connect() as api:
        body = {"decision": decision.value, "reason": reason}
        done = api.post(f"{PATH}/{attempt}/resolve", body, dry_run=None if apply else True)
    row = done["attempt"]
    if as_json:
        print_json({"applied": apply, "changed": done["changed"], "attempt": row})
        return
    if not done["changed"]:
        out.print(f"Attempt {attempt} is {row['state']} already.", highlight=False)
    elif apply:
        out.print(f"Attempt {attempt} is {row['state']} now; its send is {row['send_status']}.", highlight=False)
    else:
        accepted = decision is OutcomeChoice.ACCEPTED
        becomes = "its send counts as sent" if accepted else "its send may be tried again, in its turn"
        state = "accepted" if accepted else "not_happened"
        out.print(f"Nothing was changed. Attempt {attempt} can be {state}; {becomes}: the same with --apply.", highlight=False)


def _next(row: dict[str, Any]) -> str:
    if row["state"] != "unknown":
        return "settled"
    looks = "one look" if row["looks"] == 1 else f"{row['looks']} looks"
    if row["needs_person"]:
        return f"{looks}, and now a person must say"
    return f"{looks}, the next from {format_time(row['next_look'], zone=True)} on"
