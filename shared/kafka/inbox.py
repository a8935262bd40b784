"""Records in: batches of parsed events for one handler, acknowledged only after the handler is done.

Where the guarantees are written down:

- at least once: the offset is committed after the handler returned; a crash before that brings the batch again, and
  the handler's rows make that harmless;
- our own store or broker away: wait a bounded moment, then give the batch back (without the wait a nack is a hot
  loop of thousands of tries a second);
- an event nobody can read, or that fails by itself while its neighbours work, becomes a dead letter with its origin;
- when too much fails, the consumer stops instead of emptying its topic into the dead letters: it keeps its partitions and
  handles nothing, so that no other pod goes on where it stopped, until somebody lets it;
- partitions are not given up while a batch is in work (the drain), or two pods would hold the same events.
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
from shared.kafka.dead_letter import Fault, Reason, find_fault
from shared.kafka.dead_letters import DeadLetters, TooManyDeadLetters
from shared.kafka.publisher import PublishError
from shared.metrics import CONSUMED, CONSUMER_STOPPED, REBALANCES, REDELIVERIES

log = structlog.get_logger()
E = TypeVar("E", bound=Event)

Handler = Callable[[Sequence[E]], Awaitable[None]]
"""Gets the readable events of one batch, in order per partition."""

URGENT_MS: Final = 20
COMPANY_BYTES: Final = 65_536
COMPANY_MS: Final = 150
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
"""Seconds; far below max_poll_interval and within the drain's budget."""
LARGEST_BODY: Final = 1_048_576
"""Bytes. Our own events have a few hundred; what is larger than a broker takes by default comes compressed, or from elsewhere."""


class Drain(ConsumerRebalanceListener):  # type: ignore[misc]
    """Holds a rebalance back until the batch in work is acknowledged.

    Measured without it: a pod that joins while another works makes both hold the same messages at once.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._idle = asyncio.Event()
        self._idle.set()
        self.assigned: frozenset[TopicPartition] = frozenset()

    def begin(self) -> None:
        """A batch is in work."""
        self._idle.clear()

    def end(self) -> None:
        """It is acknowledged, or given back."""
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
        """Let a stopped consumer go on where it stopped; as much as before may become dead letters."""
        for work in self._works:
            if work.topic.name == topic:
                work.resume()

    def subscribe(self, topic: Topic[E], handle: Handler[E], *, max_records: int = 1_000, urgent: bool = False) -> None:
        """Give `handle` the events of `topic` in batches.

        A fetch waits a moment for company, since one over 24 partitions costs aiokafka half a millisecond of CPU and the
        broker as much, however little it brings. An `urgent` topic's is answered at the first event, and kept short:
        aiokafka leaves a partition whose events are in work out of the fetch that is open meanwhile, so a long one makes
        the next event of that partition wait for its end.
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
            batch_timeout_ms=COMPANY_MS,
            fetch_min_bytes=1 if urgent else COMPANY_BYTES,
            fetch_max_wait_ms=URGENT_MS if urgent else COMPANY_MS,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            session_timeout_ms=20_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=300_000,
            listener=drain,
            decoder=_as_it_is,
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
        """Partition and offset of what the batch in work still holds."""
        self._going = asyncio.Event()
        self._going.set()
        CONSUMER_STOPPED.labels(topic=topic.name).set(0)

    def resume(self) -> None:
        """Go on, and count from nothing."""
        self._dead_letters.forgive(self.topic.name)
        self.stopped = None
        self._going.set()
        CONSUMER_STOPPED.labels(topic=self.topic.name).set(0)

    async def on_batch(self, message: KafkaMessage) -> None:
        """Parse, hand over, acknowledge."""
        self._drain.begin()
        try:
            if self.stopped is not None:
                await self._stand_still(message)
                return
            records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
            await self._work_off(records)
            await message.ack()
            self._dead_letters.acknowledged(self.topic.name)
            self._pause = FIRST_PAUSE
        except TooManyDeadLetters as error:
            self._stop(str(error))
            await self._keep_what_is_done(message)
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

    async def _keep_what_is_done(self, message: KafkaMessage) -> None:
        """Acknowledge up to the first record of each partition that nobody dealt with, and go back there: what was set aside is not
        set aside again by whoever goes on.
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

    async def _stand_still(self, message: KafkaMessage) -> None:
        """Give the batch back, slowly; the consumer stays in its group and keeps its partitions."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_PAUSE):
                await self._going.wait()
        await message.nack()

    async def _work_off(self, records: Sequence[ConsumerRecord]) -> None:
        readable = []
        self._undone = {(record.partition, record.offset) for record in records}
        for record in records:
            event = self._read(record)
            if isinstance(event, Event):
                readable.append((record, event))
            else:
                await self._set_aside(record, event.reason, Fault.OURS, event.why)
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
            await self._one_by_one(readable)
        else:
            self._count_handled(len(readable))

    async def _one_by_one(self, readable: Sequence[tuple[ConsumerRecord, Any]]) -> None:
        for record, event in readable:
            try:
                await self._handle([event])
                self._undone.discard((record.partition, record.offset))
            except (*AWAY, PublishError):
                raise
            except Exception as error:
                await self._set_aside(record, Reason.HANDLER_FAILED, find_fault(error), repr(error))
            else:
                self._count_handled(1)

    def _read(self, record: ConsumerRecord) -> "Event | _Unreadable":
        """Whose fault an unreadable record is needs no looking: nobody but us writes to our topics."""
        if not record.value:
            return _Unreadable(Reason.NO_BODY, "the record has no body")
        if len(record.value) > LARGEST_BODY:
            return _Unreadable(Reason.TOO_LARGE, f"its body has {len(record.value)} bytes, and {LARGEST_BODY} is the most that is read")
        told: dict[str, str] = {}
        for name, value in record.headers:
            try:
                told[name] = (value or b"").decode()
            except UnicodeDecodeError as error:
                return _Unreadable(Reason.BAD_HEADER, f"the header {name!r} is no UTF-8: {error.reason} at byte {error.start}")
        said = told.get("ce_type") or self.topic.event_type  # without one it is today's
        if said != self.topic.event_type:
            return _Unreadable(Reason.UNKNOWN_VERSION, f"it is a {said[:100]!r}, and this version reads {self.topic.event_type!r}")
        try:
            event: Event = self.topic.message.model_validate_json(record.value)
        except ValidationError as error:
            broken = error.errors()[0]["type"] == "json_invalid"
            return _Unreadable(Reason.BAD_JSON if broken else Reason.WRONG_SCHEMA, _sentence(error))
        return event

    def _count_handled(self, many: int) -> None:
        CONSUMED.labels(topic=self.topic.name, outcome="handled").inc(many)
        self._dead_letters.handled(self.topic.name, many)

    async def _set_aside(self, record: ConsumerRecord, reason: Reason, fault: Fault, why: str) -> None:
        await self._dead_letters.set_aside(record, group=self.group, reason=reason, fault=fault, error=why)
        self._undone.discard((record.partition, record.offset))
        CONSUMED.labels(topic=self.topic.name, outcome="dead_letter").inc()


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Why a record is no event."""

    reason: Reason
    why: str


async def _as_it_is(message: Any) -> Any:
    return message


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "value"
    return f"{where}: {first['msg']}"
