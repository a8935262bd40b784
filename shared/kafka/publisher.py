"""Records out: one idempotent producer per process, confirmed by every in-sync replica.

An idempotent producer that was refused once refuses everything after it for that partition (aiokafka#1017), and a
publish into a dead broker never returns by itself. So every publish has a deadline, a deadline that passes means
"perhaps written", and a refusal ends the process: its successor starts with a clean producer.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    UnknownProducerId,
)

from shared.contracts.envelope import Envelope
from shared.metrics import PRODUCER_FATAL, PUBLISHED

log = structlog.get_logger()

DEADLINE: Final = 15.0
"""Seconds; a normal fail-over of a broker took 8.8 s when measured, so less would call it a failure."""
LARGEST: Final = 17 * 1024 * 1024
"""Bytes; a dead letter is as large as the record it was, and one refused for its size would end the process for ever."""
POISON: Final = (OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId, InvalidTimestampError, MessageSizeTooLargeError)


class PublishError(OSError):
    """Some records were not confirmed in time; they may be there or not, and are published again."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A record with bytes as they are: a dead letter keeps its origin's key, headers and value."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Publisher:
    """Publishes envelopes; several at once cost little more than one."""

    def __init__(self, bootstrap: str, *, client_id: str, fatal: Callable[[str], None]) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._fatal = fatal
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the broker is away; the caller waits and tries again, bounded.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            enable_idempotence=True,
            acks="all",
            linger_ms=2,
            max_batch_size=262_144,
            max_request_size=LARGEST,
            request_timeout_ms=15_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self, *, within: float = 5.0) -> None:
        """Flush and close; with a dead broker that would never end, hence the limit in seconds."""
        if self._producer:
            try:
                async with asyncio.timeout(within):
                    await self._producer.stop()
            except TimeoutError:
                log.warning("the producer could not be closed in time", seconds=within)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publish all and wait until each is confirmed.

        Raises:
            PublishError: not all were confirmed; publishing them again is harmless, consumers read rows.
        """
        await self.publish_raw(
            [
                Raw(e.topic, e.key.encode(), e.payload.encode(), [(name, value.encode()) for name, value in e.headers.items()])
                for e in envelopes
            ]
        )

    async def publish_raw(self, records: Sequence[Raw]) -> None:
        """Publish bytes as they are; see `publish`."""
        if self._producer is None:
            raise PublishError("the producer was not started")
        try:
            async with asyncio.timeout(DEADLINE):
                sent = [await self._producer.send(r.topic, r.value, key=r.key, headers=list(r.headers)) for r in records]
                await asyncio.gather(*sent)
        except POISON as error:
            PRODUCER_FATAL.inc()
            self._fatal(f"the producer was refused for good ({error!r})")
            raise PublishError(repr(error)) from error
        except (KafkaError, TimeoutError) as error:
            raise PublishError(f"Kafka did not confirm {len(records)} records in {DEADLINE:.0f} s: {error!r}") from error
        for topic, many in Counter(record.topic for record in records).items():  # finding a label costs more than adding to it
            PUBLISHED.labels(topic=topic).inc(many)
