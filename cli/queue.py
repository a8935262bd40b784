"""tact queue: send what is due now, plan who waits, and see what the queue holds and why it stands."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import asyncpg
import typer

from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.scope import AccountWord, CampaignWord, WorkspaceWord, moment, scope_of
from cli.target import target
from cli.work import do
from services.queuer.http.cron import PlanAnswer, ProcessAnswer
from services.queuer.http.insight.queue import QueueOut
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.settings import QueuerSettings
from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from services.queuer.workflows.dispatch.process import Processor
from services.queuer.workflows.insight.queue import Figures, Queue, show_queue
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.plan_now import PlanNow
from shared.fence import store as fences
from shared.kafka.publisher import Publisher
from shared.runtime.settings import SettingsError, load
from shared.vocabulary import Action

Wait = Annotated[float | None, typer.Option(min=0, max=300, help="Seconds; TACT_QUEUE_WAIT otherwise.")]

app = typer.Typer(help="The queue: send now, plan now, and why it stands.", no_args_is_help=True)


@app.command()
def process(workspace: WorkspaceWord = None, account: AccountWord = None, wait: Wait = None, as_json: AsJson = False) -> None:
    """Send what is due now, wait for what becomes of it, and say why the rest does not leave. Safe at any time."""
    settings = _settings()

    async def work(pool: asyncpg.Pool) -> ProcessAnswer:
        scope = await scope_of(pool, workspace=workspace, account=account)
        if (why := (await fences.read_fence(pool)).read_only_why) is not None:
            raise CommandError(f"Nothing leaves, the stack is read-only: {why} `tact adopt` says what to do.")
        publisher = Publisher(target().kafka, client_id="tact-cli", fatal=lambda _why: None)
        await publisher.start()
        try:
            dispatcher = Dispatcher(pool, publisher, DispatchLimits.of(settings))
            done = await Processor(pool, dispatcher, wait=_or(wait, settings.queue_wait), call_times=_call_times(settings)).process(scope)
        finally:
            await publisher.stop()
        return ProcessAnswer.of(done)

    answer = do(work)
    if as_json:
        print_json(answer)
        return
    out.print(answer.message, highlight=False)
    if answer.sends:
        show([{"to": s.to, "step": s.message_type, "outcome": _plain(s.outcome)} for s in answer.sends], title="handed out", as_json=False)
    if answer.accounts:
        rows = [{"account": a.account, "next": moment(a.next_at), "because": a.detail} for a in answer.accounts]
        show(rows, title=f"accounts{'' if answer.complete else ' (the first)'}, times in UTC", as_json=False)


@app.command()
def plan(wait: Wait = None, as_json: AsJson = False) -> None:
    """Plan every prospect of running campaigns that waits to be planned. Safe at any time."""
    settings = _settings()

    async def work(pool: asyncpg.Pool) -> PlanAnswer:
        planner = Planner(pool, batch=settings.planning_batch, recipients_stay_fresh=settings.recipients_stay_fresh)
        return PlanAnswer.of(await PlanNow(pool, planner, batch=settings.planning_batch, within=_or(wait, settings.queue_wait)).plan())

    answer = do(work)
    if as_json:
        print_json(answer)
        return
    out.print(answer.message, highlight=False)
    others = {"skipped": answer.skipped, "failed": answer.failed, "could not be planned: the schedule is unreadable": answer.not_planned}
    for what, count in others.items():
        if count:
            out.print(f"  {count} {what}", highlight=False)


@app.command("show")
def show_it(workspace: WorkspaceWord = None, campaign: CampaignWord = None, account: AccountWord = None, as_json: AsJson = False) -> None:
    """Sent and capped, planned, failed, how fast, and how long what is due waits for which reason."""
    settings = _settings()

    async def work(pool: asyncpg.Pool) -> Queue:
        scope = await scope_of(pool, workspace=workspace, campaign=campaign, account=account)
        async with pool.acquire() as connection, connection.transaction(readonly=True):
            return await show_queue(connection, scope, _call_times(settings))

    found = do(work)
    if as_json:
        print_json(QueueOut.of(found))
        return
    total = found.totals
    out.print(f"business time {found.now:%a %Y-%m-%d %H:%M} UTC", highlight=False)
    out.print(
        f"{total.sent_today} sent today, {total.in_60_minutes} in the last hour, {total.in_5_minutes} in the last 5 minutes; "
        f"{total.pending} planned, next {moment(total.next_planned_at) or 'never'}; {_decisions(total)}",
        highlight=False,
    )
    accounts = [
        {
            "account": each.account["name"],
            "invites": f"{each.used[Action.INVITATION]}/{each.caps[Action.INVITATION]}",
            "messages": f"{each.used[Action.MESSAGE]}/{each.caps[Action.MESSAGE]}",
            "planned": each.figures.pending,
            "failed": each.figures.failed + each.figures.undecided,
            "next": moment(each.standing.next_at),
            "because": _plain(each.standing.reason),
        }
        for each in found.accounts
    ]
    show(accounts, title="\naccounts, their own day", as_json=False)
    campaigns = [{"campaign": c.row["campaign_name"], "status": c.row["status"]} | _row(c.figures) for c in found.campaigns]
    show(campaigns, title="\ncampaigns", as_json=False)
    if len(found.workspaces) > 1:
        show([{"workspace": w.company_name} | _row(w.figures) for w in found.workspaces], title="\nworkspaces", as_json=False)
    waiting = [
        {"waits for": _plain(w.reason), "sends": w.sends, "half": _span(w.p50), "90 %": _span(w.p90), "99 %": _span(w.p99)}
        for w in found.waiting
    ]
    show(waiting, title="\nhow long due sends have waited", as_json=False)
    if not found.complete:
        out.print("There is more: name a workspace, a campaign or an account.")


def _row(figures: Figures) -> dict[str, Any]:
    return {
        "planned": figures.pending,
        "sent today": figures.sent_today,
        "last hour": figures.in_60_minutes,
        "failed": figures.failed,
        "next": moment(figures.next_planned_at),
    }


def _decisions(total: Figures) -> str:
    parts: Sequence[str] = [f"{total.failed} failed (tact failed list)"] if total.failed else []
    if total.undecided:
        parts = [*parts, f"{total.undecided} of unknown outcome"]
    return f"{' and '.join(parts)} wait for a person" if parts else "nothing waits for a person"


def _span(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    days, hours, minutes = seconds // 86_400, seconds % 86_400 // 3_600, seconds % 3_600 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds % 60} s"


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _settings() -> QueuerSettings:
    try:
        return load(QueuerSettings)
    except SettingsError as error:
        raise CommandError(str(error)) from None


def _call_times(settings: QueuerSettings) -> CallTimes:
    return CallTimes.of(settings)


def _or(seconds: float | None, otherwise: timedelta) -> timedelta:
    return otherwise if seconds is None else timedelta(seconds=seconds)
