"""The records of a topic between two moments: found by their timestamps, read by their offsets.

The end is fixed when the range is found. Records published later, in particular the replay's own copies, are not part of it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.refusals import Refused

MOST_RECORDS: Final = 5_000
MOST_EMPTY_POLLS: Final = 30
"""Polls of one second that may return nothing before the read is given up: the failover of a broker takes some of them."""

Offsets = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Range:
    """From the first offset of each partition to the first one that is not part of it."""

    topic: str
    starts: Offsets
    ends: Offsets

    @property
    def size(self) -> int:
        """Number of offsets: the records, and the few offsets that Kafka uses for its own control records."""
        return sum(max(self.ends[p] - self.starts[p], 0) for p in self.starts)

    def holds(self, topic: str, partition: int, offset: int) -> bool:
        """Whether that record is part of the range."""
        return topic == self.topic and self.starts.get(partition, 0) <= offset < self.ends.get(partition, 0)

    def after(self, positions: Offsets) -> "Range":
        """The part of the range from these offsets on."""
        return Range(self.topic, {p: max(start, positions.get(p, start)) for p, start in self.starts.items()}, self.ends)


@asynccontextmanager
async def open_reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, which commits nothing."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_194_304,
        fetch_max_wait_ms=200,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def load_partitions(bootstrap: str, topic: str) -> list[int]:
    """The topic's partitions.

    Raises:
        Refused: the broker has no such topic.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if topic not in await admin.list_topics():
            raise Refused(f"The broker has no topic {topic}. `tact migrate apply` creates it; services publish again what their rows need.")
        [description] = await admin.describe_topics([topic])
        return sorted(each["partition"] for each in description["partitions"])
    finally:
        await admin.close()


async def find_range(bootstrap: str, topic: str, since: datetime | None, until: datetime | None) -> Range:
    """The records whose timestamps (technical time) are at or after `since` and before `until`; None for the first or the last record."""
    places = [TopicPartition(topic, number) for number in await load_partitions(bootstrap, topic)]
    async with open_reader(bootstrap) as consumer:
        consumer.assign(places)
        first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        starts = {place: first[place] for place in places} if since is None else await _offsets_at(consumer, places, since, last)
        ends = last if until is None else await _offsets_at(consumer, places, until, last)
    return Range(
        topic,
        {place.partition: starts[place] for place in places},
        {place.partition: max(ends[place], starts[place]) for place in places},
    )


async def _offsets_at(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], moment: datetime, last: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The first offset at or after a time; the end of the partition where there is none."""
    found = await consumer.offsets_for_times(dict.fromkeys(places, int(moment.timestamp() * 1000)))
    return {place: found[place].offset if found.get(place) else last[place] for place in places}


async def read_range(bootstrap: str, wanted: Range) -> AsyncIterator[list[ConsumerRecord]]:
    """The range's records in batches, in order within a partition.

    Raises:
        Refused: the broker returns no more records although the range has more.
    """
    left = {TopicPartition(wanted.topic, p) for p, start in wanted.starts.items() if start < wanted.ends[p]}
    if not left:
        return
    async with open_reader(bootstrap) as consumer:
        consumer.assign(sorted(left))
        for place in left:
            consumer.seek(place, wanted.starts[place.partition])
        empty_polls = 0
        while left:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=MOST_RECORDS)
            batch = [record for records in batches.values() for record in records if record.offset < wanted.ends[record.partition]]
            over = {place for place in left if await consumer.position(place) >= wanted.ends[place.partition]}
            left -= over
            if over:
                consumer.pause(*over)
            empty_polls = 0 if batch or over else empty_polls + 1
            if empty_polls > MOST_EMPTY_POLLS:
                raise Refused(f"Kafka returns no more records of {wanted.topic} although there are some. See docs/runbooks/stuck-topic.md.")
            if batch:
                yield batch
