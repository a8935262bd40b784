"""Topics are made here, from their declarations, and nowhere else (`tact migrate apply`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.contracts.topics import DEAD_LETTER_RETENTION, STACK_HEADS, TOPICS

TOPIC_ALREADY_EXISTS: Final = 36
DEAD_LETTER_PARTITIONS: Final = 3
REPLICATED: Final = 3
"""From this many replicas on, a write needs two of them."""
ROLLED: Final = timedelta(minutes=10)


class TopicError(Exception):
    """A topic could not be made; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as declared."""

    name: str
    partitions: int
    retention: timedelta
    compacted: bool = False

    def configuration(self, replication: int) -> dict[str, str]:
        """As Kafka takes it. A compacted topic is rolled and cleaned every ten minutes, so that a start reads little of it."""
        copies = {"min.insync.replicas": str(2 if replication >= REPLICATED else 1)}
        if self.compacted:
            rolled = str(int(ROLLED.total_seconds() * 1000))
            return {"cleanup.policy": "compact", "segment.ms": rolled, "max.compaction.lag.ms": rolled, **copies}
        return {"retention.ms": str(int(self.retention.total_seconds() * 1000)), "cleanup.policy": "delete", **copies}


def wanted() -> list[Wanted]:
    """Every declared topic and its dead letters."""
    topics = [Wanted(topic.name, topic.partitions, topic.retention) for topic in TOPICS.values()]
    topics.append(Wanted(STACK_HEADS.name, STACK_HEADS.partitions, STACK_HEADS.retention, compacted=STACK_HEADS.compacted))
    return topics + [Wanted(topic.dead_letters, DEAD_LETTER_PARTITIONS, DEAD_LETTER_RETENTION) for topic in TOPICS.values()]


async def missing_topics(bootstrap: str) -> list[Wanted]:
    """Those the broker does not have.

    Raises:
        KafkaError: the broker is away.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        return [topic for topic in wanted() if topic.name not in there]
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
        return [topic.name for topic in missing]
    finally:
        await admin.close()
