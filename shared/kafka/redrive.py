"""Put dead letters back where they came from: the same bytes, key and headers, and headers that say so. Each once.

A row is written before a letter is published and again when Kafka has confirmed it. What was begun and not finished (a
process that was killed in between) is looked for in its topic before it is put back again.
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
from shared.kafka.letters import Letter, Place
from shared.kafka.mailbox import Dead, Mailbox
from shared.kafka.publisher import LARGEST
from shared.refusals import Busy

queries = load(__file__)

AT_ONCE: Final = 100
OF, NUMBER, AT = "redrive-of", "redrive-no", "redrive-at"
MARGIN: Final = timedelta(minutes=1)
"""Between the database's clock and the broker's, when what a crash left open is looked for."""


class Standing(StrEnum):
    """What is known of a letter's way back."""

    NEW = "new"
    DONE = "done"  # it was put back
    OPEN = "open"  # it was begun, and nobody knows whether it was put back


@dataclass(frozen=True, slots=True)
class Case:
    """A letter and what is known of its way back."""

    dead: Dead
    standing: Standing
    times: int = 0
    begun_at: datetime | None = None
    done_at: datetime | None = None
    put_offset: int | None = None

    @property
    def letter(self) -> Letter:
        """The letter itself, without its value."""
        return self.dead.letter


@dataclass(frozen=True, slots=True)
class Put:
    """What became of one letter; `offset` is where it stands in its topic now, None when it was not put back."""

    case: Case
    offset: int | None
    said: str


async def cases(connection: Connection, dead: Sequence[Dead]) -> list[Case]:
    """The letters with what is known of them, in their order."""
    known = {_key(row): row async for row in queries.known(connection, **_columns(each.letter for each in dead))}
    return [_case(each, known.get(_identity(each.letter))) for each in dead]


@asynccontextmanager
async def alone(connection: Connection) -> AsyncIterator[None]:
    """Be the only one who puts letters back.

    Raises:
        Busy: somebody else does.
    """
    if not await queries.alone(connection):
        raise Busy("Another redrive is under way. Wait for its end, then run this again: what it has put back is not put back twice.")
    try:
        yield
    finally:
        await queries.not_alone(connection)


async def redrive(
    connection: Connection, box: Mailbox, bootstrap: str, wanted: Sequence[Case], *, again: bool, actor: str
) -> AsyncIterator[Put]:
    """Put letters back, the oldest first; those that were are left out unless `again`. Killed at any moment, it can be run again.

    Raises:
        KafkaError: the broker is away; what was put back is remembered.
    """
    todo = [case for case in reversed(wanted) if case.standing is not Standing.DONE or again]
    found = await _found(box, [case for case in todo if case.standing is Standing.OPEN])
    for case in todo:
        at = found.get((str(case.letter.origin), case.times + 1))
        if at is not None:
            await queries.done(connection, **_columns([case.letter]), put_offsets=[at])
            yield Put(case, at, "had been put back already, before its process ended")
    rest = [case for case in todo if (str(case.letter.origin), case.times + 1) not in found]
    async with _Writer(bootstrap) as writer:
        for start in range(0, len(rest), AT_ONCE):
            async for put in _some(connection, box, writer, rest[start : start + AT_ONCE], actor=actor):
                yield put


async def note(connection: Connection, *, actor: str, put: int, details: Mapping[str, Any]) -> None:
    """Leave a line in the audit log."""
    await queries.note(connection, actor=actor, object_id=str(put), details=dict(details))


async def _some(connection: Connection, box: Mailbox, writer: "_Writer", some: Sequence[Case], *, actor: str) -> AsyncIterator[Put]:
    whole = [(case, await box.whole(case.letter)) for case in some]
    for case, letter in whole:
        if letter is None:
            yield Put(case, None, "its value is not there any more: the topic keeps it no longer")
    there = [(case, letter) for case, letter in whole if letter is not None]
    await queries.begin(connection, **_columns(case.letter for case, _ in there), actor=actor)
    offsets = await writer.write([_back(letter, number=case.times + 1) for case, letter in there])
    done = [(case, offset) for (case, _), offset in zip(there, offsets, strict=True) if offset is not None]
    await queries.done(connection, **_columns(case.letter for case, _ in done), put_offsets=[offset for _, offset in done])
    for (case, _), offset in zip(there, offsets, strict=True):
        yield Put(case, offset, "put back" if offset is not None else "Kafka refuses it: it is larger than its topic takes")


@dataclass(frozen=True, slots=True)
class _Back:
    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class _Writer:
    """Writes compressed, because what was too large otherwise came so; a refused record costs the producer, not the run."""

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
        # One at a time: those of the batch that were written already are written again, which consumers bear.
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


async def _found(box: Mailbox, open_ones: Sequence[Case]) -> dict[tuple[str, int], int]:
    """Which of what a crash left open stands in its topic: origin and number -> offset."""
    begun = [case.begun_at for case in open_ones if case.begun_at is not None]
    if not begun:
        return {}
    wanted = {(str(case.letter.origin), case.times + 1) for case in open_ones}
    found: dict[tuple[str, int], int] = {}
    async for record in box.read(sorted({case.letter.topic for case in open_ones}), since=min(begun) - MARGIN):
        headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers if name in {OF, NUMBER}}
        number = headers.get(NUMBER, "")
        key = (headers.get(OF, ""), int(number) if number.isdecimal() else 0)
        if key in wanted:
            found[key] = record.offset
    return found


def _back(letter: Letter, *, number: int) -> _Back:
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


def _case(dead: Dead, row: Mapping[str, Any] | None) -> Case:
    if row is None:
        return Case(dead, Standing.NEW)
    standing = Standing.OPEN if row["done_at"] is None else Standing.DONE
    return Case(dead, standing, row["times"], row["begun_at"], row["done_at"], row["put_offset"])


def _identity(letter: Letter) -> tuple[Place, int]:
    return letter.origin, letter.record_ms


def _key(row: Mapping[str, Any]) -> tuple[Place, int]:
    return Place(row["topic"], row["partition_no"], row["offset_no"]), row["record_ms"]


def _columns(letters: Iterable[Letter]) -> dict[str, list[Any]]:
    some = list(letters)
    return {
        "topics": [each.origin.topic for each in some],
        "partitions": [each.origin.partition for each in some],
        "offsets": [each.origin.offset for each in some],
        "record_mss": [each.record_ms for each in some],
    }
