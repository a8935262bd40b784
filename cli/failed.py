"""tact failed: what failed for good and waits for a person, why, and the two things to do about it."""

from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.scope import AccountWord, CampaignWord, WorkspaceWord, moment, scope_of
from cli.work import do
from services.queuer.http.insight.failed_sends import FailedOut, OneFailed
from services.queuer.store.insight.failed_sends import Wanted
from services.queuer.workflows.insight import failed_sends as desk
from services.queuer.workflows.insight.failed_sends import Done, FailedSend
from shared.refusals import Refused
from shared.vocabulary import COMMAND_LINE

app = typer.Typer(help="Sends that failed for good: look, retry, drop.", no_args_is_help=True)

Reason = Annotated[
    str | None, typer.Option("--reason", "-r", help="Only these: a reason as the list shows it; no_words: planning found none.")
]
Sends = Annotated[list[UUID] | None, typer.Argument(help="Ids, as the list shows them; or say which by the options.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it. Without this it is only said what would happen.")]
MOST = 200
"""Sends on one page, and lines of a table."""


@app.command("list")
def list_failed(
    workspace: WorkspaceWord = None,
    campaign: CampaignWord = None,
    account: AccountWord = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST)] = 20,
    after: Annotated[str | None, typer.Option(help="The mark that the page before ended with.")] = None,
    as_json: AsJson = False,
) -> None:
    """The newest first, each with its cause in words."""

    async def work(pool: asyncpg.Pool) -> desk.Page:
        wanted = await _wanted(pool, workspace, campaign, account, reason)
        async with pool.acquire() as connection:
            return await desk.page(connection, wanted, after=after, most=limit)

    page = do(work)
    if as_json:
        print_json({"sends": [_json(send) for send in page.sends], "next": page.next})
        return
    if not page.sends:
        out.print("Nothing has failed that waits for a person.")
    for send in page.sends:
        row = send.row
        out.print(str(row["id"]), style="bold", highlight=False)
        out.print(
            f"  {_name(send)}, {row['message_type']} of {row['campaign_name']} from {row['account_name']}", highlight=False, markup=False
        )
        out.print(f"  {send.cause.code}: {send.cause.meaning}", highlight=False, markup=False)
        out.print(f"  {send.cause.to_do}", highlight=False, markup=False, style="dim")
    if page.next:
        out.print(f"There is more: --after {page.next}", highlight=False, soft_wrap=True)


@app.command("show")
def show_failed(send: Annotated[UUID, typer.Argument(help="Its id.")], as_json: AsJson = False) -> None:
    """One send: what was said, the cause, every attempt, what the provider showed, and what people did."""

    async def work(pool: asyncpg.Pool) -> tuple[FailedSend, Any]:
        async with pool.acquire() as connection:
            return await desk.get(connection, send)

    found, evidence = do(work)
    if as_json:
        print_json(OneFailed.of(found, evidence))
        return
    row = found.row
    facts = {
        "to": _name(found),
        "campaign": row["campaign_name"],
        "account": row["account_name"],
        "step": row["message_type"],
        "status": f"{row['status']}, prospect {row['prospect_status']}",
        "planned": f"{row['scheduled_for']:%Y-%m-%d %H:%M} UTC, {row['retries']} retries",
        "message": row["message"] or "(no note)",
        "reason": row["error_message"] or "none",
        "cause": found.cause.meaning,
        "to do": found.cause.to_do,
    }
    for name, fact in facts.items():
        out.print(f"{name:<9} {fact}", highlight=False, markup=False)
    attempts = [
        {"at": moment(a["decided_at"]), "action": a["action"], "state": a["state"], "http": a["http_status"], "said": a["error_detail"]}
        for a in evidence.attempts
    ]
    show(attempts, title="\nattempts", as_json=False)
    seen = [
        {"at": moment(o["observed_at"]), "kind": o["kind"], "by": o["source"], "shown": str(o["payload"])[:200]}
        for o in evidence.observations
    ]
    show(seen, title="\nwhat the provider showed of the person", as_json=False)
    deeds = [{"at": moment(d["at"]), "by": d["actor"], "did": d["verb"]} for d in evidence.history]
    show(deeds, title="\nwhat people did", as_json=False)


@app.command()
def retry(
    sends: Sends = None,
    workspace: WorkspaceWord = None,
    campaign: CampaignWord = None,
    account: AccountWord = None,
    reason: Reason = None,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Let failed sends be tried again, each in its turn and within every limit."""
    _press("retry", sends, (workspace, campaign, account, reason), apply=apply, as_json=as_json)


@app.command()
def drop(
    sends: Sends = None,
    workspace: WorkspaceWord = None,
    campaign: CampaignWord = None,
    account: AccountWord = None,
    reason: Reason = None,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """Give failed sends up: they are cancelled and leave the list."""
    _press("drop", sends, (workspace, campaign, account, reason), apply=apply, as_json=as_json)


def _press(verb: str, sends: list[UUID] | None, which: tuple[str | None, ...], *, apply: bool, as_json: bool) -> None:
    if not sends and not any(which):
        raise CommandError(
            f"Say which: tact failed {verb} ID, or --campaign, --account, --workspace, --reason. `tact failed list` shows them."
        )
    if sends and any(which):
        raise CommandError("Give ids or options, not both: the ids say already which are meant.")

    async def work(pool: asyncpg.Pool) -> list[dict[str, Any]]:
        ids = list(sends or []) or await every(pool, await _wanted(pool, *which))
        return [await _one(pool, verb, each, apply=apply) for each in ids]

    results = do(work)
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


async def every(pool: asyncpg.Pool, wanted: Wanted, *, page: int = MOST) -> list[UUID]:
    """All that are wanted, page after page: those that cannot be moved stay on the list, and must not hide others behind them."""
    ids: list[UUID] = []
    after: str | None = None
    while True:
        async with pool.acquire() as connection:
            found = await desk.page(connection, wanted, after=after, most=page)
        ids += [each.row["id"] for each in found.sends]
        after = found.next
        if after is None:
            return ids


async def _one(pool: asyncpg.Pool, verb: str, send: UUID, *, apply: bool) -> dict[str, Any]:
    try:
        done: Done = await (desk.retry if verb == "retry" else desk.drop)(pool, send, actor=COMMAND_LINE, apply=apply)
    except Refused as error:
        return {"id": str(send), "able": False, "result": error.message}
    now = done.send.row["status"]
    said = f"{now} already" if not done.changed else f"{now} now" if apply else "can be done"
    return {"id": str(send), "able": done.changed, "result": said}


async def _wanted(pool: asyncpg.Pool, workspace: str | None, campaign: str | None, account: str | None, reason: str | None) -> Wanted:
    scope = await scope_of(pool, workspace=workspace, campaign=campaign, account=account)
    return Wanted(scope.workspace_id, scope.campaign_id, scope.account_id, reason)


def _json(send: FailedSend) -> Any:
    return FailedOut.of(send).model_dump(mode="json")


def _name(send: FailedSend) -> str:
    return f"{send.row['first_name']} {send.row['last_name']}".strip() or "somebody without a name"
