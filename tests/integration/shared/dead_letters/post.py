"""A consumer of ours on the real broker, on a topic of the test's own, and somebody who writes what nobody should."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import Topic
from shared.kafka.admin import LARGEST_RECORD
from shared.kafka.broker import make_broker
from shared.kafka.dead_letter import DeadLetter, parse_dead_letter
from shared.kafka.dead_letters import DeadLetters
from shared.kafka.inbox import Inbox
from shared.kafka.publisher import LARGEST, Publisher

GOOD = b'{"kind": "good", "table_name": "t", "row_id": "1"}'


@dataclass
class Office:
    """What a consumer handled, and how it can be made to fail."""

    kafka: str
    topic: Topic[IntegrityEvent]
    handled: list[str] = field(default_factory=list)
    fails_on: set[str] = field(default_factory=set)
    error: Exception = field(default_factory=lambda: KeyError("of ours"))

    async def handle(self, events: Sequence[IntegrityEvent]) -> None:
        """Note them, or fail as a whole, like a transaction."""
        if self.fails_on & {event.row_id for event in events}:
            raise self.error
        self.handled += [event.row_id for event in events]

    async def write(self, *records: tuple[bytes | None, Sequence[tuple[str, bytes | None]]], compressed: bool = False) -> None:
        """Put records into the topic as they are, keyed k."""
        kind = "gzip" if compressed else None
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, compression_type=kind, max_request_size=LARGEST)
        await producer.start()
        try:
            for value, headers in records:
                await producer.send(self.topic.name, value, key=b"k", headers=list(headers))
            await producer.flush()
        finally:
            await producer.stop()

    async def records(self, topic: str) -> list[ConsumerRecord]:
        """All that a topic holds now."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await consumer.start()
        try:
            parts = [TopicPartition(topic, 0)]
            consumer.assign(parts)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(parts)
            found: list[ConsumerRecord] = []
            while [part for part in parts if await consumer.position(part) < ends[part]]:
                for some in (await consumer.getmany(timeout_ms=500)).values():
                    found += some
            return found
        finally:
            await consumer.stop()

    async def letters(self) -> list[DeadLetter]:
        """All that was set aside."""
        return [parse_dead_letter(record) for record in await self.records(self.topic.dead_letters)]


async def an_office(kafka: str) -> Office:
    """A topic with one partition, and its dead letters."""
    name = f"post.{uuid.uuid4().hex[:8]}"
    topic = Topic(name, IntegrityEvent, "tact.integrity.found.v1", "-", ("queuer",), ("queuer",), while_stopped="A test.", partitions=1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        wide = {LARGEST_RECORD: str(LARGEST)}
        await admin.create_topics([NewTopic(name, 1, 1), NewTopic(topic.dead_letters, 1, 1, topic_configs=wide)])
    finally:
        await admin.close()
    return Office(kafka, topic)


@asynccontextmanager
async def at_work(office: Office) -> AsyncIterator[Inbox]:
    """Its consumer, as a service has it."""
    fatal: list[str] = []
    broker = make_broker(office.kafka, client_id="test", graceful_timeout=5)
    publisher = Publisher(office.kafka, client_id="test", fatal=fatal.append)
    inbox = Inbox(broker, DeadLetters(publisher), service="test", pod_name=None)
    inbox.subscribe(office.topic, office.handle, urgent=True)
    await publisher.start()
    await broker.start()
    try:
        yield inbox
    finally:
        await broker.stop()
        await publisher.stop()
    assert fatal == []
