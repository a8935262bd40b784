"""What could not be read or handled goes to `<topic>.dlq` with its bytes untouched and its origin in text headers.

A dead-letter topic is for exceptions. When more than 1 % of a topic (above a minimum volume) or a thousand in a row
end there, something else is wrong, and the consumer stops instead of emptying its topic.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka import ConsumerRecord

from shared.kafka.dead_letter import DeadLetterFault, DeadLetterReason, enclose_dead_letter
from shared.kafka.publisher import Publisher
from shared.metrics import DEAD_LETTERS

log = structlog.get_logger()

MOST_IN_A_ROW: Final = 1_000
LARGEST_SHARE: Final = 0.01
SMALLEST_VOLUME: Final = 10_000
"""Records seen before the share counts: one bad event among the first ten is no 10 % outage."""


class TooManyDeadLetters(Exception):  # noqa: N818 - reads as the sentence it is
    """The consumer must stop; a person looks."""


@dataclass(slots=True)
class DeadLetterTally:
    """What became of a topic's records lately. Halved again and again, or a good week would excuse a bad hour."""

    handled: int = 0
    dead: int = 0
    in_a_row: int = 0

    @property
    def total(self) -> int:
        """All that were seen."""
        return self.handled + self.dead

    @property
    def too_many(self) -> bool:
        """Whether the next one is one too many."""
        return self.in_a_row >= MOST_IN_A_ROW or (self.total >= SMALLEST_VOLUME and self.dead > self.total * LARGEST_SHARE)

    def count_handled(self, many: int = 1) -> None:
        """So many went well."""
        self.handled += many
        self.in_a_row = 0
        self._age()

    def count_dead(self) -> None:
        """One was set aside."""
        self.dead += 1
        self.in_a_row += 1
        self._age()

    def _age(self) -> None:
        if self.total >= 2 * SMALLEST_VOLUME:
            self.handled, self.dead = self.handled // 2, (self.dead + 1) // 2


@dataclass(slots=True)
class _Topic:
    tally: DeadLetterTally = field(default_factory=DeadLetterTally)
    written: set[tuple[int, int]] = field(default_factory=set)
    """Partition and offset of letters whose batch is not acknowledged yet: when it is delivered again, those are not written twice."""


class DeadLetters:
    """Writes dead letters for one process and counts them per topic."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._topics: dict[str, _Topic] = defaultdict(_Topic)

    def handled(self, topic: str, count: int = 1) -> None:
        """So many events of `topic` went well."""
        self._topics[topic].tally.count_handled(count)

    def acknowledged(self, topic: str) -> None:
        """The batch does not come again."""
        self._topics[topic].written.clear()

    def forgive(self, topic: str) -> None:
        """Count from zero again, because a person resumed the consumer."""
        self._topics[topic].tally = DeadLetterTally()

    async def set_aside(self, record: ConsumerRecord, *, group: str, reason: DeadLetterReason, fault: DeadLetterFault, error: str) -> None:
        """Publish the record to its dead-letter topic and wait for the broker's word.

        Raises:
            PublishError: it could not be written; the batch must not be acknowledged.
            TooManyDeadLetters: a limit is passed.
        """
        topic = self._topics[record.topic]
        if (record.partition, record.offset) in topic.written:
            return
        tally = topic.tally
        if tally.too_many:
            raise TooManyDeadLetters(
                f"{tally.dead} of the last {tally.total} records of {record.topic} could not be handled ({tally.in_a_row} in a row). The "
                f"next one: {error[:300]}. The consumer stops so that the topic is not emptied into {record.topic}.dlq. "
                f"Look with `tact dead-letters list --topic {record.topic}`, correct the cause, then restart or `tact dead-letters resume`."
            )
        await self._publisher.publish_raw([enclose_dead_letter(record, group=group, reason=reason, fault=fault, error=error)])
        topic.written.add((record.partition, record.offset))
        tally.count_dead()
        DEAD_LETTERS.labels(topic=record.topic, reason=reason.value, fault=fault.value).inc()
        log.error(
            "record set aside as a dead letter",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=reason.value,
            fault=fault.value,
            error=error[:300],
        )
