"""What the policy is asked with about sends that are planned: the sender's own facts, for whoever only wants to know its answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)

Row = Mapping[str, Any]


async def facts(connection: Connection, send_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Row]:
    """Rows for `shared.policy.rows.case_of`, by send; one that is gone has none."""
    return {row["send_id"]: row async for row in queries.facts(connection, send_ids=send_ids, now=now)}
