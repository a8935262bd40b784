"""Redrive: publish dead letters to their original topic again, with the same bytes, key and headers plus headers that mark them; each once.

A row is written before a dead letter is published and again when Kafka has confirmed it. One that was begun and not finished (its
process was killed in between) is searched in the topic before it is published again.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, load, require_value
from shared.kafka.dead_letter import DeadLetter
from shared.kafka.dead_letter_reader import DeadLetterReader, SetAsideRecord
from shared.kafka.publisher import LARGEST
from shared.refusals import Busy

queries = load(__file__)

AT_ONCE: Final = 100
OF, NUMBER, AT = "redrive-of", "redrive-no", "redrive-at"
MARGIN: Final = timedelta(minutes=1)
"""Tolerance between the clocks of database and broker when letters that a crash left open are searched."""


class RedriveState(StrEnum):
    """Whether a letter was redriven."""

    NEW = "new"
    DONE = "done"  # it was published again
    OPEN = "open"  # it was begun, and whether Kafka stored it is not known


@dataclass(frozen=True, slots=True)
class RedriveCase:
    """A letter and the state of its redrive."""

    dead: SetAsideRecord
    state: RedriveState
    times: int = 0
    begun_at: datetime | None = None
    done_at: datetime | None = None
    put_offset: int | None = None

    @property
    def letter(self) -> DeadLetter:
        """The letter itself, without its value."""
        return self.dead.letter


@dataclass(frozen=True, slots=True)
class RedriveResult:
    """The outcome for one letter; `offset` is its new offset in its topic, None when it was not published."""

    case: RedriveCase
    offset: int | None
    said: str


@dataclass(frozen=True, slots=True)
class _Redriven:
    topic: str
    partition_no: int
    offset_no: int
    record_ms: int
    times: int
    begun_at: datetime
    done_at: datetime | None
    put_offset: int | None


async def load_cases(connection: Connection, dead: Sequence[SetAsideRecord]) -> list[RedriveCase]:
    """The letters with the state of their redrive, in the given order."""
    topics, partitions, offsets, record_mss = _keys(each.letter for each in dead)
    rows = await fetch_all(
        connection, queries.known, _Redriven, topics=topics, partitions=partitions, offsets=offsets, record_mss=record_mss
    )
    known = {(row.topic, row.partition_no, row.offset_no, row.record_ms): row for row in rows}
    return [_build_case(each, known.get(_key(each.letter))) for each in dead]


@asynccontextmanager
async def hold_redrive_lock(connection: Connection) -> AsyncIterator[None]:
    """Hold the lock that lets one redrive run at a time.

    Raises:
        Busy: another redrive holds the lock.
    """
    if not await require_value(connection, queries.try_redrive_lock, bool):
        raise Busy("Another redrive is under way. Wait for its end, then run this again: what it has put back is not put back twice.")
    try:
        yield
    finally:
        await execute(connection, queries.release_redrive_lock)


async def redrive(
    connection: Connection, reader: DeadLetterReader, bootstrap: str, wanted: Sequence[RedriveCase], *, again: bool, actor: str
) -> AsyncIterator[RedriveResult]:
    """Publish letters again, oldest first, without those that were redriven before unless `again`; can be killed and repeated at any time.

    Raises:
        KafkaError: the broker is away; the rows say which letters were published.
    """
    todo = [case for case in reversed(wanted) if case.state is not RedriveState.DONE or again]
    found = await _find_published(reader, [case for case in todo if case.state is RedriveState.OPEN])
    for case in todo:
        at = found.get((str(case.letter.origin), case.times + 1))
        if at is not None:
            await _record_redriven(connection, [(case.letter, at)])
            yield RedriveResult(case, at, "had been put back already, before its process ended")
    rest = [case for case in todo if (str(case.letter.origin), case.times + 1) not in found]
    async with _Writer(bootstrap) as writer:
        for start in range(0, len(rest), AT_ONCE):
            async for put in _redrive_batch(connection, reader, writer, rest[start : start + AT_ONCE], actor=actor):
                yield put


async def _redrive_batch(
    connection: Connection, reader: DeadLetterReader, writer: "_Writer", some: Sequence[RedriveCase], *, actor: str
) -> AsyncIterator[RedriveResult]:
    whole = [(case, await reader.load_value(case.letter)) for case in some]
    for case, letter in whole:
        if letter is None:
            yield RedriveResult(case, None, "its value is not there any more: the topic keeps it no longer")
    there = [(case, letter) for case, letter in whole if letter is not None]
    topics, partitions, places, record_mss = _keys(case.letter for case, _ in there)
    await execute(connection, queries.begin, topics=topics, partitions=partitions, offsets=places, record_mss=record_mss, actor=actor)
    offsets = await writer.write([_build_record(letter, number=case.times + 1) for case, letter in there])
    await _record_redriven(
        connection, [(case.letter, offset) for (case, _), offset in zip(there, offsets, strict=True) if offset is not None]
    )
    for (case, _), offset in zip(there, offsets, strict=True):
        yield RedriveResult(case, offset, "put back" if offset is not None else "Kafka refuses it: it is larger than its topic takes")


@dataclass(frozen=True, slots=True)
class _RedrivenRecord:
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class _Writer:
    """Publishes compressed, because the largest records only fit compressed; a refused record costs a new producer, not the run."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer

    async def __aenter__(self) -> "_Writer":
        await self._renew()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def write(self, records: Sequence[_RedrivenRecord]) -> list[int | None]:
        """The offset of each; None for one that its topic refuses.

        Raises:
            KafkaError: the broker is away.
        """
        try:
            sent = [await self._send(record) for record in records]
            return [(await each).offset for each in sent]
        except MessageSizeTooLargeError:
            await self._producer.stop()
            await self._renew()
        if len(records) == 1:
            return [None]
        # One at a time: records of the batch that Kafka stored already are stored twice, and consumers ignore the second.
        return [offset for record in records for offset in await self.write([record])]

    async def _send(self, record: _RedrivenRecord) -> Any:
        there = await self._producer.partitions_for(record.topic)
        partition = record.partition if record.partition in there else None
        return await self._producer.send(record.topic, record.value, key=record.key, partition=partition, headers=list(record.headers))

    async def _renew(self) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id="tact-redrive",
            enable_idempotence=True,
            acks="all",
            compression_type="gzip",
            max_request_size=LARGEST,
        )
        await self._producer.start()


async def _find_published(reader: DeadLetterReader, open_ones: Sequence[RedriveCase]) -> dict[tuple[str, int], int]:
    """The letters left open by a crash that are in their topic: origin and number -> offset."""
    begun = [case.begun_at for case in open_ones if case.begun_at is not None]
    if not begun:
        return {}
    wanted = {(str(case.letter.origin), case.times + 1) for case in open_ones}
    found: dict[tuple[str, int], int] = {}
    async for record in reader.read(sorted({case.letter.topic for case in open_ones}), since=min(begun) - MARGIN):
        headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers if name in {OF, NUMBER}}
        number = headers.get(NUMBER, "")
        key = (headers.get(OF, ""), int(number) if number.isdecimal() else 0)
        if key in wanted:
            found[key] = record.offset
    return found


def _build_record(letter: DeadLetter, *, number: int) -> _RedrivenRecord:
    ours = {OF: str(letter.origin), NUMBER: str(number), AT: datetime.now(UTC).isoformat()}
    original = [(name, value) for name, value in letter.headers if name not in ours]
    own = letter.origin.topic == letter.topic
    return _RedrivenRecord(
        letter.topic,
        letter.origin.partition if own else None,
        letter.key,
        letter.value,
        [*original, *((name, text.encode()) for name, text in ours.items())],
    )


def _build_case(dead: SetAsideRecord, row: _Redriven | None) -> RedriveCase:
    if row is None:
        return RedriveCase(dead, RedriveState.NEW)
    state = RedriveState.OPEN if row.done_at is None else RedriveState.DONE
    return RedriveCase(dead, state, row.times, row.begun_at, row.done_at, row.put_offset)


async def _record_redriven(connection: Connection, done: Sequence[tuple[DeadLetter, int]]) -> None:
    topics, partitions, offsets, record_mss = _keys(letter for letter, _ in done)
    await execute(
        connection,
        queries.done,
        topics=topics,
        partitions=partitions,
        offsets=offsets,
        record_mss=record_mss,
        put_offsets=[offset for _, offset in done],
    )


def _key(letter: DeadLetter) -> tuple[str, int, int, int]:
    return letter.origin.topic, letter.origin.partition, letter.origin.offset, letter.record_ms


def _keys(letters: Iterable[DeadLetter]) -> tuple[list[str], list[int], list[int], list[int]]:
    keys = [_key(each) for each in letters]
    return [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys], [key[3] for key in keys]
