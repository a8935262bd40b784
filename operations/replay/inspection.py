"""Inspection of a range: which records are events, which events are done already, and which would still have an effect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

import asyncpg
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from operations.replay.ranges import Range
from operations.replay.selection import EventSelection
from services.healer import handlers as healer
from services.healer.workflows.rehearse import HealerRehearsal
from services.queuer import handlers as queuer
from services.queuer.workflows.rehearse import QueuerRehearsal
from services.sender import handlers as sender
from services.sender.workflows.rehearse import SenderRehearsal
from shared.contracts.event import Event
from shared.contracts.rehearsals import Would
from shared.contracts.topics import Topic
from shared.kafka.subscriptions import DryRun

REPLAY_OF: Final = "replay-of"
REPLAY_REASON: Final = "replay-reason"
MOST_KEPT: Final = 10_000
"""Pending effects that are kept to be named and to be asked about again after the replay; all of them are counted."""


class Skip(StrEnum):
    """Why a record is not published again."""

    TOMBSTONE = "tombstones"
    UNREADABLE = "unreadable"
    COPY = "copies of an earlier replay"
    OTHERS = "of others"


class RehearsingConsumer(Protocol):
    """A consumer that answers what it would do with events, without doing it."""

    async def rehearse(self, topic: str, events: Sequence[Any]) -> list[Would | None]: ...


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """An event that would still change something, and the consumer that would change it."""

    service: str
    event: Event
    would: Would


@dataclass(slots=True)
class RangeContents:
    """What an inspection has counted so far."""

    records: int = 0
    events: int = 0
    acting: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    kept: list[PendingEffect] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Events whose rows show that nothing is left to do."""
        return self.events - self.acting


def rehearsing_consumers(pool: asyncpg.Pool) -> Mapping[str, RehearsingConsumer]:
    """Every service that reads topics; made anew for each inspection, because each of them remembers its answers."""
    return {
        "queuer": DryRun(queuer.SUBSCRIPTIONS, QueuerRehearsal(pool)),
        "sender": DryRun(sender.SUBSCRIPTIONS, SenderRehearsal(pool)),
        "healer": DryRun(healer.SUBSCRIPTIONS, HealerRehearsal(pool)),
    }


def classify_record(topic: Topic[Event], record: ConsumerRecord, wanted: Range, selection: EventSelection) -> Event | Skip:
    """The event of a record, or why the record is skipped."""
    if record.value is None:
        return Skip.TOMBSTONE
    try:
        event = topic.message.model_validate_json(record.value)
    except ValidationError:
        return Skip.UNREADABLE
    if not selection.includes(event):
        return Skip.OTHERS
    first = original_record(record)
    return Skip.COPY if first is not None and wanted.holds(*first) else event


def original_record(record: ConsumerRecord) -> tuple[str, int, int] | None:
    """Topic, partition and offset of the record that this one is a copy of; None when it is no copy."""
    for name, value in record.headers:
        if name == REPLAY_OF and value:
            topic, _, rest = bytes(value).decode(errors="replace").partition("/")
            partition, _, offset = rest.partition("/")
            if partition.isdecimal() and offset.isdecimal():
                return topic, int(partition), int(offset)
    return None


class RangeInspection:
    """Takes batches of records and asks the topic's consumers about their events."""

    def __init__(self, topic: Topic[Event], wanted: Range, selection: EventSelection, consumers: Mapping[str, RehearsingConsumer]) -> None:
        self._topic = topic
        self._range = wanted
        self._selection = selection
        self._consumers = consumers
        self.contents = RangeContents()

    async def add_batch(self, records: Sequence[ConsumerRecord]) -> None:
        """Count one batch."""
        events: list[Event] = []
        for record in records:
            match classify_record(self._topic, record, self._range, self._selection):
                case Skip() as why:
                    self.contents.skipped[why] += 1
                case event:
                    events.append(event)
        self.contents.records += len(records)
        self.contents.events += len(events)
        effects = await pending_effects(self._topic, events, self._consumers)
        self.contents.acting += len({id(each.event) for each in effects})
        self.contents.kept += effects[: MOST_KEPT - len(self.contents.kept)]


async def pending_effects(topic: Topic[Event], events: Sequence[Event], consumers: Mapping[str, RehearsingConsumer]) -> list[PendingEffect]:
    """The effects that these events would still have, one for each consumer that would act."""
    found = []
    for service, consumer in ((name, consumers[name]) for name in topic.consumers if name in consumers):
        answers = await consumer.rehearse(topic.name, events) if events else []
        found += [PendingEffect(service, event, would) for event, would in zip(events, answers, strict=True) if would is not None]
    return found
