"""A look at a range: which records are events, which of them are done already, and which would act, by name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

import asyncpg
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from operations.replay.ranges import Range
from operations.replay.where import Belongings
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
"""Events that would act which are kept to be named, and asked about again after the replay; all are counted."""


class Skip(StrEnum):
    """Why a record is not published again."""

    TOMBSTONE = "tombstones"
    UNREADABLE = "unreadable"
    COPY = "copies of an earlier replay"
    OTHERS = "of others"


class Rehearsing(Protocol):
    """A consumer that says what it would do."""

    async def rehearse(self, topic: str, events: Sequence[Any]) -> list[Would | None]: ...


@dataclass(frozen=True, slots=True)
class Acting:
    """An event that would act, by the consumer that would."""

    service: str
    event: Event
    would: Would


@dataclass(slots=True)
class Found:
    """What a look has counted so far."""

    records: int = 0
    events: int = 0
    acting: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    kept: list[Acting] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Events whose rows say that nothing is left to do."""
        return self.events - self.acting


def consumers(pool: asyncpg.Pool) -> Mapping[str, Rehearsing]:
    """Every service that reads topics; made anew for every look, because each remembers what it has answered."""
    return {
        "queuer": DryRun(queuer.SUBSCRIPTIONS, QueuerRehearsal(pool)),
        "sender": DryRun(sender.SUBSCRIPTIONS, SenderRehearsal(pool)),
        "healer": DryRun(healer.SUBSCRIPTIONS, HealerRehearsal(pool)),
    }


def sort_out(topic: Topic[Event], record: ConsumerRecord, wanted: Range, belongings: Belongings) -> Event | Skip:
    """The event in a record, or why it is left alone."""
    if record.value is None:
        return Skip.TOMBSTONE
    try:
        event = topic.message.model_validate_json(record.value)
    except ValidationError:
        return Skip.UNREADABLE
    if not belongings.hold(event):
        return Skip.OTHERS
    first = origin(record)
    return Skip.COPY if first is not None and wanted.holds(*first) else event


def origin(record: ConsumerRecord) -> tuple[str, int, int] | None:
    """Topic, partition and offset of the record that this one is a copy of; None: it is no copy."""
    for name, value in record.headers:
        if name == REPLAY_OF and value:
            topic, _, rest = bytes(value).decode(errors="replace").partition("/")
            partition, _, offset = rest.partition("/")
            if partition.isdecimal() and offset.isdecimal():
                return topic, int(partition), int(offset)
    return None


class Look:
    """Takes batches of records and asks the topic's consumers about their events."""

    def __init__(self, topic: Topic[Event], wanted: Range, belongings: Belongings, rehearsing: Mapping[str, Rehearsing]) -> None:
        self._topic = topic
        self._range = wanted
        self._belongings = belongings
        self._rehearsing = {name: rehearsing[name] for name in topic.consumers if name in rehearsing}
        self.found = Found()

    async def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Count one batch."""
        events: list[Event] = []
        for record in records:
            match sort_out(self._topic, record, self._range, self._belongings):
                case Skip() as why:
                    self.found.skipped[why] += 1
                case event:
                    events.append(event)
        self.found.records += len(records)
        self.found.events += len(events)
        acting = await acts(self._topic, events, self._rehearsing)
        self.found.acting += len({id(each.event) for each in acting})
        self.found.kept += acting[: MOST_KEPT - len(self.found.kept)]


async def acts(topic: Topic[Event], events: Sequence[Event], rehearsing: Mapping[str, Rehearsing]) -> list[Acting]:
    """Those of these events that would act, once for every consumer that would."""
    found = []
    for service, consumer in rehearsing.items():
        answers = await consumer.rehearse(topic.name, events) if events else []
        found += [Acting(service, event, would) for event, would in zip(events, answers, strict=True) if would is not None]
    return found
