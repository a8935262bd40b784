"""Consumer groups: who is alive in them, where they stand, and moving one back."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from operations.replay import ranges
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.refusals import Refused

MEMBERS: Final = 5
"""Where DescribeGroups keeps a group's members: error, group, state, protocol type, protocol, members."""


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group on one topic; `committed` lacks partitions that it has never committed."""

    name: str
    members: int
    committed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Move:
    """One partition of a rewind; `before` None: never committed, so the group would read from the first record there is.

    `after` is never later than where the group stands: what it has not read yet is not skipped by a rewind.
    """

    partition: int
    before: int | None
    after: int


async def group(bootstrap: str, topic: str, name: str) -> Group | None:
    """The group as the broker knows it; None: it does not."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if name not in {each[0] for each in await admin.list_consumer_groups()}:
            return None
        [answer] = await admin.describe_consumer_groups([name])
        offsets = await admin.list_consumer_group_offsets(name)
        committed = {place.partition: each.offset for place, each in offsets.items() if place.topic == topic and each.offset >= 0}
        return Group(name, len(answer.groups[0][MEMBERS]), committed)
    finally:
        await admin.close()


async def plan_rewind(bootstrap: str, topic: Topic[Event], name: str, since: datetime | None) -> tuple[list[Move], ranges.Range]:
    """Where each partition would go, and the records that the group would read again.

    Raises:
        Refused: there is no such group on the topic, or it has live members.
    """
    found = await group(bootstrap, topic.name, name)
    declared = [topic.group(service) for service in topic.consumers]
    if found is None or (not found.committed and name not in declared):
        raise Refused(f"No group {name} has ever read {topic.name}. Its groups are: {', '.join(declared)}.")
    if found.members:
        service, members = name.partition(".")[0], "1 member" if found.members == 1 else f"{found.members} members"
        raise Refused(
            f"{name} is alive ({members}), and a group that reads cannot be moved under its feet. Stop every {service} "
            f"first (one that was killed counts for 20 s more), or replay without --rewind: that works beside them."
        )
    whole = await ranges.find(bootstrap, topic.name, since, None)
    first = (await ranges.find(bootstrap, topic.name, None, None)).starts
    return planned(whole, first, found.committed)


def planned(whole: ranges.Range, first: ranges.Offsets, committed: Mapping[int, int]) -> tuple[list[Move], ranges.Range]:
    """Where each partition goes and what is read again: `whole` from the moment on, `first` the oldest offsets there are."""
    stands = {p: committed.get(p, first[p]) for p in whole.starts}
    moves = [Move(p, committed.get(p), min(start, stands[p])) for p, start in sorted(whole.starts.items())]
    starts = {move.partition: max(move.after, first[move.partition]) for move in moves}
    # a group may stand behind the end of a topic that was deleted and made again
    ends = {p: max(min(stands[p], whole.ends[p]), starts[p]) for p in starts}
    return moves, ranges.Range(whole.topic, starts, ends)


async def rewind(bootstrap: str, topic: str, name: str, moves: list[Move]) -> dict[int, int]:
    """Move the group and read back where it stands.

    Raises:
        Refused: it came alive meanwhile.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=name, enable_auto_commit=False)
    places = {TopicPartition(topic, move.partition): OffsetAndMetadata(move.after, "tact replay --rewind") for move in moves}
    try:
        await consumer.start()
        consumer.assign(list(places))
        await consumer.commit(places)
    except KafkaError as error:
        raise Refused(f"{name} was not moved: {error!r}. Did one of its members start meanwhile? Stop them and try again.") from error
    finally:
        await consumer.stop()
    moved = await group(bootstrap, topic, name)
    return dict(moved.committed) if moved else {}


async def worked_off(bootstrap: str, topic: Topic[Event], *, within: float) -> dict[str, int | None]:
    """How far each group of the topic is behind its end once they had `within` seconds; None: it has no live member."""
    ends = (await ranges.find(bootstrap, topic.name, None, None)).ends
    left: dict[str, int | None] = {}
    deadline = time.monotonic() + within
    while True:
        for name in (topic.group(service) for service in topic.consumers):
            found = await group(bootstrap, topic.name, name)
            if found is None or not found.members:
                left[name] = None
            else:
                # a partition without a commit has brought the group nothing: what is in it was read, or there is nothing
                left[name] = sum(max(end - found.committed.get(p, end if end == 0 else 0), 0) for p, end in ends.items())
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.5)
