"""The topic sends.completed against the rows: nothing announced that did not happen, nothing that happened unannounced."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import DefaultPartitioner
from pydantic import ValidationError

from operations.proof.ledger_reader import AnsweredRow, ProvenAttempt, queries
from operations.proof.violations import Found
from shared.contracts.sends_completed import SendCompleted, SendOutcome
from shared.contracts.topics import SENDS_COMPLETED
from shared.db.queries import fetch_all

AT_ONCE: Final = 2_000
BEFORE: Final = timedelta(minutes=5)
SILENCE: Final = 30.0
"""Seconds without a record that must be there."""


@dataclass(slots=True)
class Announced:
    """Which attempts the topic speaks of: one bit each, so that a million of them is a hundred kilobytes."""

    bits: bytearray = field(default_factory=bytearray)
    partitions: Sequence[int] = ()
    begins: dict[int, datetime] = field(default_factory=dict)
    """Where a partition's older records are gone already: the moment of its first (technical)."""
    on_their_way: frozenset[UUID] = frozenset()
    available: bool = True

    def mark(self, attempt: int) -> None:
        """There is an event of this attempt."""
        byte = attempt >> 3
        if byte >= len(self.bits):
            self.bits.extend(bytes(byte - len(self.bits) + 4096))
        self.bits[byte] |= 1 << (attempt & 7)

    def misses(self, row: ProvenAttempt) -> bool:
        """Whether an accepted attempt's event must be in the topic and is not. What an acceptance proved later has none of its own."""
        if not self.available or row.state != "accepted" or row.action == "profile_lookup" or row.evidence is not None:
            return False
        attempt = row.id
        if attempt >> 3 < len(self.bits) and self.bits[attempt >> 3] & (1 << (attempt & 7)):
            return False
        begins = self.begins.get(partition_of(row.account_id, self.partitions))
        return (begins is None or row.created_at >= begins) and row.send_id not in self.on_their_way


def partition_of(account_id: UUID, partitions: Sequence[int]) -> int:
    """Where an account's events are."""
    return int(DefaultPartitioner()(str(account_id).encode(), list(partitions), list(partitions)))


async def read_topic(
    found: Found, pool: asyncpg.Pool, kafka: str, *, accounts: Sequence[UUID] | None, since: datetime | None, way: frozenset[UUID]
) -> Announced:
    """Read the topic up to its present end, and compare what it says with the ledger. `accounts`: theirs alone; None: all.

    Raises:
        KafkaError: the broker is away.
    """
    announced = Announced(on_their_way=way)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest", check_crcs=False, max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        numbers = await _partitions(kafka)
        if not numbers:
            announced.available = False
            found.notes.append("The topic sends.completed is not there: no event was compared. `tact migrate apply` makes it.")
            return announced
        announced.partitions = numbers
        wanted = sorted({partition_of(each, numbers) for each in accounts}) if accounts is not None else numbers
        await _read(
            found,
            pool,
            consumer,
            announced,
            partitions=[TopicPartition(SENDS_COMPLETED.name, n) for n in wanted],
            accounts=accounts,
            since=since,
        )
    finally:
        await consumer.stop()
    return announced


async def _partitions(kafka: str) -> list[int]:
    """The topic's, in order. A consumer that subscribes to nothing knows of none, whatever `topics()` says."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        described = await admin.describe_topics([SENDS_COMPLETED.name])
    finally:
        await admin.close()
    return sorted(each["partition"] for topic in described if not topic["error_code"] for each in topic["partitions"])


async def _read(
    found: Found,
    pool: asyncpg.Pool,
    consumer: AIOKafkaConsumer,
    announced: Announced,
    *,
    partitions: list[TopicPartition],
    accounts: Sequence[UUID] | None,
    since: datetime | None,
) -> None:
    consumer.assign(partitions)
    first, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    start = dict(first)
    if since is not None:
        at = int((since - BEFORE).timestamp() * 1000)
        for partition, offset in (await consumer.offsets_for_times(dict.fromkeys(partitions, at))).items():
            start[partition] = offset.offset if offset is not None else ends[partition]
    for partition in partitions:
        consumer.seek(partition, start[partition])
        if first[partition] > 0 and first[partition] == ends[partition]:
            announced.begins[partition.partition] = datetime.max.replace(tzinfo=UTC)
    left = {each for each in partitions if start[each] < ends[each]}
    only = frozenset(accounts) if accounts is not None else None
    while left:
        async with asyncio.timeout(SILENCE):
            batch = await consumer.getmany(*left, timeout_ms=1_000, max_records=AT_ONCE)
        records = [record for each in batch.values() for record in each]
        for record in records:
            if record.offset == first[TopicPartition(record.topic, record.partition)] and record.offset > 0:
                announced.begins[record.partition] = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        await _compare(found, pool, announced, records, only)
        for partition in list(left):
            if await consumer.position(partition) >= ends[partition]:
                left.discard(partition)
                consumer.pause(partition)


async def _compare(found: Found, pool: asyncpg.Pool, announced: Announced, records: Sequence[Any], only: frozenset[UUID] | None) -> None:
    events: list[tuple[Any, SendCompleted]] = []
    for record in records:
        try:
            event = SendCompleted.model_validate_json(record.value or b"")
        except ValidationError:
            found.add("events", _position(record), says="no event of its topic", should="one that can be read")
            continue
        if only is None or event.account_id in only:
            events.append((record, event))
    if not events:
        return
    found.looked_at["events"] += len(events)
    rows = await fetch_all(pool, queries.answered, AnsweredRow, send_ids=sorted({event.send_id for _, event in events}))
    attempts = {row.send_id: row for row in rows}
    for record, event in events:
        _judge(found, announced, record, event, attempts.get(event.send_id))


def _judge(found: Found, announced: Announced, record: Any, event: SendCompleted, row: AnsweredRow | None) -> None:
    if event.outcome is not SendOutcome.SENT:
        if row is not None and row.answered_at == event.at and event.provider_ref is not None:
            found.add(
                "events", _position(record), says=f"{event.outcome} at {event.at}", should=f"sent: attempt {row.id} was accepted then"
            )
        return
    if row is None:
        found.add("events", _position(record), says=f"send {event.send_id} was sent", should="no event: the ledger has no accepted attempt")
        return
    announced.mark(row.id)
    if row.account_id != event.account_id:
        found.add("events", _position(record), says=f"account {event.account_id}", should=f"{row.account_id}, as attempt {row.id}")
    # A reference that the list gave later, and the moment of evidence, are not the event's.
    if row.looked_up:
        return
    if row.answered_at != event.at:
        found.add("events", _position(record), says=f"answered {event.at}", should=f"{row.answered_at}, as attempt {row.id}")
    if event.message_type != "connection_request" and row.provider_ref != event.provider_ref:
        found.add("events", _position(record), says=f"reference {event.provider_ref}", should=f"{row.provider_ref}, as attempt {row.id}")


def _position(record: Any) -> str:
    return f"{record.topic} partition {record.partition} offset {record.offset}"
