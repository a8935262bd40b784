"""The dead letters that a broker holds: read without a group, so that looking at them moves nothing."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.kafka.letters import Letter, Place, opened

SUFFIX: Final = ".dlq"
WAIT_MS: Final = 1_000
ANSWER_MS: Final = 50
"""How long the broker may wait for more before it says that there is nothing: a person waits, and asks for what is there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; what is None or empty leaves a side open. Times are those at which they were set aside (technical)."""

    topic: str | None = None
    reason: str | None = None
    fault: str | None = None
    group: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    origins: frozenset[Place] = frozenset()

    def has(self, letter: Letter) -> bool:
        """Whether it is one of them."""
        return (
            (self.reason is None or letter.reason == self.reason)
            and (self.fault is None or letter.fault == self.fault)
            and (self.group is None or letter.group == self.group)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
            and (not self.origins or letter.origin in self.origins)
        )


@dataclass(frozen=True, slots=True)
class Dead:
    """One record that was set aside, by one consumer or by several, once or again after a crash."""

    letter: Letter
    """The newest, without its value."""
    groups: tuple[str, ...]


class Mailbox:
    """Reads topics of one broker; open it with `mailbox`."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._consumer = consumer
        self._admin = admin
        self._known: dict[str, Sequence[int]] = {}

    async def topics(self, topic: str | None = None) -> list[str]:
        """Dead-letter topics there are; of one topic, its own, if there is one."""
        there = sorted(name for name in await self._consumer.topics() if name.endswith(SUFFIX))
        return there if topic is None else [name for name in there if name == f"{topic}{SUFFIX}"]

    async def dead(self, wanted: Wanted) -> list[Dead]:
        """What was set aside, the newest first."""
        found: dict[tuple[Place, int], Dead] = {}
        async for record in self.read(await self.topics(wanted.topic), since=wanted.since):
            letter = opened(record)
            if not wanted.has(letter):
                continue
            key = (letter.origin, letter.record_ms)
            groups = {letter.group, *(found[key].groups if key in found else ())}
            newest = max((letter, *((found[key].letter,) if key in found else ())), key=lambda each: each.at)
            found[key] = Dead(replace(newest, value=None), tuple(sorted(groups - {""})))
        return sorted(found.values(), key=lambda each: each.letter.at, reverse=True)

    async def whole(self, letter: Letter) -> Letter | None:
        """With its value, from where it stands or was left; None when it is not there any more."""
        record = await self._at(letter.place if letter.whole else letter.origin)
        if record is None or (not letter.whole and record.timestamp != letter.record_ms):
            return None
        return opened(record) if letter.whole else replace(letter, key=record.key, value=record.value, headers=list(record.headers))

    async def read(self, topics: Iterable[str], *, since: datetime | None = None) -> AsyncIterator[ConsumerRecord]:
        """All that these topics hold now, each partition in its order; a partition that is empty costs nothing."""
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
        """None for a topic there is not. A consumer without a group knows of no partitions until it has some."""
        if topic not in self._known:
            (described,) = await self._admin.describe_topics([topic])
            self._known[topic] = sorted(part["partition"] for part in described["partitions"])
        return self._known[topic]

    async def _starts(self, ends: Mapping[TopicPartition, int], since: datetime | None) -> dict[TopicPartition, int]:
        if since is None:
            return dict(await self._consumer.beginning_offsets(list(ends)))
        found = await self._consumer.offsets_for_times(dict.fromkeys(ends, int(since.timestamp() * 1000)))
        return {part: found[part].offset if found.get(part) else end for part, end in ends.items()}

    async def _at(self, place: Place) -> ConsumerRecord | None:
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
async def mailbox(bootstrap: str) -> AsyncIterator[Mailbox]:
    """Look at what a broker holds.

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
        yield Mailbox(consumer, admin)
    finally:
        await admin.close()
        await consumer.stop()
