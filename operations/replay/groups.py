"""Consumer groups: live members, committed offsets, and moving a group back."""

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
class GroupState:
    """A consumer group on one topic; `committed` lacks the partitions for which the group has committed no offset."""

    name: str
    members: int
    committed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class OffsetMove:
    """One partition of a rewind; `before` is None where the group has no committed offset and would read from the first record.

    `after` is never later than the committed offset: a rewind skips no record that the group has not read.
    """

    partition: int
    before: int | None
    after: int


async def load_group(bootstrap: str, topic: str, name: str) -> GroupState | None:
    """The group as the broker describes it; None when the broker has no such group."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if name not in {each[0] for each in await admin.list_consumer_groups()}:
            return None
        [answer] = await admin.describe_consumer_groups([name])
        offsets = await admin.list_consumer_group_offsets(name)
        committed = {place.partition: each.offset for place, each in offsets.items() if place.topic == topic and each.offset >= 0}
        return GroupState(name, len(answer.groups[0][MEMBERS]), committed)
    finally:
        await admin.close()


async def plan_rewind(bootstrap: str, topic: Topic[Event], name: str, since: datetime | None) -> tuple[list[OffsetMove], ranges.Range]:
    """The new offset of each partition, and the records that the group would read again.

    Raises:
        Refused: there is no such group on the topic, or it has live members.
    """
    found = await load_group(bootstrap, topic.name, name)
    declared = [topic.group(service) for service in topic.consumers]
    if found is None or (not found.committed and name not in declared):
        raise Refused(f"No group {name} has ever read {topic.name}. Its groups are: {', '.join(declared)}.")
    if found.members:
        service, members = name.partition(".")[0], "1 member" if found.members == 1 else f"{found.members} members"
        raise Refused(
            f"{name} has live members ({members}), and Kafka refuses to move such a group. Stop every {service} "
            f"first (a killed one remains a member for 20 s), or replay without --rewind, which works while they run."
        )
    whole = await ranges.find_range(bootstrap, topic.name, since, None)
    first = (await ranges.find_range(bootstrap, topic.name, None, None)).starts
    return plan_offsets(whole, first, found.committed)


def plan_offsets(whole: ranges.Range, first: ranges.Offsets, committed: Mapping[int, int]) -> tuple[list[OffsetMove], ranges.Range]:
    """New offsets and the range that is read again: `whole` starts at the requested time, `first` holds the oldest offsets of the topic."""
    current = {p: committed.get(p, first[p]) for p in whole.starts}
    moves = [OffsetMove(p, committed.get(p), min(start, current[p])) for p, start in sorted(whole.starts.items())]
    starts = {move.partition: max(move.after, first[move.partition]) for move in moves}
    # a committed offset may be past the end of a topic that was deleted and created again
    ends = {p: max(min(current[p], whole.ends[p]), starts[p]) for p in starts}
    return moves, ranges.Range(whole.topic, starts, ends)


async def rewind(bootstrap: str, topic: str, name: str, moves: list[OffsetMove]) -> dict[int, int]:
    """Move the group and read its committed offsets back.

    Raises:
        Refused: a member started meanwhile.
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
    moved = await load_group(bootstrap, topic, name)
    return dict(moved.committed) if moved else {}


async def wait_until_consumed(bootstrap: str, topic: Topic[Event], *, within: float) -> dict[str, int | None]:
    """Records that each group of the topic has not consumed after at most `within` seconds; None for a group without live members."""
    ends = (await ranges.find_range(bootstrap, topic.name, None, None)).ends
    left: dict[str, int | None] = {}
    deadline = time.monotonic() + within
    while True:
        for name in (topic.group(service) for service in topic.consumers):
            found = await load_group(bootstrap, topic.name, name)
            if found is None or not found.members:
                left[name] = None
            else:
                # without a commit the group has received nothing from this partition: it is empty, or every record in it is unread
                left[name] = sum(max(end - found.committed.get(p, end if end == 0 else 0), 0) for p, end in ends.items())
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.5)
