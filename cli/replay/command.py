"""tact replay: dry without --apply."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.console import err, print_json, run, say
from cli.replay import report
from cli.target import database, target
from operations.replay import groups, names, ranges, runs, words
from operations.replay.look import Found, Look, acts, consumers
from operations.replay.republish import republish
from operations.replay.where import Belongings, belongings
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.refusals import Refused

WAIT: Final = 30.0
"""Seconds that the topic's readers get to work off what was published before the report is written."""
INTERRUPTED: Final = 130
CUT_OFF: Final = "What is published stays published; the same command goes on from there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command as it was typed."""

    topic: Topic[Event]
    since: str
    until: str | None = None
    where: str | None = None
    rate: float | None = None
    reason: str = "no reason given"
    apply: bool = False
    anew: bool = False
    as_json: bool = False
    quiet: bool = False
    """No bar, also on a terminal."""

    @property
    def words(self) -> str:
        """What tells one replay from another; who asks with the same ones goes on with it."""
        return " ".join(
            [f"--from {self.since}", *([f"--to {self.until}"] if self.until else []), *([f"--where {self.where}"] if self.where else [])]
        )


def replay(
    topic: Annotated[str, typer.Argument(help="sends.due, prospects.ready, ...")],
    since: Annotated[
        str,
        typer.Option(
            "--from",
            help="The first moment, in real time as the records carry it (a stack's faster business clock does not count): "
            "ISO like 2026-03-10T14:00Z, '2h ago', or 'beginning'.",
        ),
    ],
    until: Annotated[str | None, typer.Option("--to", help="Up to this moment, written alike. Without it: up to now.")] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", help="Only events of one: account=, campaign= or workspace= with its id or name, or prospect= with its id."
        ),
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", help="At most so many events a second: 500/s. Without it: full speed.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; travels in the header replay-reason and stands in the audit log.")] = "",
    rewind: Annotated[str | None, typer.Option("--rewind", help="Move this consumer group instead; it must have no live member.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it. Without this it is only said what would happen.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Begin again instead of going on with the one that was cut off.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Give a topic's events to its consumers again. What is done already stays as it is; what was lost is done now.

    A replay that is cut off goes on where it was when the same command is given again.
    """
    asked = Asked(
        topic=words.topic(topic),
        since=since,
        until=until,
        where=where,
        rate=words.rate(rate) if rate is not None else None,
        reason=reason.strip() or "no reason given",
        apply=apply,
        anew=anew,
        as_json=as_json,
    )
    if rewind is not None and not rewind.strip():
        raise Refused("--rewind names no group; nothing was moved and nothing published. `tact replay --help` says how it is used.")
    if rewind is not None and any(option is not None for option in (until, where, rate)):
        raise Refused("A group that is moved reads everything from there on: --rewind goes with --from, not with --to, --where or --rate.")
    try:
        answer = run(move_back(asked, rewind) if rewind is not None else carry_out(asked))
    except KeyboardInterrupt:
        say("Stopped. " + (CUT_OFF if apply and rewind is None else "Nothing was published."))
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(answer)


async def carry_out(asked: Asked) -> dict[str, Any]:
    """Look at the range, and with `apply` publish it again; returns what --json prints.

    Raises:
        Refused: a word cannot be read, or Kafka did not take the events.
    """
    now = datetime.now(UTC)  # technical: what the records' timestamps are compared with
    since = words.moment(asked.since, "--from", now=now)
    until = None if asked.until is None else words.moment(asked.until, "--to", now=now)
    whose = words.where(asked.where) if asked.where is not None else None
    if since and until and since >= until:
        raise Refused(f"--from {words.said(since)} is not before --to {words.said(until)}: there is nothing in between.")
    async with database() as pool, pool.acquire() as connection:
        theirs = await belongings(connection, whose)
        begun = await runs.unfinished(connection, asked.topic.name, asked.words)
        if begun and asked.anew and asked.apply:
            await runs.take(connection, begun)
            await runs.finish(connection, begun)
        if begun and not asked.anew:
            await _still_there(begun)
            since = None if begun.since == runs.FIRST_OF_ALL else begun.since
            until = begun.until
            wanted = begun.left
            say(
                f"Replay {begun.id} of {words.said(since)} to {words.said(until) if until else 'then'} was cut off after "
                f"{begun.published:,} events; {'going on with it' if asked.apply else 'with --apply it goes on'}. --anew begins again."
            )
        else:
            begun, wanted = None, await ranges.find(target().kafka, asked.topic.name, since, until)
        found = await _look(pool, asked, wanted, theirs)
        told = await names.named(pool, found.kept)
        answer = _answer(asked, since, until, found, told)
        if not asked.as_json:
            report.looked(asked.topic.name, since, until, found, told)
        if asked.apply and (begun or found.events):
            this = begun or await runs.begin(connection, asked.words, wanted, since=since, until=until, reason=asked.reason)
            await runs.take(connection, this)
            answer["applied"] = await _apply(pool, connection, asked, this, theirs, found)
        elif not asked.as_json and found.events:
            report.line(f"Nothing was published. --apply publishes these {found.events:,} events again.")
    return answer


async def _still_there(begun: runs.Run) -> None:
    now = await ranges.find(target().kafka, begun.range.topic, None, None)
    if any(end > now.ends.get(partition, 0) for partition, end in begun.range.ends.items()):
        raise Refused(
            f"Replay {begun.id} was cut off, and {begun.range.topic} was deleted and made again since: there is nothing to go on with. "
            "The same command with --anew begins again."
        )


async def _look(pool: asyncpg.Pool, asked: Asked, wanted: ranges.Range, theirs: Belongings) -> Found:
    look = Look(asked.topic, wanted, theirs, consumers(pool))
    async with _bar(asked, f"reading {asked.topic.name}", wanted.size) as advance:
        async for batch in ranges.read(target().kafka, wanted):
            await look.take(batch)
            advance(len(batch))
    return look.found


async def _apply(pool: asyncpg.Pool, connection: Any, asked: Asked, this: runs.Run, theirs: Belongings, found: Found) -> dict[str, Any]:
    began, before = time.monotonic(), this.published
    async with _bar(asked, f"publishing to {asked.topic.name}", this.left.size) as advance:
        await republish(
            target().kafka, connection, asked.topic, this, theirs, rate=asked.rate, progress=lambda _run, records: advance(records)
        )
    seconds, published = time.monotonic() - began, this.published - before
    await runs.finish(connection, this)
    behind = await groups.worked_off(target().kafka, asked.topic, within=WAIT)
    fresh = {name: each for name, each in consumers(pool).items() if name in asked.topic.consumers}
    still = await acts(asked.topic, list({id(each.event): each.event for each in found.kept}.values()), fresh)
    left = await names.named(pool, still)
    acted = len({id(each.event) for each in found.kept}) - len({id(each.event) for each in still})
    if not asked.as_json:
        report.line(f"Published {published:,} events in {seconds:.1f} s ({published / max(seconds, 0.001):,.0f}/s), run {this.id}.")
        report.worked(behind)
        if found.kept:
            report.line(f"  {acted:,} of {found.acting:,} that would act have acted" + (f"; {len(left):,} still would:" if left else ""))
            report.deeds(left)
    return {
        "run": this.id,
        "resumed": this.resumed,
        "published": published,
        "published_in_all": this.published,
        "seconds": round(seconds, 3),
        "per_second": round(published / max(seconds, 0.001)),
        "behind": behind,
        "acted": acted,
        "still_would_act": [asdict(each) for each in left],
    }


async def move_back(asked: Asked, group: str) -> dict[str, Any]:
    """Look at what a group would read again, and with `apply` move it; returns what --json prints.

    Raises:
        Refused: there is no such group, or it is alive.
    """
    kafka = target().kafka
    since = words.moment(asked.since, "--from", now=datetime.now(UTC))
    moves, again = await groups.plan_rewind(kafka, asked.topic, group, since)
    async with database() as pool:
        found = await _look(pool, asked, again, Belongings())
        told = await names.named(pool, found.kept)
        answer = _answer(asked, since, None, found, told) | {"group": group, "offsets": [asdict(move) for move in moves]}
        if asked.apply:
            stands = await groups.rewind(kafka, asked.topic.name, group, moves)
            answer["applied"] = {"stands_at": stands}
            details = {"group": group, "offsets": [asdict(move) for move in moves], "reason": asked.reason}
            async with pool.acquire() as connection:
                await runs.note(connection, "rewind", asked.topic.name, details)
    if not asked.as_json:
        report.moved(group, moves, done=asked.apply)
        report.looked(asked.topic.name, since, None, found, told, again="read")
        report.line("Moved; its members read from there when they start." if asked.apply else "Nothing was moved. --apply moves it.")
    return answer


def _answer(asked: Asked, since: datetime | None, until: datetime | None, found: Found, told: list[names.Named]) -> dict[str, Any]:
    return {
        "topic": asked.topic.name,
        "from": since.isoformat() if since else words.BEGINNING,
        "to": until.isoformat() if until else None,
        "records": found.records,
        "skipped": {why.name.lower(): count for why, count in found.skipped.items()},
        "events": found.events,
        "done_already": found.done,
        "would_act": found.acting,
        "who_would_act": [asdict(each) for each in told],
        "applied": None,
    }


@asynccontextmanager
async def _bar(asked: Asked, what: str, total: int) -> AsyncIterator[Any]:
    """A bar on standard error, gone when it is over."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=asked.quiet or not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total)
        yield lambda records: progress.advance(task, records)
