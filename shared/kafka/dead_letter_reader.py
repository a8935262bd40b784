"""Reads the dead letters of a broker without a consumer group, so that reading commits no offset."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.kafka.dead_letter import DeadLetter, RecordPosition, parse_dead_letter

SUFFIX: Final = ".dlq"
WAIT_MS: Final = 1_000
ANSWER_MS: Final = 50
"""How long the broker may wait for new records before it answers: an operator waits, and asks only for what is stored."""


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters; None or an empty set matches all. The times are those at which records were set aside (technical)."""

    topic: str | None = None
    reason: str | None = None
    fault: str | None = None
    group: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    origins: frozenset[RecordPosition] = frozenset()

    def matches(self, letter: DeadLetter) -> bool:
        """Whether the letter passes every condition."""
        return (
            (self.reason is None or letter.reason == self.reason)
            and (self.fault is None or letter.fault == self.fault)
            and (self.group is None or letter.group == self.group)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
            and (not self.origins or letter.origin in self.origins)
        )


@dataclass(frozen=True, slots=True)
class SetAsideRecord:
    """One original record that was set aside: by one consumer or several, once or again after a crash."""

    letter: DeadLetter
    """The newest dead letter of the record, without its value."""
    groups: tuple[str, ...]


class DeadLetterReader:
    """Reads topics of one broker; open it with `open_dead_letters`."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._consumer = consumer
        self._admin = admin
        self._known: dict[str, Sequence[int]] = {}

    async def topics(self, topic: str | None = None) -> list[str]:
        """The dead-letter topics of the broker; with `topic`, only the one of that topic, if it exists."""
        there = sorted(name for name in await self._consumer.topics() if name.endswith(SUFFIX))
        return there if topic is None else [name for name in there if name == f"{topic}{SUFFIX}"]

    async def find(self, wanted: DeadLetterFilter) -> list[SetAsideRecord]:
        """The records that were set aside, newest first."""
        found: dict[tuple[RecordPosition, int], SetAsideRecord] = {}
        async for record in self.read(await self.topics(wanted.topic), since=wanted.since):
            letter = parse_dead_letter(record)
            if not wanted.matches(letter):
                continue
            key = (letter.origin, letter.record_ms)
            groups = {letter.group, *(found[key].groups if key in found else ())}
            newest = max((letter, *((found[key].letter,) if key in found else ())), key=lambda each: each.at)
            found[key] = SetAsideRecord(replace(newest, value=None), tuple(sorted(groups - {""})))
        return sorted(found.values(), key=lambda each: each.letter.at, reverse=True)

    async def load_value(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter with its value, read from the dead-letter topic or from the original topic; None when the record is gone."""
        record = await self._at(letter.place if letter.whole else letter.origin)
        if record is None or (not letter.whole and record.timestamp != letter.record_ms):
            return None
        return (
            parse_dead_letter(record) if letter.whole else replace(letter, key=record.key, value=record.value, headers=list(record.headers))
        )

    async def read(self, topics: Iterable[str], *, since: datetime | None = None) -> AsyncIterator[ConsumerRecord]:
        """Every record that these topics hold now, in order within a partition; an empty partition costs nothing."""
        parts = [TopicPartition(topic, partition) for topic in topics for partition in await self._partitions(topic)]
        if not parts:
            return
        ends = await self._consumer.end_offsets(parts)
        starts = await self._starts(ends, since)
        left = [part for part in parts if starts[part] < ends[part]]
        self._consumer.assign(left)
        for part in left:
            self._consumer.seek(part, starts[part])
        while left:
            for part, records in (await self._consumer.getmany(*left, timeout_ms=WAIT_MS)).items():
                for record in records:
                    if record.offset < ends[part]:
                        yield record
            left = [part for part in left if await self._consumer.position(part) < ends[part]]

    async def _partitions(self, topic: str) -> Sequence[int]:
        """Empty for an unknown topic. Asked of the admin client: a consumer without a group knows no partitions at first."""
        if topic not in self._known:
            (described,) = await self._admin.describe_topics([topic])
            self._known[topic] = sorted(part["partition"] for part in described["partitions"])
        return self._known[topic]

    async def _starts(self, ends: Mapping[TopicPartition, int], since: datetime | None) -> dict[TopicPartition, int]:
        if since is None:
            return dict(await self._consumer.beginning_offsets(list(ends)))
        found = await self._consumer.offsets_for_times(dict.fromkeys(ends, int(since.timestamp() * 1000)))
        return {part: found[part].offset if found.get(part) else end for part, end in ends.items()}

    async def _at(self, place: RecordPosition) -> ConsumerRecord | None:
        part = TopicPartition(place.topic, place.partition)
        if place.partition not in await self._partitions(place.topic):
            return None
        first, end = (await self._consumer.beginning_offsets([part]))[part], (await self._consumer.end_offsets([part]))[part]
        if not first <= place.offset < end:
            return None
        self._consumer.assign([part])
        self._consumer.seek(part, place.offset)
        while await self._consumer.position(part) < end:
            for records in (await self._consumer.getmany(part, timeout_ms=WAIT_MS, max_records=1)).values():
                for record in records:
                    return record if record.offset == place.offset else None
        return None


@asynccontextmanager
async def open_dead_letters(bootstrap: str) -> AsyncIterator[DeadLetterReader]:
    """Open a reader of one broker's dead letters.

    Raises:
        KafkaError: the broker is away.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=ANSWER_MS
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await consumer.start()
        await admin.start()
        yield DeadLetterReader(consumer, admin)
    finally:
        await admin.close()
        await consumer.stop()
