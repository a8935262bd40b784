"""How a message travels: CloudEvents attributes in binary mode (Kafka protocol binding 1.0), value as plain JSON.

`ce_time` is business time: it says when the fact was so in the stack's own calendar. The record's own timestamp is
technical, because a broker refuses records from the future.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from shared.contracts.event import Event
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Envelope:
    """One record before it has a partition."""

    topic: str
    key: str
    headers: Mapping[str, str]
    payload: str


def enclose(topic: Topic[Event], event: Event, *, source: str, key: UUID | str, at: datetime, traceparent: str | None = None) -> Envelope:
    """Put `event` in an envelope of `topic`; `at` is business time, aware."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_type": topic.event_type,
        "ce_source": f"tact/{source}",
        "ce_time": at.isoformat(),
        "ce_subject": str(key),
    }
    if traceparent:
        headers["traceparent"] = traceparent
    return Envelope(topic.name, str(key), headers, event.model_dump_json())
