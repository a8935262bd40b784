"""Records in: batches of parsed events for one handler, acknowledged only after the handler is done.

Where the guarantees are written down:

- at least once: the offset is committed after the handler returned; a crash before that brings the batch again, and
  the handler's rows make that harmless;
- our own store or broker away: wait a bounded moment, then give the batch back (without the wait a nack is a hot
  loop of thousands of tries a second);
- an event nobody can read, or that fails by itself while its neighbours work, becomes a dead letter with its origin;
- when nearly everything fails, the process stops instead of emptying its topic into the dead letters;
- partitions are not given up while a batch is in work (the drain), or two pods would hold the same events.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import structlog
from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import ValidationError

from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.db.errors import AWAY
from shared.kafka.dead_letters import DeadLetters, Fault, TooManyDeadLetters
from shared.kafka.publisher import PublishError
from shared.runtime.metrics import CONSUMED, REBALANCES, REDELIVERIES

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

    def __init__(
        self, broker: KafkaBroker, dead_letters: DeadLetters, *, service: str, pod_name: str | None, fatal: Callable[[str], None]
    ) -> None:
        self._broker = broker
        self._dead_letters = dead_letters
        self._service = service
        self._pod_name = pod_name
        self._fatal = fatal
        self.drains: dict[str, Drain] = {}

    def subscribe(self, topic: Topic[E], handle: Handler[E], *, max_records: int = 1_000, urgent: bool = False) -> None:
        """Give `handle` the events of `topic` in batches.

        A fetch waits a moment for company, since one over 24 partitions costs aiokafka half a millisecond of CPU and the
        broker as much, however little it brings. An `urgent` topic's is answered at the first event, and kept short:
        aiokafka leaves a partition whose events are in work out of the fetch that is open meanwhile, so a long one makes
        the next event of that partition wait for its end.
        """
        drain = self.drains[topic.name] = Drain(topic.name)
        work = _Work(topic, topic.group(self._service), handle=handle, drain=drain, dead_letters=self._dead_letters, fatal=self._fatal)
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

    def __init__(
        self,
        topic: Topic[Any],
        group: str,
        *,
        handle: Handler[Any],
        drain: Drain,
        dead_letters: DeadLetters,
        fatal: Callable[[str], None],
    ) -> None:
        self._topic = topic
        self._group = group
        self._handle = handle
        self._drain = drain
        self._dead_letters = dead_letters
        self._fatal = fatal
        self._pause = FIRST_PAUSE

    async def on_batch(self, message: KafkaMessage) -> None:
        """Parse, hand over, acknowledge."""
        self._drain.begin()
        try:
            records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
            await self._work_off(records)
            await message.ack()
            self._pause = FIRST_PAUSE
        except TooManyDeadLetters as error:
            self._fatal(str(error))
            raise
        except Exception as error:
            REDELIVERIES.labels(topic=self._topic.name).inc()
            log.warning("batch given back to Kafka", topic=self._topic.name, error=repr(error), pause_s=self._pause)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            raise
        finally:
            self._drain.end()

    async def _work_off(self, records: Sequence[ConsumerRecord]) -> None:
        readable = []
        for record in records:
            try:
                readable.append((record, self._topic.message.model_validate_json(record.value or b"")))
            except ValidationError as error:
                await self._set_aside(record, Fault.UNREADABLE, _sentence(error))
        if not readable:
            return
        try:
            with structlog.contextvars.bound_contextvars(
                topic=self._topic.name, partition=readable[0][0].partition, offset=readable[0][0].offset
            ):
                await self._handle([event for _, event in readable])
        except (*AWAY, PublishError):
            raise
        except Exception:
            log.exception("a batch failed; trying its events one by one", topic=self._topic.name)
            await self._one_by_one(readable)
        CONSUMED.labels(topic=self._topic.name, outcome="handled").inc(len(readable))
        self._dead_letters.handled(self._topic.name, len(readable))

    async def _one_by_one(self, readable: Sequence[tuple[ConsumerRecord, Any]]) -> None:
        for record, event in readable:
            try:
                await self._handle([event])
            except (*AWAY, PublishError):
                raise
            except Exception as error:
                await self._set_aside(record, Fault.OURS, repr(error))

    async def _set_aside(self, record: ConsumerRecord, fault: Fault, why: str) -> None:
        CONSUMED.labels(topic=self._topic.name, outcome="dead_letter").inc()
        await self._dead_letters.set_aside(record, group=self._group, fault=fault, why=why)


async def _as_it_is(message: Any) -> Any:
    return message


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "value"
    return f"{where}: {first['msg']}"
