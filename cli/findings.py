"""tact findings: rows that break a rule, what would repair them, and a person's decision."""

import json
from typing import Annotated, Any, Final

import typer

from cli.arguments import Apply
from cli.client import connect
from cli.console import AsJson, format_time, out, print_facts, print_json
from cli.resolve import CampaignFilter, WorkspaceFilter, find_scope

app = typer.Typer(help="Rows that break a rule, their repairs, and your decision.", no_args_is_help=True)

FindingArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As the list shows it.")]
PATH: Final = "/api/findings"
MOST: Final = 10_000


@app.command("list")
def list_findings(
    workspace: WorkspaceFilter = None,
    campaign: CampaignFilter = None,
    kind: Annotated[str | None, typer.Option(help="corrupted_sent, duplicate_sends, ...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are mended, refused or undone.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many at most.")] = 20,
    before: Annotated[int | None, typer.Option(min=1, max=2**63 - 1, help="The mark that the page before ended with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Newest first."""
    with connect() as api:
        scope = find_scope(api, workspace=workspace, campaign=campaign)
        found = api.pages(PATH, "findings", limit=limit, mark="before", before=before, kind=kind, closed_too=everything or None, **scope)
        rows = list(found)
    following = rows[-1]["id"] if len(rows) == limit else None
    if as_json:
        print_json({"findings": rows, "next": following})
        return
    if not rows:
        out.print("Nothing is known to be wrong." if not everything else "Nothing was ever found.")
    from rich.text import Text

    for row in rows:
        out.print(Text.assemble((str(row["id"]), "bold"), f"  {row['severity']:<8} {row['kind']}, {row['state']}"))
        found_at = format_time(row["found_at"], zone=True)
        out.print(f"  {row['table_name']} {row['row_id']}, found {found_at}", highlight=False, markup=False)
        if row["why"]:
            out.print(f"  {row['why']}", highlight=False, markup=False, style="dim")
    if following:
        out.print(f"There may be more: --before {following}", highlight=False)


@app.command("show")
def show_finding(finding: FindingArgument, as_json: AsJson = False) -> None:
    """One of them, with its evidence and what its repair would change."""
    with connect() as api:
        row = api.get(f"{PATH}/{finding}")["finding"]
    if as_json:
        print_json(row)
        return
    facts = {
        "finding": f"{row['id']}, {row['state']}" + (f" by {row['decided_by']}" if row["decided_by"] else ""),
        "kind": f"{row['kind']} ({row['severity']})",
        "row": f"{row['table_name']} {row['row_id']}",
        "since": format_time(row["occurred_at"], zone=True) or "unknown",
        "found": format_time(row["found_at"], zone=True),
        "repair": row["repair"] or "none of ours",
        "why": row["why"] or "it is repaired automatically",
        "evidence": json.dumps(row["evidence"]),
    }
    print_facts(facts)
    _print_changes(row)


@app.command()
def apply(finding: FindingArgument, apply: Apply = False, as_json: AsJson = False) -> None:
    """Change what it says would be changed. Undo takes it back."""
    _decide(finding, "apply", apply=apply, as_json=as_json)


@app.command()
def refuse(
    finding: FindingArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why it stays as it is; kept in the audit log.")],
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Leave the row as it is; it is not found again while it stays so."""
    _decide(finding, "refuse", {"reason": reason}, apply=apply, as_json=as_json)


@app.command()
def undo(finding: FindingArgument, apply: Apply = False, as_json: AsJson = False) -> None:
    """Take a repair back; refused when something has left since."""
    _decide(finding, "undo", apply=apply, as_json=as_json)


def _decide(finding: int, action: str, body: dict[str, str] | None = None, *, apply: bool, as_json: bool) -> None:
    with connect() as api:
        done = api.post(f"{PATH}/{finding}/{action}", body, dry_run=None if apply else True)
    row = done["finding"]
    if as_json:
        print_json({"applied": apply, "changed": done["changed"], "finding": row})
        return
    if done["changed"]:
        out.print(f"Finding {finding} is {row['state']} now.", highlight=False)
        return
    out.print(f"Nothing was changed. Finding {finding} is {row['state']}; the same with --apply does it:", highlight=False)
    if action != "refuse":
        _print_changes(row, back=action == "undo")


def _print_changes(row: dict[str, Any], *, back: bool = False) -> None:
    for change in row["changes"]:
        was, becomes = (change["after"], change["before"]) if back else (change["before"], change["after"])
        out.print(f"  {change['table']} {change['id']}", highlight=False, markup=False)
        for name in sorted({*(was or {}), *(becomes or {})}) if was and becomes else []:
            out.print(f"    {name}: {was.get(name)} -> {becomes.get(name)}", highlight=False, markup=False)
        if not (was and becomes):
            out.print("    goes to merged_sends" if becomes is None else "    comes back", highlight=False, markup=False)
