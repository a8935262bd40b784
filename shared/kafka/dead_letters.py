"""What could not be read or handled goes to `<topic>.dlq` with its bytes untouched and its origin in text headers.

A dead-letter topic is for exceptions. When more than 1 % of a topic (above a minimum volume) or a thousand in a row
end there, something else is wrong, and the consumer stops instead of emptying its topic.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import structlog
from aiokafka import ConsumerRecord

from shared.kafka.publisher import Publisher, Raw
from shared.runtime.metrics import DEAD_LETTERS

log = structlog.get_logger()

MOST_IN_A_ROW: Final = 1_000
LARGEST_SHARE: Final = 0.01
SMALLEST_VOLUME: Final = 10_000
"""Records seen before the share counts: one bad event among the first ten is no 10 % outage."""


class Fault(StrEnum):
    """Whose fault a dead letter is."""

    UNREADABLE = "unreadable"
    OURS = "ours"
    PROVIDER = "provider"
    TENANT = "tenant"


class TooManyDeadLetters(Exception):  # noqa: N818 - reads as the sentence it is
    """The consumer must stop; a person looks."""


@dataclass(slots=True)
class _Tally:
    handled: int = 0
    dead: int = 0
    in_a_row: int = 0


class DeadLetters:
    """Writes dead letters for one process and counts them per topic."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._tallies: dict[str, _Tally] = defaultdict(_Tally)

    def handled(self, topic: str, count: int) -> None:
        """So many events of `topic` went well."""
        tally = self._tallies[topic]
        tally.handled += count
        tally.in_a_row = 0

    async def set_aside(self, record: ConsumerRecord, *, group: str, fault: Fault, why: str) -> None:
        """Publish the record to its dead-letter topic and wait for the broker's word.

        Raises:
            PublishError: it could not be written; the batch must not be acknowledged.
            TooManyDeadLetters: a limit is passed.
        """
        tally = self._tallies[record.topic]
        total = tally.handled + tally.dead
        if tally.in_a_row >= MOST_IN_A_ROW or (total >= SMALLEST_VOLUME and tally.dead > total * LARGEST_SHARE):
            raise TooManyDeadLetters(
                f"{tally.dead} of {total} records of {record.topic} could not be handled ({tally.in_a_row} in a row), the last one because "
                f"{why}. The consumer stops so that the topic is not emptied into {record.topic}.dlq; look there, mend the cause, restart."
            )
        origin = {
            "dlq-topic": record.topic,
            "dlq-partition": str(record.partition),
            "dlq-offset": str(record.offset),
            "dlq-timestamp": str(record.timestamp),
            "dlq-group": group,
            "dlq-reason": fault.value,
            "dlq-error": why[:1000],
            "dlq-at": datetime.now(UTC).isoformat(),
        }
        kept = [(str(name), value if isinstance(value, bytes) else b"") for name, value in record.headers]
        headers = [*kept, *((name, value.encode()) for name, value in origin.items())]
        await self._publisher.publish_raw([Raw(f"{record.topic}.dlq", record.key, record.value, headers)])
        tally.dead += 1
        tally.in_a_row += 1
        DEAD_LETTERS.labels(topic=record.topic, reason=fault.value).inc()
        log.error(
            "record set aside as a dead letter",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=fault.value,
            error=why,
        )
