"""tact dead-letters redrive, stopped and resume: on Kafka and PostgreSQL directly."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, Final, TypeVar

import asyncpg
from rich.text import Text

from cli.console import format_time, out, print_json, say, show
from cli.dead_letters import TO_THE_SECOND, describe_redrive, parse_moment, require_words
from cli.errors import CommandError
from cli.target import database, on_pool, run, target
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.kafka import stops
from shared.kafka.dead_letter import DeadLetterReason, RecordPosition
from shared.kafka.dead_letter_reader import DeadLetterFilter, DeadLetterReader, SetAsideRecord, open_dead_letters
from shared.kafka.redrive import (
    RedriveCase,
    RedriveResult,
    RedriveState,
    hold_redrive_lock,
    load_cases,
    redrive,
)
from shared.vocabulary import COMMAND_LINE

T = TypeVar("T")
OLDER: Final = ("unreadable", "unknown")
"""Reasons and faults in dead letters that an earlier version or an operator wrote."""


def redrive_letters(letters: Sequence[str], options: tuple[str | None, ...], *, again: bool, apply: bool, as_json: bool) -> None:
    """Put letters back into their topic: those named, or those that the options (topic, reason, fault, group, since, until) mean."""
    if not letters and not any(options):
        raise CommandError("Say which: tact dead-letters redrive ID, or --topic, --reason, --fault, --group, --since, --until.")
    if letters and any(options):
        raise CommandError("Give ids or options, not both: the ids say already which are meant.")
    places = [_parse_id(each) for each in letters]
    wanted = _filter_by_id(places) if places else _build_filter(*options)

    async def work(reader: DeadLetterReader, connection: Connection) -> tuple[list[RedriveCase], list[RedriveResult]]:
        found = await load_cases(connection, await _find_dead_letters(reader, wanted))
        missing = set(places) - {case.letter.origin for case in found}
        if missing:
            raise CommandError(_missing_sentence(sorted(missing)))
        return found, await _redrive_cases(reader, connection, found, again=again) if apply else []

    found, put = _run_on_dead_letters(work)
    _print_results(found, put, again=again, apply=apply, as_json=as_json)


def show_stopped(*, as_json: bool) -> None:
    """Consumers that stopped because too much became dead letters, and why."""

    rows = on_pool(stops.load_stopped)
    if as_json:
        print_json({"stopped": [asdict(row) for row in rows]})
        return
    if not rows:
        out.print("No consumer stands still.")
    for row in rows:
        out.print(
            Text.assemble(
                (row.group_name, "bold"), f" stands still since {format_time(row.stopped_at, TO_THE_SECOND, zone=True)} in {row.instance}"
            )
        )
        out.print(f"  {row.why}", highlight=False, markup=False)


def resume_group(group: str, *, apply: bool, as_json: bool) -> None:
    """Let a stopped consumer go on, without a restart."""

    async def work(pool: asyncpg.Pool) -> list[stops.StoppedConsumer]:
        return await (stops.resume_group(pool, group, actor=COMMAND_LINE) if apply else stops.load_stopped(pool, group))

    rows = on_pool(work)
    if as_json:
        print_json({"applied": apply, "group": group, "processes": [row.instance for row in rows]})
        return
    if not rows:
        raise CommandError(f"No consumer {group} stands still. `tact dead-letters stopped` shows those that do.")
    names = ", ".join(row.instance for row in rows)
    if apply:
        out.print(f"{group} goes on within seconds in {names}.", highlight=False)
    else:
        out.print(f"Nothing was changed. {group} would go on in {names}: the same with --apply.", highlight=False)


async def _redrive_cases(
    reader: DeadLetterReader, connection: Connection, found: Sequence[RedriveCase], *, again: bool
) -> list[RedriveResult]:
    done: list[RedriveResult] = []
    async with hold_redrive_lock(connection):
        async for put in redrive(connection, reader, target().kafka, found, again=again, actor=COMMAND_LINE):
            done.append(put)
            if len(done) % 1_000 == 0:
                say(f"{len(done)} of {len(found)}")
        letters = [str(put.case.letter.origin) for put in done if put.offset is not None]
        if letters:
            details = {"letters": letters[:1_000], "again": again}
            await write_audit_line(connection, COMMAND_LINE, "redrive", "dead_letters", len(letters), details=details)
    return done


def _print_results(found: Sequence[RedriveCase], put: Sequence[RedriveResult], *, again: bool, apply: bool, as_json: bool) -> None:
    before = [case for case in found if case.state is RedriveState.DONE]
    left = [] if again else before
    if as_json:
        became = {str(each.case.letter.origin): {"result": each.said, "offset": each.offset} for each in put}
        print_json({"applied": apply, "letters": [_json(case) | became.get(str(case.letter.origin), {}) for case in found]})
        return
    if not found:
        out.print("There are no dead letters like that.")
        return
    if not apply:
        show(_count_by_cause([case for case in found if case not in left]), title="Would be put back", as_json=False)
    for said, many in Counter(each.said for each in put).items():
        out.print(f"{many} {said}.", highlight=False)
    for each in [each for each in put if each.offset is None][:20]:
        out.print(f"  {each.case.letter.origin}: {each.said}", highlight=False, soft_wrap=True)
    for case in left[:20]:
        out.print(f"  {case.letter.origin}: {describe_redrive(_json(case)['put_back'])}", highlight=False, soft_wrap=True)
    if left:
        out.print(f"{len(left)} were put back before and are left alone; --again puts them back once more.")
    if not apply and len(left) < len(found):
        out.print(f"Nothing was changed. {len(found) - len(left)} can be put back: the same with --apply.")


def _run_on_dead_letters(work: Callable[[DeadLetterReader, Connection], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_dead_letters(target().kafka) as reader, database() as pool, pool.acquire() as connection:
            return await work(reader, connection)

    return run(opened())


def _build_filter(
    topic: str | None, reason: str | None, fault: str | None, group: str | None, since: str | None, until: str | None
) -> DeadLetterFilter:
    if reason is not None and reason not in {*DeadLetterReason, *OLDER}:
        raise CommandError(f"{reason!r} is no reason; there are {', '.join(DeadLetterReason)}.")
    require_words(topic, group)
    topic = topic.removesuffix(".dlq") if topic else None
    first = None if since is None else parse_moment(since, "--since")
    last = None if until is None else parse_moment(until, "--until")
    return DeadLetterFilter(topic, reason, fault, group, first, last)


async def _find_dead_letters(reader: DeadLetterReader, wanted: DeadLetterFilter) -> list[SetAsideRecord]:
    """The dead letters of the filter; a misspelled topic is refused instead of having none."""
    if wanted.topic is not None and not wanted.origins and not await reader.topics(wanted.topic):
        there = ", ".join(name.removesuffix(".dlq") for name in await reader.topics())
        raise CommandError(
            f"The broker has no topic {wanted.topic}.dlq. " + (f"There are those of {there}." if there else "Is TACT_KAFKA right?")
        )
    return await reader.find(wanted)


def _filter_by_id(places: Sequence[RecordPosition]) -> DeadLetterFilter:
    topics = {place.topic.removesuffix(".dlq") for place in places}
    return DeadLetterFilter(topic=next(iter(topics)) if len(topics) == 1 else None, origins=frozenset(places))


def _parse_id(text: str) -> RecordPosition:
    try:
        return RecordPosition.parse(text)
    except ValueError:
        raise CommandError(f"{text!r} is no dead letter; `tact dead-letters list` shows them, like sends.due:3:1042.") from None


def _missing_sentence(places: Sequence[RecordPosition]) -> str:
    return f"There is no dead letter {', '.join(map(str, places))}. `tact dead-letters list` shows those there are; they are kept 30 days."


def _count_by_cause(found: Sequence[RedriveCase]) -> list[dict[str, Any]]:
    counted = Counter((case.letter.topic, case.letter.reason, case.letter.fault) for case in found)
    return [{"letters": many, "topic": topic, "reason": reason, "fault": fault} for (topic, reason, fault), many in counted.most_common()]


def _json(case: RedriveCase) -> dict[str, Any]:
    one = case.letter
    return {
        "id": str(one.origin),
        "topic": one.topic,
        "place": str(one.place),
        "reason": one.reason,
        "fault": one.fault,
        "error": one.error,
        "at": one.at.isoformat(),
        "groups": case.dead.groups,
        "size": one.size,
        "put_back": {"standing": case.state.value, "times": case.times, "at": case.done_at, "offset": case.put_offset},
    }
