"""Kafka's side of the fence: every process reads the topic of heads from its beginning, and goes on listening."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from shared.contracts.stack_heads import StackHead
from shared.contracts.topics import STACK_HEADS
from shared.fence.rules import SeenHeads

log = structlog.get_logger()

PARTITION: Final = TopicPartition(STACK_HEADS.name, 0)
POLL_MS: Final = 1_000
PAUSE: Final = 0.5
"""Seconds, after Kafka was away."""
ANSWERS_WITHIN: Final = 5.0
NOTHING: Final = SeenHeads()


class Heads:
    """The heads of all stacks that write to this Kafka; one is the rule, several are a mistake or a test suite."""

    def __init__(self, bootstrap: str, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._seen: dict[UUID, SeenHeads] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._synced = False
        self._task: asyncio.Task[None] | None = None
        self.cluster: str | None = None
        self.trouble: str | None = None
        """Why nothing can be heard; None while all is well."""

    def start(self) -> None:
        """Begin to listen; Kafka may come later."""
        self._task = asyncio.create_task(self._listen(), name="heads")

    async def stop(self) -> None:
        """Listen no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def of(self, stack_id: UUID | None) -> SeenHeads:
        """What is known of that stack."""
        return self._seen.get(stack_id, NOTHING) if stack_id is not None else NOTHING

    @property
    def stacks(self) -> Mapping[UUID, SeenHeads]:
        """All of them."""
        return self._seen

    async def complete(self) -> bool:
        """Whether everything that the topic holds at this moment has been read: one question to the broker.

        Raises:
            KafkaError, TimeoutError: it does not answer.
        """
        consumer = self._consumer
        if consumer is None or not self._synced:
            return False
        async with asyncio.timeout(ANSWERS_WITHIN):
            end = (await consumer.end_offsets([PARTITION]))[PARTITION]
            # Beyond the end: the topic was made anew, and the next fetch says so.
            return bool(await consumer.position(PARTITION) == end)

    async def _listen(self) -> None:
        while True:
            try:
                await self._read()
            except (KafkaError, OSError, TimeoutError) as error:
                self.trouble = str(error) or type(error).__name__
                await asyncio.sleep(PAUSE)

    async def _read(self) -> None:
        self.cluster = await cluster_id(self._bootstrap)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",  # a topic that was made anew must not be taken for the old one
            fetch_max_wait_ms=500,
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN * 2):
                await consumer.start()
                await self._known(consumer)
            await self._follow(consumer)
        finally:
            self._consumer, self._synced = None, False
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await consumer.stop()

    async def _known(self, consumer: AIOKafkaConsumer) -> None:
        """Stand at the topic's beginning.

        Raises:
            OSError: there is no such topic.
        """
        if STACK_HEADS.name not in await consumer.topics():
            raise OSError(f"Kafka has no topic {STACK_HEADS.name}. Run `tact migrate apply`.")
        consumer.assign([PARTITION])
        beginning = (await consumer.beginning_offsets([PARTITION]))[PARTITION]
        consumer.seek(PARTITION, beginning)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        end = (await consumer.end_offsets([PARTITION]))[PARTITION]
        fresh: dict[UUID, SeenHeads] = {}
        while await consumer.position(PARTITION) < end:
            for record in (await consumer.getmany(PARTITION, timeout_ms=POLL_MS)).get(PARTITION, []):
                if (head := _head(record)) is not None:
                    fresh.setdefault(head.stack_id, SeenHeads()).take(head, live_at=None)
        # What was heard before Kafka was away stays fresh for its time; what it holds now is what counts.
        for stack_id, seen in fresh.items():
            seen.heard_at = self.of(stack_id).heard_at
        self._seen, self._consumer, self._synced, self.trouble = fresh, consumer, True, None
        while True:
            for record in (await consumer.getmany(PARTITION, timeout_ms=POLL_MS)).get(PARTITION, []):
                if (head := _head(record)) is not None:
                    self._seen.setdefault(head.stack_id, SeenHeads()).take(head, live_at=time.monotonic())


async def cluster_id(bootstrap: str) -> str | None:
    """Who this Kafka is.

    Raises:
        KafkaError, TimeoutError: it is away.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN * 2):
            await admin.start()
            named: str | None = (await admin.describe_cluster()).get("cluster_id")
            return named
    finally:
        await admin.close()


def _head(record: ConsumerRecord) -> StackHead | None:
    """The head in a record; an unreadable record is logged and ignored."""
    try:
        return StackHead.model_validate_json(record.value or b"")
    except ValidationError as error:
        log.warning("a record in the topic of heads cannot be read", offset=record.offset, error=str(error))
        return None
