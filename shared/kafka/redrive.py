"""Redrive: publish dead letters to their original topic again, with the same bytes, key and headers plus headers that mark them; each once.

A row is written before a letter is published and again when Kafka has confirmed it. A letter that was begun and not finished
(its process was killed in between) is searched in the topic before it is published again.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from shared.db.pool import Connection
from shared.db.queries import load
from shared.kafka.dead_letter import DeadLetter, Place
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
    standing: RedriveState
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


async def load_cases(connection: Connection, dead: Sequence[SetAsideRecord]) -> list[RedriveCase]:
    """The letters with the state of their redrive, in the given order."""
    known = {_key(row): row async for row in queries.known(connection, **_columns(each.letter for each in dead))}
    return [_case(each, known.get(_identity(each.letter))) for each in dead]


@asynccontextmanager
async def hold_redrive_lock(connection: Connection) -> AsyncIterator[None]:
    """Hold the lock that lets one redrive run at a time.

    Raises:
        Busy: another redrive holds the lock.
    """
    if not await queries.try_redrive_lock(connection):
        raise Busy("Another redrive is under way. Wait for its end, then run this again: what it has put back is not put back twice.")
    try:
        yield
    finally:
        await queries.release_redrive_lock(connection)


async def redrive(
    connection: Connection, reader: DeadLetterReader, bootstrap: str, wanted: Sequence[RedriveCase], *, again: bool, actor: str
) -> AsyncIterator[RedriveResult]:
    """Publish letters again, oldest first, without those that were redriven before unless `again`; can be killed and repeated at any time.

    Raises:
        KafkaError: the broker is away; the rows say which letters were published.
    """
    todo = [case for case in reversed(wanted) if case.standing is not RedriveState.DONE or again]
    found = await _found(reader, [case for case in todo if case.standing is RedriveState.OPEN])
    for case in todo:
        at = found.get((str(case.letter.origin), case.times + 1))
        if at is not None:
            await queries.done(connection, **_columns([case.letter]), put_offsets=[at])
            yield RedriveResult(case, at, "had been put back already, before its process ended")
    rest = [case for case in todo if (str(case.letter.origin), case.times + 1) not in found]
    async with _Writer(bootstrap) as writer:
        for start in range(0, len(rest), AT_ONCE):
            async for put in _some(connection, reader, writer, rest[start : start + AT_ONCE], actor=actor):
                yield put


async def _some(
    connection: Connection, reader: DeadLetterReader, writer: "_Writer", some: Sequence[RedriveCase], *, actor: str
) -> AsyncIterator[RedriveResult]:
    whole = [(case, await reader.load_value(case.letter)) for case in some]
    for case, letter in whole:
        if letter is None:
            yield RedriveResult(case, None, "its value is not there any more: the topic keeps it no longer")
    there = [(case, letter) for case, letter in whole if letter is not None]
    await queries.begin(connection, **_columns(case.letter for case, _ in there), actor=actor)
    offsets = await writer.write([_back(letter, number=case.times + 1) for case, letter in there])
    done = [(case, offset) for (case, _), offset in zip(there, offsets, strict=True) if offset is not None]
    await queries.done(connection, **_columns(case.letter for case, _ in done), put_offsets=[offset for _, offset in done])
    for (case, _), offset in zip(there, offsets, strict=True):
        yield RedriveResult(case, offset, "put back" if offset is not None else "Kafka refuses it: it is larger than its topic takes")


@dataclass(frozen=True, slots=True)
class _Back:
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

    async def write(self, records: Sequence[_Back]) -> list[int | None]:
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

    async def _send(self, record: _Back) -> Any:
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


async def _found(reader: DeadLetterReader, open_ones: Sequence[RedriveCase]) -> dict[tuple[str, int], int]:
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


def _back(letter: DeadLetter, *, number: int) -> _Back:
    ours = {OF: str(letter.origin), NUMBER: str(number), AT: datetime.now(UTC).isoformat()}
    original = [(name, value) for name, value in letter.headers if name not in ours]
    own = letter.origin.topic == letter.topic
    return _Back(
        letter.topic,
        letter.origin.partition if own else None,
        letter.key,
        letter.value,
        [*original, *((name, text.encode()) for name, text in ours.items())],
    )


def _case(dead: SetAsideRecord, row: Mapping[str, Any] | None) -> RedriveCase:
    if row is None:
        return RedriveCase(dead, RedriveState.NEW)
    standing = RedriveState.OPEN if row["done_at"] is None else RedriveState.DONE
    return RedriveCase(dead, standing, row["times"], row["begun_at"], row["done_at"], row["put_offset"])


def _identity(letter: DeadLetter) -> tuple[Place, int]:
    return letter.origin, letter.record_ms


def _key(row: Mapping[str, Any]) -> tuple[Place, int]:
    return Place(row["topic"], row["partition_no"], row["offset_no"]), row["record_ms"]


def _columns(letters: Iterable[DeadLetter]) -> dict[str, list[Any]]:
    some = list(letters)
    return {
        "topics": [each.origin.topic for each in some],
        "partitions": [each.origin.partition for each in some],
        "offsets": [each.origin.offset for each in some],
        "record_mss": [each.record_ms for each in some],
    }
