"""The replay of a range and the rewind of a consumer group; both only inspect and report unless `apply` is set."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from operations.replay import arguments, groups, ranges, runs
from operations.replay.arguments import SelectionWord
from operations.replay.effect_names import NamedEffect, name_effects
from operations.replay.groups import OffsetMove
from operations.replay.inspection import RangeContents, RangeInspection, pending_effects, rehearsing_consumers
from operations.replay.republish import republish
from operations.replay.runs import ReplayRun
from operations.replay.selection import EventSelection, load_selection
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import Refused
from shared.vocabulary import COMMAND_LINE

WAIT: Final = 30.0
"""Seconds that the topic's consumers get to consume the published events before the report is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """What an operator asks for."""

    topic: Topic[Event]
    since: str
    until: str | None = None
    where: str | None = None
    rate: float | None = None
    reason: str = "no reason given"
    apply: bool = False
    anew: bool = False

    @property
    def key(self) -> str:
        """The options that identify a replay: a request with the same key resumes an unfinished run."""
        return " ".join(
            [f"--from {self.since}", *([f"--to {self.until}"] if self.until else []), *([f"--where {self.where}"] if self.where else [])]
        )


@dataclass(frozen=True, slots=True)
class Servers:
    """The database and the brokers that an operation works on."""

    pool: asyncpg.Pool
    kafka: str


class ReplayReport:
    """What the engine reports on its way; this one is silent, a terminal overrides the methods."""

    def resumes(self, run: ReplayRun, *, apply: bool) -> None:
        """An unfinished run with the same options exists."""

    def progress(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A progress bar; the function it yields takes the number of records handled."""
        return nullcontext(lambda _records: None)

    def moves(self, group: str, moves: Sequence[OffsetMove], *, done: bool) -> None:
        """The offsets of a rewind."""

    def contents(
        self, topic: str, since: datetime | None, until: datetime | None, found: RangeContents, effects: Sequence[NamedEffect], *, verb: str
    ) -> None:
        """What the range holds; `verb` says what happens to its events: "publish" or "read"."""

    def published(self, answer: Mapping[str, Any], acting: int, still: Sequence[NamedEffect]) -> None:
        """What was published and what the consumers did with it; `acting` events would have had an effect before."""

    def ends(self, sentence: str) -> None:
        """The last line."""


def parse_range(request: ReplayRequest) -> tuple[datetime | None, datetime | None, SelectionWord | None]:
    """Start, end and selection of a request.

    Raises:
        Refused: one of them cannot be read, or the range is empty.
    """
    now = datetime.now(UTC)  # technical: compared with the timestamps of the records
    since = arguments.parse_moment(request.since, "--from", now=now)
    until = None if request.until is None else arguments.parse_moment(request.until, "--to", now=now)
    where = arguments.parse_selection(request.where) if request.where is not None else None
    if since and until and since >= until:
        raise Refused(f"--from {arguments.format_time(since)} is not before --to {arguments.format_time(until)}: the range is empty.")
    return since, until, where


async def replay_range(request: ReplayRequest, servers: Servers, report: ReplayReport | None = None) -> dict[str, Any]:
    """Inspect the range and, with `apply`, publish its events again; returns what --json prints.

    Raises:
        Refused: an option cannot be read, or Kafka did not accept the events.
    """
    report = report or ReplayReport()
    since, until, where = parse_range(request)
    async with servers.pool.acquire() as connection:
        selection = await load_selection(connection, where)
        begun = await runs.find_unfinished_run(connection, request.topic.name, request.key)
        if begun and request.anew and request.apply:
            await runs.lock_run(connection, begun)
            await runs.finish_run(connection, begun)
        if begun and not request.anew:
            await _require_same_topic(servers.kafka, begun)
            since = None if begun.since == runs.FIRST_OF_ALL else begun.since
            until, wanted = begun.until, begun.left
            report.resumes(begun, apply=request.apply)
        else:
            begun, wanted = None, await ranges.find_range(servers.kafka, request.topic.name, since, until)
        found = await _inspect(servers, request.topic, wanted, selection, report)
        effects = await name_effects(servers.pool, found.kept)
        answer = _summarize(request.topic, since, until, found, effects)
        report.contents(request.topic.name, since, until, found, effects, verb="publish")
        if request.apply and (begun or found.events):
            run = begun or await runs.begin_run(connection, request.key, wanted, since=since, until=until, reason=request.reason)
            await runs.lock_run(connection, run)
            answer["applied"] = await _publish(servers, connection, request, run, selection, found, report)
        elif found.events:
            report.ends(f"Nothing was published. --apply publishes these {found.events:,} events again.")
    return answer


async def rewind_group(request: ReplayRequest, group: str, servers: Servers, report: ReplayReport | None = None) -> dict[str, Any]:
    """Inspect what a consumer group would read again and, with `apply`, move its offsets; returns what --json prints.

    Raises:
        Refused: there is no such group, or it has live members.
    """
    report = report or ReplayReport()
    since, _, _ = parse_range(request)
    moves, wanted = await groups.plan_rewind(servers.kafka, request.topic, group, since)
    found = await _inspect(servers, request.topic, wanted, EventSelection(), report)
    effects = await name_effects(servers.pool, found.kept)
    answer = _summarize(request.topic, since, None, found, effects) | {"group": group, "offsets": [asdict(move) for move in moves]}
    if request.apply:
        offsets = await groups.rewind(servers.kafka, request.topic.name, group, moves)
        answer["applied"] = {"stands_at": offsets}
        details = {"group": group, "offsets": [asdict(move) for move in moves], "reason": request.reason}
        async with servers.pool.acquire() as connection:
            await write_audit_line(connection, COMMAND_LINE, "rewind", "topic", request.topic.name, details=details)
    report.moves(group, moves, done=request.apply)
    report.contents(request.topic.name, since, None, found, effects, verb="read")
    report.ends("Moved; its members read from there when they start." if request.apply else "Nothing was moved. --apply moves it.")
    return answer


async def _require_same_topic(kafka: str, begun: ReplayRun) -> None:
    now = await ranges.find_range(kafka, begun.range.topic, None, None)
    if any(end > now.ends.get(partition, 0) for partition, end in begun.range.ends.items()):
        raise Refused(
            f"Replay {begun.id} was interrupted, and {begun.range.topic} was deleted and created again since: it cannot be resumed. "
            "The same command with --anew begins again."
        )


async def _inspect(
    servers: Servers, topic: Topic[Event], wanted: ranges.Range, selection: EventSelection, report: ReplayReport
) -> RangeContents:
    inspection = RangeInspection(topic, wanted, selection, rehearsing_consumers(servers.pool))
    with report.progress(f"reading {topic.name}", wanted.size) as advance:
        async for batch in ranges.read_range(servers.kafka, wanted):
            await inspection.add_batch(batch)
            advance(len(batch))
    return inspection.contents


async def _publish(  # noqa: PLR0917 - one call, in the order of the steps
    servers: Servers,
    connection: Connection,
    request: ReplayRequest,
    run: ReplayRun,
    selection: EventSelection,
    found: RangeContents,
    report: ReplayReport,
) -> dict[str, Any]:
    """Publish the rest of the run, wait for the consumers, and ask them which effects are still pending."""
    topic = request.topic
    began, before = time.monotonic(), run.published
    with report.progress(f"publishing to {topic.name}", run.left.size) as advance:
        await republish(servers.kafka, connection, topic, run, selection, rate=request.rate, progress=advance)
    seconds, published = time.monotonic() - began, run.published - before
    await runs.finish_run(connection, run)
    behind = await groups.wait_until_consumed(servers.kafka, topic, within=WAIT)
    events = {id(each.event): each.event for each in found.kept}
    still = await pending_effects(topic, list(events.values()), rehearsing_consumers(servers.pool))
    named = await name_effects(servers.pool, still)
    answer = {
        "run": run.id,
        "resumed": run.resumed,
        "published": published,
        "published_in_all": run.published,
        "seconds": round(seconds, 3),
        "per_second": round(published / max(seconds, 0.001)),
        "behind": behind,
        "acted": len(events) - len({id(each.event) for each in still}),
        "still_would_act": [asdict(each) for each in named],
    }
    report.published(answer, found.acting, named)
    return answer


def _summarize(
    topic: Topic[Event], since: datetime | None, until: datetime | None, found: RangeContents, effects: Sequence[NamedEffect]
) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "from": since.isoformat() if since else arguments.BEGINNING,
        "to": until.isoformat() if until else None,
        "records": found.records,
        "skipped": {why.name.lower(): count for why, count in found.skipped.items()},
        "events": found.events,
        "done_already": found.done,
        "would_act": found.acting,
        "who_would_act": [asdict(each) for each in effects],
        "applied": None,
    }
