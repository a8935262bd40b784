"""Topics are made here, from their declarations, and nowhere else (`tact migrate apply`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.topics import DEAD_LETTER_RETENTION, STACK_HEADS, TOPICS
from shared.kafka.publisher import LARGEST

TOPIC_ALREADY_EXISTS: Final = 36
DEAD_LETTER_PARTITIONS: Final = 3
LARGEST_RECORD: Final = "max.message.bytes"
SET_ON_THE_TOPIC: Final = 1  # Kafka's word for where a value comes from (config source)
REPLICATED: Final = 3
"""From this many replicas on, a write needs two of them."""
ROLLED: Final = timedelta(minutes=10)


class TopicError(Exception):
    """A topic could not be made; the message says which and why."""


@dataclass(frozen=True, slots=True)
class DeclaredTopic:
    """A topic as declared."""

    name: str
    partitions: int
    retention: timedelta
    compacted: bool = False
    for_dead_letters: bool = False
    """It holds dead letters, which may be larger than the records of their own topic: those arrived compressed."""

    def configuration(self, replication: int) -> dict[str, str]:
        """As Kafka takes it. A compacted topic is rolled and cleaned every ten minutes, so that a start reads little of it."""
        copies = {"min.insync.replicas": str(2 if replication >= REPLICATED else 1)}
        if self.compacted:
            rolled = str(int(ROLLED.total_seconds() * 1000))
            return {"cleanup.policy": "compact", "segment.ms": rolled, "max.compaction.lag.ms": rolled, **copies}
        wide = {LARGEST_RECORD: str(LARGEST)} if self.for_dead_letters else {}
        return {"retention.ms": str(int(self.retention.total_seconds() * 1000)), "cleanup.policy": "delete", **wide, **copies}


def declared_topics() -> list[DeclaredTopic]:
    """Every declared topic and its dead letters."""
    topics = [DeclaredTopic(topic.name, topic.partitions, topic.retention) for topic in TOPICS.values()]
    topics.append(DeclaredTopic(STACK_HEADS.name, STACK_HEADS.partitions, STACK_HEADS.retention, compacted=STACK_HEADS.compacted))
    return topics + [
        DeclaredTopic(topic.dead_letters, DEAD_LETTER_PARTITIONS, DEAD_LETTER_RETENTION, for_dead_letters=True) for topic in TOPICS.values()
    ]


async def missing_topics(bootstrap: str) -> list[DeclaredTopic]:
    """Those the broker does not have.

    Raises:
        KafkaError: the broker is away.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        return [topic for topic in declared_topics() if topic.name not in there]
    finally:
        await admin.close()


async def create_topics(bootstrap: str, *, replication: int = 1) -> Sequence[str]:
    """Create what is missing; returns the names made.

    Raises:
        KafkaError: the broker is away.
        TopicError: it refused one.
    """
    missing = await missing_topics(bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.configuration(replication)) for topic in missing]
        if new:
            answer = await admin.create_topics(new)
            refused = [f"{error[0]}: {error[2]}" for error in answer.topic_errors if error[1] not in {0, TOPIC_ALREADY_EXISTS}]
            if refused:
                raise TopicError(f"Kafka refused to make topics: {'; '.join(refused)}")
        made = {topic.name for topic in missing}
        await _widen(admin, [topic.name for topic in declared_topics() if topic.for_dead_letters and topic.name not in made])
        return [topic.name for topic in missing]
    finally:
        await admin.close()


async def _widen(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Let dead-letter topics of earlier versions hold records of today's size. Their other settings stay.

    Raises:
        TopicError: the broker refused.
    """
    if not names:
        return
    described = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    for answer in described:
        for _code, _why, _kind, name, entries in answer.resources:
            own = {entry[0]: entry[1] for entry in entries if entry[3] == SET_ON_THE_TOPIC}
            if int(own.get(LARGEST_RECORD, 0)) >= LARGEST:
                continue
            # Kafka's older call replaces all that is set on a topic.
            wide = ConfigResource(ConfigResourceType.TOPIC, name, own | {LARGEST_RECORD: str(LARGEST)})
            for changed in await admin.alter_configs([wide]):
                refused = [f"{resource[3]}: {resource[1]}" for resource in changed.resources if resource[0]]
                if refused:
                    raise TopicError(f"Kafka refused to let dead letters be large: {'; '.join(refused)}")
