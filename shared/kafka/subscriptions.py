"""What one service does with one topic, declared once: the handler of its events, and the dry run that says what they would do.

A service lists a `Subscription` for each topic it consumes, in its handlers.py. The inbox subscribes from that list, and
`tact replay` asks the dry runs from the same list, so a topic cannot have one without the other.
tests/architecture/test_topic_declarations.py compares the lists with the consumers that shared/contracts/topics.py declares.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from shared.contracts.rehearsals import Would
from shared.contracts.topics import Topic
from shared.kafka.inbox import Inbox

W = TypeVar("W")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Subscription(Generic[W, R]):
    """`W` holds the workflows that handle events, `R` answers what they would do."""

    topic: Topic[Any]
    handle: Callable[[W, Sequence[Any]], Awaitable[None]]
    rehearse: Callable[[R, Sequence[Any]], Awaitable[list[Would | None]]]
    """For each event what it would do now, None where that is done already; changes nothing."""
    max_records: int = 1_000
    urgent: bool = False
    """See `Inbox.subscribe`."""


def subscribe_all(inbox: Inbox, subscriptions: Sequence[Subscription[W, Any]], workflows: W) -> None:
    """Subscribe to every topic of the list."""
    for each in subscriptions:
        inbox.subscribe(each.topic, partial(each.handle, workflows), max_records=each.max_records, urgent=each.urgent)


class DryRun(Generic[R]):
    """What one service would do with events of its topics, asked by the name of the topic."""

    def __init__(self, subscriptions: Sequence[Subscription[Any, R]], rehearsal: R) -> None:
        self._rehearsal = rehearsal
        self._by_topic: Mapping[str, Subscription[Any, R]] = {each.topic.name: each for each in subscriptions}

    async def rehearse(self, topic: str, events: Sequence[Any]) -> list[Would | None]:
        """For each event what it would do now, None where that is done already.

        Raises:
            KeyError: the service does not consume the topic.
        """
        return await self._by_topic[topic].rehearse(self._rehearsal, events)
