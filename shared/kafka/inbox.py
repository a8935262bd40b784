"""Records in: batches of parsed events for one handler, acknowledged only after the handler is done.

Where the guarantees are written down:

- at least once: the offset is committed after the handler returned; a crash before that brings the batch again, and
  the handler's rows make that harmless;
- our own store or broker is away: wait a bounded time, then nack the batch (without the wait a nack is a hot loop of
  thousands of tries a second);
- an event that cannot be read, or that fails alone while the rest of its batch succeeds, becomes a dead letter with its origin;
- when too much fails, the consumer stops instead of emptying its topic into the dead letters: it keeps its partitions and
  handles nothing, so that no other pod continues where it stopped, until an operator resumes it;
- partitions are not revoked while a batch is being handled (the drain), or two pods would hold the same events.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import ValidationError

from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.db.errors import AWAY
from shared.kafka.dead_letter import DeadLetterFault, DeadLetterReason, find_fault
from shared.kafka.dead_letters import DeadLetters, TooManyDeadLetters
from shared.kafka.publisher import PublishError
from shared.metrics import CONSUMED, CONSUMER_STOPPED, REBALANCES, REDELIVERIES

log = structlog.get_logger()
E = TypeVar("E", bound=Event)

Handler = Callable[[Sequence[E]], Awaitable[None]]
"""Gets the readable events of one batch, in order per partition."""

URGENT_MS: Final = 20
FETCH_MIN_BYTES: Final = 65_536
FETCH_WAIT_MS: Final = 150
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
"""Seconds; far below max_poll_interval and within the drain's budget."""
LARGEST_BODY: Final = 1_048_576
"""Bytes. Our own events have a few hundred; a record larger than a broker's default limit was compressed or is not ours."""


class Drain(ConsumerRebalanceListener):  # type: ignore[misc]
    """Delays a rebalance until the batch in progress is acknowledged.

    Measured without the drain: a pod that joins while another handles a batch makes both hold the same messages at once.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._idle = asyncio.Event()
        self._idle.set()
        self.assigned: frozenset[TopicPartition] = frozenset()

    def begin(self) -> None:
        """A batch is being handled."""
        self._idle.clear()

    def end(self) -> None:
        """The batch is acknowledged, or nacked."""
        self._idle.set()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """aiokafka waits for this before it rejoins, and keeps its heartbeat meanwhile."""
        if revoked:
            REBALANCES.labels(topic=self._topic).inc()
        await self._idle.wait()
        self.assigned = frozenset()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Remembered for readiness."""
        self.assigned = frozenset(assigned)


class Inbox:
    """The subscriptions of one process."""

    def __init__(self, broker: KafkaBroker, dead_letters: DeadLetters, *, service: str, pod_name: str | None) -> None:
        self._broker = broker
        self._dead_letters = dead_letters
        self._service = service
        self._pod_name = pod_name
        self._works: list[_Work] = []
        self.drains: dict[str, Drain] = {}

    @property
    def stopped(self) -> dict[str, str]:
        """Consumers that handle nothing more: topic -> why, and what to do."""
        return {work.topic.name: work.stopped for work in self._works if work.stopped is not None}

    def group(self, topic: str) -> str:
        """The consumer group that reads `topic` here."""
        return next(work.group for work in self._works if work.topic.name == topic)

    def resume(self, topic: str) -> None:
        """Resume a stopped consumer where it stopped; its count of dead letters starts again at zero."""
        for work in self._works:
            if work.topic.name == topic:
                work.resume()

    def subscribe(self, topic: Topic[E], handle: Handler[E], *, max_records: int = 1_000, urgent: bool = False) -> None:
        """Give `handle` the events of `topic` in batches.

        A fetch waits for more records, since a fetch over 24 partitions costs aiokafka half a millisecond of CPU and the
        broker as much, however few records it returns. The fetch of an `urgent` topic returns at the first event, and is
        short: aiokafka leaves out of an open fetch the partitions whose events are being handled, so a long fetch would
        delay the next event of such a partition.
        """
        drain = self.drains[topic.name] = Drain(topic.name)
        work = _Work(topic, topic.group(self._service), handle=handle, drain=drain, dead_letters=self._dead_letters)
        self._works.append(work)
        self._broker.subscriber(
            topic.name,
            group_id=topic.group(self._service),
            group_instance_id=f"{self._pod_name}.{topic.name}" if self._pod_name else None,
            batch=True,
            max_records=max_records,
            batch_timeout_ms=FETCH_WAIT_MS,
            fetch_min_bytes=1 if urgent else FETCH_MIN_BYTES,
            fetch_max_wait_ms=URGENT_MS if urgent else FETCH_WAIT_MS,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            session_timeout_ms=20_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=300_000,
            listener=drain,
            decoder=_keep_raw,
        )(work.on_batch)


class _Work:
    """One subscription's handling of batches."""

    def __init__(self, topic: Topic[Any], group: str, *, handle: Handler[Any], drain: Drain, dead_letters: DeadLetters) -> None:
        self.topic = topic
        self.stopped: str | None = None
        self.group = group
        self._handle = handle
        self._drain = drain
        self._dead_letters = dead_letters
        self._pause = FIRST_PAUSE
        self._undone: set[tuple[int, int]] = set()
        """Partition and offset of the records of the current batch that are not handled yet."""
        self._going = asyncio.Event()
        self._going.set()
        CONSUMER_STOPPED.labels(topic=topic.name).set(0)

    def resume(self) -> None:
        """Handle batches again, with a new count of dead letters."""
        self._dead_letters.forgive(self.topic.name)
        self.stopped = None
        self._going.set()
        CONSUMER_STOPPED.labels(topic=self.topic.name).set(0)

    async def on_batch(self, message: KafkaMessage) -> None:
        """Parse, hand over, acknowledge."""
        self._drain.begin()
        try:
            if self.stopped is not None:
                await self._nack_slowly(message)
                return
            records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
            await self._handle_batch(records)
            await message.ack()
            self._dead_letters.acknowledged(self.topic.name)
            self._pause = FIRST_PAUSE
        except TooManyDeadLetters as error:
            self._stop(str(error))
            await self._commit_handled(message)
        except Exception as error:
            REDELIVERIES.labels(topic=self.topic.name).inc()
            log.warning("batch given back to Kafka", topic=self.topic.name, error=repr(error), pause_s=self._pause)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            raise
        finally:
            self._drain.end()

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._going.clear()
        CONSUMER_STOPPED.labels(topic=self.topic.name).set(1)
        log.critical("a consumer stopped and waits for a person", topic=self.topic.name, group=self.group, why=why)

    async def _commit_handled(self, message: KafkaMessage) -> None:
        """Commit up to the first unhandled record of each partition and seek there, so that the consumer that resumes does not set the
        same records aside again.
        """
        records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
        firsts: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(record.topic, record.partition)
            firsts[part] = max(firsts.get(part, 0), record.offset + 1)
        for partition, offset in self._undone:
            part = TopicPartition(self.topic.name, partition)
            firsts[part] = min(firsts[part], offset)
        await message.nack()
        consumer: Any = message.consumer  # FastStream's protocol leaves out that a commit may say how far
        for part, offset in firsts.items():
            consumer.seek(part, offset)
        await consumer.commit(firsts)
        self._dead_letters.acknowledged(self.topic.name)

    async def _nack_slowly(self, message: KafkaMessage) -> None:
        """Nack the batch after a pause; the consumer stays in its group and keeps its partitions."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_PAUSE):
                await self._going.wait()
        await message.nack()

    async def _handle_batch(self, records: Sequence[ConsumerRecord]) -> None:
        readable = []
        self._undone = {(record.partition, record.offset) for record in records}
        for record in records:
            event = self._read(record)
            if isinstance(event, Event):
                readable.append((record, event))
            else:
                await self._set_aside(record, event.reason, DeadLetterFault.OURS, event.why)
        if not readable:
            return
        try:
            with structlog.contextvars.bound_contextvars(
                topic=self.topic.name, partition=readable[0][0].partition, offset=readable[0][0].offset
            ):
                await self._handle([event for _, event in readable])
        except (*AWAY, PublishError):
            raise
        except Exception:
            log.exception("a batch failed; trying its events one by one", topic=self.topic.name)
            await self._handle_one_by_one(readable)
        else:
            self._count_handled(len(readable))

    async def _handle_one_by_one(self, readable: Sequence[tuple[ConsumerRecord, Any]]) -> None:
        for record, event in readable:
            try:
                await self._handle([event])
                self._undone.discard((record.partition, record.offset))
            except (*AWAY, PublishError):
                raise
            except Exception as error:
                await self._set_aside(record, DeadLetterReason.HANDLER_FAILED, find_fault(error), repr(error))
            else:
                self._count_handled(1)

    def _read(self, record: ConsumerRecord) -> "Event | _Unreadable":
        """Parse a record. An unreadable one counts as our fault: only our services write to these topics."""
        if not record.value:
            return _Unreadable(DeadLetterReason.NO_BODY, "the record has no body")
        if len(record.value) > LARGEST_BODY:
            return _Unreadable(
                DeadLetterReason.TOO_LARGE, f"its body has {len(record.value)} bytes, and {LARGEST_BODY} is the most that is read"
            )
        headers: dict[str, str] = {}
        for name, value in record.headers:
            try:
                headers[name] = (value or b"").decode()
            except UnicodeDecodeError as error:
                return _Unreadable(DeadLetterReason.BAD_HEADER, f"the header {name!r} is no UTF-8: {error.reason} at byte {error.start}")
        event_type = headers.get("ce_type") or self.topic.event_type  # without one it is today's
        if event_type != self.topic.event_type:
            return _Unreadable(
                DeadLetterReason.UNKNOWN_VERSION, f"it is a {event_type[:100]!r}, and this version reads {self.topic.event_type!r}"
            )
        try:
            event: Event = self.topic.message.model_validate_json(record.value)
        except ValidationError as error:
            broken = error.errors()[0]["type"] == "json_invalid"
            return _Unreadable(DeadLetterReason.BAD_JSON if broken else DeadLetterReason.WRONG_SCHEMA, _describe_schema_error(error))
        return event

    def _count_handled(self, many: int) -> None:
        CONSUMED.labels(topic=self.topic.name, outcome="handled").inc(many)
        self._dead_letters.handled(self.topic.name, many)

    async def _set_aside(self, record: ConsumerRecord, reason: DeadLetterReason, fault: DeadLetterFault, why: str) -> None:
        await self._dead_letters.set_aside(record, group=self.group, reason=reason, fault=fault, error=why)
        self._undone.discard((record.partition, record.offset))
        CONSUMED.labels(topic=self.topic.name, outcome="dead_letter").inc()


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Why a record is no event."""

    reason: DeadLetterReason
    why: str


async def _keep_raw(message: Any) -> Any:
    return message


def _describe_schema_error(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "value"
    return f"{where}: {first['msg']}"
