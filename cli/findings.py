"""tact findings: what is wrong, what would mend it, and a person's word."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.text import Text

from cli.console import AsJson, out, print_json
from cli.scope import CampaignWord, WorkspaceWord, moment, scope_of
from cli.target import on_pool
from services.healer.http.repairs.findings import FindingOut
from services.healer.store.repairs import repairs
from services.healer.workflows.repairs import decide as desk
from services.healer.workflows.repairs.decide import DecidedFinding, Finding, FindingAction
from shared.vocabulary import COMMAND_LINE

T = TypeVar("T")
app = typer.Typer(help="What is wrong, what would mend it, and your word where it does not mend itself.", no_args_is_help=True)

FindingArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As the list shows it.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it. Without this it is only said what would happen.")]
OPEN = ("open", "proposed")


@app.command("list")
def list_findings(
    workspace: WorkspaceWord = None,
    campaign: CampaignWord = None,
    kind: Annotated[str | None, typer.Option(help="corrupted_sent, duplicate_sends, ...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are mended, refused or undone.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    before: Annotated[int | None, typer.Option(min=1, max=2**63 - 1, help="The mark that the page before ended with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Newest first."""

    async def work(pool: asyncpg.Pool) -> list[dict[str, Any]]:
        scope = await scope_of(pool, workspace=workspace, campaign=campaign, account=None)
        return await repairs.fetch_findings(
            pool,
            before=before,
            states=None if everything else OPEN,
            kind=kind,
            campaign_id=scope.campaign_id,
            workspace_id=scope.workspace_id,
            most=limit,
        )

    rows = _do(work)
    following = rows[-1]["id"] if len(rows) == limit else None
    if as_json:
        print_json({"findings": [FindingOut.of(row).model_dump(mode="json") for row in rows], "next": following})
        return
    if not rows:
        out.print("Nothing is wrong that anybody knows of." if not everything else "Nothing was ever found.")
    for row in rows:
        out.print(Text.assemble((str(row["id"]), "bold"), f"  {row['severity']:<8} {row['kind']}, {row['state']}"))
        out.print(f"  {row['table_name']} {row['row_id']}, found {moment(row['found_at'])} UTC", highlight=False, markup=False)
        if words := row["why"] or desk.explain_person_needed(row["kind"]):
            out.print(f"  {words}", highlight=False, markup=False, style="dim")
    if following:
        out.print(f"There may be more: --before {following}", highlight=False)


@app.command()
def show(finding: FindingArgument, as_json: AsJson = False) -> None:
    """One of them, with its evidence and what its repair would change."""

    async def work(pool: asyncpg.Pool) -> Finding:
        return await desk.get_finding(pool, finding)

    row = _do(work)
    if as_json:
        print_json(FindingOut.of(row).model_dump(mode="json"))
        return
    facts = {
        "finding": f"{row['id']}, {row['state']}" + (f" by {row['decided_by']}" if row["decided_by"] else ""),
        "kind": f"{row['kind']} ({row['severity']})",
        "row": f"{row['table_name']} {row['row_id']}",
        "since": f"{moment(row['occurred_at'])} UTC" if row["occurred_at"] else "unknown",
        "found": f"{moment(row['found_at'])} UTC",
        "repair": row["repair"] or "none of ours",
        "why": row["why"] or desk.explain_person_needed(row["kind"]) or "it mends itself",
        "evidence": json.dumps(row["evidence"], default=str),
    }
    for name, fact in facts.items():
        out.print(f"{name:<9} {fact}", highlight=False, markup=False)
    _print_changes(row)


@app.command()
def apply(finding: FindingArgument, apply: Apply = False, as_json: AsJson = False) -> None:
    """Change what it says would be changed. Undo takes it back."""
    _say(finding, FindingAction.APPLY, apply=apply, as_json=as_json)


@app.command()
def refuse(
    finding: FindingArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why it stays as it is; kept in the audit log.")],
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Leave the row as it is; it is not found again while it stays so."""
    _say(finding, FindingAction.REFUSE, apply=apply, as_json=as_json, reason=reason)


@app.command()
def undo(finding: FindingArgument, apply: Apply = False, as_json: AsJson = False) -> None:
    """Take a repair back, whoever made it; refused when something has left since."""
    _say(finding, FindingAction.UNDO, apply=apply, as_json=as_json)


def _say(finding: int, word: FindingAction, *, apply: bool, as_json: bool, reason: str = "") -> None:
    async def work(pool: asyncpg.Pool) -> DecidedFinding:
        return await desk.decide_finding(pool, finding, word, actor=COMMAND_LINE, reason=reason, apply=apply)

    done = _do(work)
    if as_json:
        print_json({"applied": apply, "changed": done.changed, "finding": FindingOut.of(done.finding).model_dump(mode="json")})
        return
    if done.changed:
        out.print(f"Finding {finding} is {done.finding['state']} now.", highlight=False)
        return
    out.print(f"Nothing was changed. Finding {finding} is {done.finding['state']}; the same with --apply does it:", highlight=False)
    if word is not FindingAction.REFUSE:
        _print_changes(done.finding, back=word is FindingAction.UNDO)


def _print_changes(row: Mapping[str, Any], *, back: bool = False) -> None:
    for change in row["changes"]:
        was, becomes = (change["after"], change["before"]) if back else (change["before"], change["after"])
        out.print(f"  {change['table']} {change['id']}", highlight=False, markup=False)
        for name in sorted({*(was or {}), *(becomes or {})}) if was and becomes else []:
            out.print(f"    {name}: {was.get(name)} -> {becomes.get(name)}", highlight=False, markup=False)
        if not (was and becomes):
            out.print("    goes to merged_sends" if becomes is None else "    comes back", highlight=False, markup=False)


def _do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    return on_pool(work, role="tact_healer")
