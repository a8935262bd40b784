"""tact dead-letters redrive, stopped and resume: on Kafka and PostgreSQL directly."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import asyncpg
from rich.text import Text

from cli.console import out, print_json, say, show
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
from shared.spans import parse_duration
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
    places = [_place(each) for each in letters]
    wanted = _of(places) if places else _wanted(*options)

    async def work(reader: DeadLetterReader, connection: Connection) -> tuple[list[RedriveCase], list[RedriveResult]]:
        found = await load_cases(connection, await _dead(reader, wanted))
        missing = set(places) - {case.letter.origin for case in found}
        if missing:
            raise CommandError(_missing(sorted(missing)))
        return found, await _put_back(reader, connection, found, again=again) if apply else []

    found, put = _do(work)
    _say_what_became(found, put, again=again, apply=apply, as_json=as_json)


def show_stopped(*, as_json: bool) -> None:
    """Consumers that stopped because too much became dead letters, and why."""

    rows = on_pool(stops.load_stopped)
    if as_json:
        print_json({"stopped": [asdict(row) for row in rows]})
        return
    if not rows:
        out.print("No consumer stands still.")
    for row in rows:
        out.print(Text.assemble((row.group_name, "bold"), f" stands still since {_moment(row.stopped_at)} in {row.instance}"))
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


async def _put_back(reader: DeadLetterReader, connection: Connection, found: Sequence[RedriveCase], *, again: bool) -> list[RedriveResult]:
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


def _say_what_became(found: Sequence[RedriveCase], put: Sequence[RedriveResult], *, again: bool, apply: bool, as_json: bool) -> None:
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
        show(_totals([case for case in found if case not in left]), title="Would be put back", as_json=False)
    for said, many in Counter(each.said for each in put).items():
        out.print(f"{many} {said}.", highlight=False)
    for each in [each for each in put if each.offset is None][:20]:
        out.print(f"  {each.case.letter.origin}: {each.said}", highlight=False, soft_wrap=True)
    for case in left[:20]:
        out.print(f"  {case.letter.origin}: {_way_back(case)}", highlight=False, soft_wrap=True)
    if left:
        out.print(f"{len(left)} were put back before and are left alone; --again puts them back once more.")
    if not apply and len(left) < len(found):
        out.print(f"Nothing was changed. {len(found) - len(left)} can be put back: the same with --apply.")


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[DeadLetterReader, Connection]]:
    async with open_dead_letters(target().kafka) as reader, database() as pool, pool.acquire() as connection:
        yield reader, connection


def _do(work: Callable[[DeadLetterReader, Connection], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with _opened() as (reader, connection):
            return await work(reader, connection)

    return run(opened())


def _wanted(
    topic: str | None, reason: str | None, fault: str | None, group: str | None, since: str | None, until: str | None
) -> DeadLetterFilter:
    if reason is not None and reason not in {*DeadLetterReason, *OLDER}:
        raise CommandError(f"{reason!r} is no reason; there are {', '.join(DeadLetterReason)}.")
    for option, word in (("--topic", topic), ("--group", group)):
        if word is not None and not word.strip():
            raise CommandError(f"{option} names nothing. Leave it out for all of them.")
    topic = topic.removesuffix(".dlq") if topic else None
    return DeadLetterFilter(topic, reason, fault, group, _when(since, "--since"), _when(until, "--until"))


async def _dead(reader: DeadLetterReader, wanted: DeadLetterFilter) -> list[SetAsideRecord]:
    """A topic's name with a slip in it must not read as "no dead letters"."""
    if wanted.topic is not None and not wanted.origins and not await reader.topics(wanted.topic):
        there = ", ".join(name.removesuffix(".dlq") for name in await reader.topics())
        raise CommandError(
            f"The broker has no topic {wanted.topic}.dlq. " + (f"There are those of {there}." if there else "Is TACT_KAFKA right?")
        )
    return await reader.find(wanted)


def _of(places: Sequence[RecordPosition]) -> DeadLetterFilter:
    topics = {place.topic.removesuffix(".dlq") for place in places}
    return DeadLetterFilter(topic=next(iter(topics)) if len(topics) == 1 else None, origins=frozenset(places))


def _when(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    if (span := parse_duration(text)) is not None:
        return datetime.now(UTC) - span  # technical, as letters are set aside
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"{option} wants a moment like 2026-03-02, 2026-03-02T14:00 or '2h ago', not {text!r}.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _place(text: str) -> RecordPosition:
    try:
        return RecordPosition.parse(text)
    except ValueError:
        raise CommandError(f"{text!r} is no dead letter; `tact dead-letters list` shows them, like sends.due:3:1042.") from None


def _missing(places: Sequence[RecordPosition]) -> str:
    return f"There is no dead letter {', '.join(map(str, places))}. `tact dead-letters list` shows those there are; they are kept 30 days."


def _totals(found: Sequence[RedriveCase]) -> list[dict[str, Any]]:
    counted = Counter((case.letter.topic, case.letter.reason, case.letter.fault) for case in found)
    return [{"letters": many, "topic": topic, "reason": reason, "fault": fault} for (topic, reason, fault), many in counted.most_common()]


def _way_back(case: RedriveCase) -> str:
    if case.state is RedriveState.NEW:
        return "not put back"
    if case.state is RedriveState.OPEN:
        return "perhaps put back: a redrive of it was cut off; the next one finds out"
    return f"put back on {_moment(case.done_at)}, to offset {case.put_offset}" + (f" ({case.times} times)" if case.times > 1 else "")


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


def _text(value: bytes | None) -> str:
    if value is None:
        return "(none)"
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
