"""Who did what by hand: a line in the same transaction as the deed."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def note(
    connection: Connection,
    actor: str,
    verb: str,
    what: str,
    object_id: UUID,
    *,
    workspace_id: UUID | None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Leave a line in the audit log, in the caller's transaction."""
    await queries.note(
        connection, workspace_id=workspace_id, actor=actor, verb=verb, object=what, object_id=str(object_id), details=dict(details or {})
    )
