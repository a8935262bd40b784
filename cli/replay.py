"""tact replay: dry without --apply."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.console import err, print_json, say
from cli.replay_report import PrintedReport
from cli.target import database, run, target
from operations.replay import arguments
from operations.replay.arguments import format_time
from operations.replay.engine import ReplayReport, ReplayRequest, Servers, parse_range, replay_range, rewind_group
from operations.replay.runs import ReplayRun
from shared.refusals import Refused

INTERRUPTED: Final = 130


def replay(
    topic: Annotated[str, typer.Argument(help="sends.due, prospects.ready, ...")],
    since: Annotated[
        str,
        typer.Option(
            "--from",
            help="Start of the range in real time, as the records carry it (not the stack's business time): "
            "ISO like 2026-03-10T14:00Z, '2h ago', or 'beginning'.",
        ),
    ],
    until: Annotated[str | None, typer.Option("--to", help="End of the range, written like --from. Default: now.")] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", help="Only the events of one: account=, campaign= or workspace= with its id or name, or prospect= with its id."
        ),
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", help="Most events a second: 500/s. Default: full speed.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; sent in the header replay-reason and kept in the audit log.")] = "",
    rewind: Annotated[str | None, typer.Option("--rewind", help="Move this consumer group instead; it must have no live member.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without this the command only reports what would happen.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Begin again instead of resuming an interrupted replay.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Publish a topic's events to its consumers again. What is done already stays as it is; what was lost is done now.

    The same command resumes a replay that was interrupted.
    """
    request = ReplayRequest(
        topic=arguments.parse_topic(topic),
        since=since,
        until=until,
        where=where,
        rate=arguments.parse_rate(rate) if rate is not None else None,
        reason=reason.strip() or "no reason given",
        apply=apply,
        anew=anew,
    )
    if rewind is not None and not rewind.strip():
        raise Refused("--rewind names no group; nothing was moved and nothing published. `tact replay --help` says how it is used.")
    if rewind is not None and any(option is not None for option in (until, where, rate)):
        raise Refused("A moved group reads every record from there on: --rewind is used with --from, not with --to, --where or --rate.")
    parse_range(request)  # a typing error is reported before a server is asked
    try:
        answer = run(_carry_out(request, rewind, _QuietReport() if as_json else _TerminalReport()))
    except KeyboardInterrupt:
        kept = "What is published stays published; the same command resumes from there."
        say("Stopped. " + (kept if apply and rewind is None else "Nothing was published."))
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(answer)


async def _carry_out(request: ReplayRequest, group: str | None, report: ReplayReport) -> dict[str, Any]:
    kafka = target().kafka
    async with database() as pool:
        servers = Servers(pool, kafka)
        if group is not None:
            return await rewind_group(request, group, servers, report)
        return await replay_range(request, servers, report)


class _QuietReport(ReplayReport):
    """For --json: progress and notices on standard error only."""

    def resumes(self, run: ReplayRun, *, apply: bool) -> None:
        say(
            f"Replay {run.id} of {format_time(run.since)} to {format_time(run.until) if run.until else 'then'} was interrupted after "
            f"{run.published:,} events; {'resuming it' if apply else '--apply resumes it'}. --anew begins again."
        )

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar on standard error, erased when it is complete."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err.made, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(title, total=total)
            yield lambda records: bar.advance(task, records)


class _TerminalReport(PrintedReport, _QuietReport):
    """For a person at a terminal."""
