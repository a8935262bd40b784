"""stack.heads: how far the ledger has come, written to the database and to Kafka every second."""

from datetime import datetime
from uuid import UUID

from shared.contracts.event import Event


class StackHead(Event):
    """One head of the ledger: a database that knows an older one than Kafka has lost what lies between."""

    stack_id: UUID
    epoch: int
    seq: int
    token: UUID
    previous: UUID | None = None
    system_identifier: int | None = None
    timeline: int | None = None
    kafka_cluster: str | None = None
    attempt_id: int = 0
    """The newest attempt of the ledger."""
    beat_at: datetime
    """Technical, by the database's clock."""
    business_at: datetime
