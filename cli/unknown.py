"""tact unknown: attempts whose end nobody saw, what was found out about them, and a person's word where looks do not tell."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.text import Text

from cli.console import AsJson, out, print_json
from cli.scope import AccountWord, CampaignWord, WorkspaceWord, moment, scope_of
from cli.target import on_pool
from services.healer.http.unknown_attempts.unknown_attempts import UnknownOut, WholeUnknown
from services.healer.rules.unknown_attempts.evidence_text import describe_evidence
from services.healer.store.unknown_attempts.decisions import AttemptFilter, Row
from services.healer.workflows.unknown_attempts import resolve as desk
from services.healer.workflows.unknown_attempts.resolve import AttemptDecision
from shared.vocabulary import COMMAND_LINE

T = TypeVar("T")
app = typer.Typer(help="Attempts whose end nobody saw: look, and say what became of them.", no_args_is_help=True)

AttemptArgument = Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As the list shows it.")]


@app.command("list")
def list_unknown(
    workspace: WorkspaceWord = None,
    campaign: CampaignWord = None,
    account: AccountWord = None,
    mine: Annotated[bool, typer.Option("--for-a-person", help="Only those that are looked up no more.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    after: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="The mark that the page before ended with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Those that waited longest first."""

    async def work(pool: asyncpg.Pool) -> desk.AttemptPage:
        scope = await scope_of(pool, workspace=workspace, campaign=campaign, account=account)
        wanted = AttemptFilter(scope.workspace_id, scope.campaign_id, scope.account_id, True if mine else None)
        async with pool.acquire() as connection:
            return await desk.list_attempts(connection, wanted, after=after, most=limit)

    page = _do(work)
    if as_json:
        print_json({"attempts": [UnknownOut.of(row).model_dump(mode="json") for row in page.attempts], "next": page.next})
        return
    if not page.attempts:
        out.print("There is no attempt whose end nobody knows" + (" and that waits for a person." if mine else "."))
    for row in page.attempts:
        out.print(Text.assemble((str(row["id"]), "bold"), f"  since {moment(row['decided_at'])} UTC, {_next(row)}"))
        out.print(
            f"  {_name(row)}, {row['message_type']} of {row['campaign_name']} from {row['account_name']}", highlight=False, markup=False
        )
        found = describe_evidence(row["evidence"])
        out.print(f"  {found[-1] if found else 'Nobody has looked yet.'}", highlight=False, markup=False, style="dim")
    if page.next:
        out.print(f"There is more: --after {page.next}", highlight=False)


@app.command("show")
def show_unknown(attempt: AttemptArgument, as_json: AsJson = False) -> None:
    """One of them: what we tried, and what the provider's lists say."""

    async def work(pool: asyncpg.Pool) -> Row:
        async with pool.acquire() as connection:
            return await desk.get_attempt(connection, attempt)

    row = _do(work)
    if as_json:
        print_json(WholeUnknown.of(row))
        return
    answer = " ".join(str(part) for part in (row["http_status"], row["error_type"], row["error_detail"]) if part)
    facts = {
        "attempt": f"{row['id']}, {row['state']}",
        "tried": f"{row['message_type']} ({row['action']}) to {_name(row)}",
        "campaign": row["campaign_name"],
        "account": row["account_name"],
        "since": f"{moment(row['decided_at'])} UTC",
        "answer": answer or "none was seen",
        "message": row["message"] or "(no note)",
        "send": f"{row['send_id']}, {row['send_status']}; prospect {row['prospect_status']}",
        "next": _next(row),
    }
    for name, fact in facts.items():
        out.print(f"{name:<9} {fact}", highlight=False, markup=False)
    found = describe_evidence(row["evidence"])
    out.print("\nwhat was found out")
    for sentence in found or ["Nobody has looked yet."]:
        out.print(f"  {sentence}", highlight=False, markup=False)
    if row["state"] == "unknown":
        out.print(f"\nIf you know better: tact unknown resolve {row['id']} accepted|not-happened --reason …", highlight=False, markup=False)


@app.command()
def resolve(
    attempt: AttemptArgument,
    decision: Annotated[AttemptDecision, typer.Argument(help="accepted: it left. not-happened: it did not, and may be tried again.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="How you know; kept in the audit log.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without this it is only said what would happen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what became of it. The first decision stands, whoever makes it."""

    async def work(pool: asyncpg.Pool) -> desk.AttemptResolution:
        return await desk.resolve_attempt(pool, attempt, decision, reason=reason, actor=COMMAND_LINE, apply=apply)

    done = _do(work)
    if as_json:
        print_json({"applied": apply, "changed": done.changed, "attempt": WholeUnknown.of(done.attempt).model_dump(mode="json")})
        return
    row = done.attempt
    if not done.changed:
        out.print(f"Attempt {attempt} is {row['state']} already.", highlight=False)
    elif apply:
        out.print(f"Attempt {attempt} is {row['state']} now; its send is {row['send_status']}.", highlight=False)
    else:
        becomes = "its send counts as sent" if decision is AttemptDecision.ACCEPTED else "its send may be tried again, in its turn"
        out.print(f"Nothing was changed. Attempt {attempt} can be {decision.state}; {becomes}: the same with --apply.", highlight=False)


def _do(work: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    return on_pool(work, role="tact_healer")


def _next(row: Row) -> str:
    if row["state"] != "unknown":
        return "settled"
    looks = "one look" if row["looks"] == 1 else f"{row['looks']} looks"
    if row["needs_person"]:
        return f"{looks}, and now a person must say"
    return f"{looks}, the next from {moment(row['next_look'])} UTC on"


def _name(row: Any) -> str:
    return f"{row['first_name']} {row['last_name']}".strip() or "somebody without a name"
