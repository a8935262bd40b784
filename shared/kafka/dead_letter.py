"""A dead letter: a record that could not be read or handled, with its origin and the reason in text headers.

Key, value and headers stay as they were. The added headers follow them and begin with `dlq-`, so that removing those gives the
original record back, byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import asyncpg
from aiokafka import ConsumerRecord

from shared.calendar.settings import ScheduleError
from shared.kafka.publisher import Raw
from shared.people.templates import TemplateError
from shared.unipile.errors import ProviderError

PREFIX: Final = "dlq-"
LONGEST_ERROR: Final = 1_000  # characters
LARGEST_LETTER: Final = 16 * 1024 * 1024
"""Bytes a dead-letter topic takes (shared/kafka/admin.py). The value of a larger record is left in its own topic."""
LARGEST_HEAD: Final = 1024 * 1024
"""Bytes for key and headers, ours included."""

Headers = Sequence[tuple[str, bytes | None]]


class DeadLetterReason(StrEnum):
    """Why a record was set aside."""

    NO_BODY = "no_body"
    TOO_LARGE = "too_large"
    BAD_HEADER = "bad_header"
    UNKNOWN_VERSION = "unknown_version"
    BAD_JSON = "bad_json"
    WRONG_SCHEMA = "wrong_schema"
    HANDLER_FAILED = "handler_failed"


class DeadLetterFault(StrEnum):
    """Where the cause lies: in our code, at the provider, or in what a tenant entered."""

    OURS = "ours"
    PROVIDER = "provider"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, order=True)
class RecordPosition:
    """Topic, partition and offset of a record, written as `sends.due:3:1042`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "RecordPosition":
        """Read the text that `str` gives.

        Raises:
            ValueError: it is not topic:partition:offset.
        """
        topic, partition, offset = text.rsplit(":", 2)
        if not topic:
            raise ValueError("no topic")
        return cls(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One record of a dead-letter topic, parsed."""

    place: RecordPosition
    """In the dead-letter topic."""
    origin: RecordPosition
    """The place of the original record; a letter without these headers is its own origin."""
    topic: str
    """The topic that the original belongs to."""
    record_ms: int
    """Kafka's timestamp of the original, in milliseconds."""
    group: str
    reason: str
    fault: str
    error: str
    at: datetime
    """When it was set aside (technical)."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    """The original's."""
    size: int
    """Bytes of the value, known also where the value itself was not loaded."""
    whole: bool
    """False when the value was larger than a dead-letter topic accepts and was left in its original topic."""


def find_fault(error: BaseException) -> DeadLetterFault:
    """The fault, from the error and its causes: an answer of the provider, an entry of a tenant, else our code."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ProviderError):
            return DeadLetterFault.PROVIDER
        if isinstance(seen, ScheduleError | TemplateError | asyncpg.DataError):
            return DeadLetterFault.TENANT
        seen = seen.__cause__
    return DeadLetterFault.OURS


def enclose_dead_letter(record: ConsumerRecord, *, group: str, reason: DeadLetterReason, fault: DeadLetterFault, error: str) -> Raw:
    """The record as a dead letter."""
    ours = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
        "group": group,
        "reason": reason.value,
        "fault": fault.value,
        "error": error[:LONGEST_ERROR],
        "at": datetime.now(UTC).isoformat(),
    }
    head = [(str(name), value) for name, value in record.headers]
    kept_head = sum(len(name) + len(value or b"") for name, value in head) + len(record.key or b"") <= LARGEST_HEAD
    kept_value = kept_head and len(record.value or b"") <= LARGEST_LETTER - LARGEST_HEAD
    if not kept_value:
        ours["left-at-origin"] = str(len(record.value or b""))
    return Raw(
        f"{record.topic}.dlq",
        record.key if kept_head else None,
        record.value if kept_value else None,
        [*(head if kept_head else []), *((f"{PREFIX}{name}", text.encode(errors="replace")) for name, text in ours.items())],
    )


def parse_dead_letter(record: ConsumerRecord) -> DeadLetter:
    """Parse a record of a dead-letter topic, also one that an older version or an operator wrote there."""
    said = {name.removeprefix(PREFIX): (value or b"").decode(errors="replace") for name, value in record.headers if name.startswith(PREFIX)}
    place = RecordPosition(record.topic, record.partition, record.offset)
    origin = _origin(said) or place
    reason, fault = said.get("reason", "unknown"), said.get("fault")
    if fault is None:  # before there were two words: whose fault, or that it could not be read
        fault = reason if reason in set(DeadLetterFault) else DeadLetterFault.OURS.value
        reason = DeadLetterReason.HANDLER_FAILED.value if reason in set(DeadLetterFault) else reason
    return DeadLetter(
        place=place,
        origin=origin,
        topic=origin.topic.removesuffix(".dlq"),
        record_ms=_parse_number(said.get("timestamp"), record.timestamp),
        group=said.get("group", ""),
        reason=reason,
        fault=fault,
        error=said.get("error", "it does not say why"),
        at=_parse_moment(said.get("at"), record.timestamp),
        key=record.key,
        value=record.value,
        headers=[(str(name), value) for name, value in record.headers if not name.startswith(PREFIX)],
        size=_parse_number(said.get("left-at-origin"), len(record.value or b"")),
        whole="left-at-origin" not in said,
    )


def _origin(said: dict[str, str]) -> RecordPosition | None:
    try:
        return RecordPosition(said["topic"], int(said["partition"]), int(said["offset"]))
    except (KeyError, ValueError):
        return None


def _parse_number(text: str | None, otherwise: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return otherwise


def _parse_moment(text: str | None, otherwise_ms: int) -> datetime:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        at = datetime.fromtimestamp(otherwise_ms / 1000, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
