"""What the ambiguity desk shows, and the line a person's decision leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load
from shared.db.statements import write_audit_line

queries = load(__file__)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Which unknown attempts; None leaves a side open."""

    workspace_id: UUID | None = None
    campaign_id: UUID | None = None
    account_id: UUID | None = None
    needs_person: bool | None = None


async def fetch_page(connection: Connection, wanted: AttemptFilter, *, after: int | None, most: int) -> list[Row]:
    """Unknown attempts behind `after`, those that waited longest first."""
    rows = queries.page(
        connection,
        workspace_id=wanted.workspace_id,
        campaign_id=wanted.campaign_id,
        account_id=wanted.account_id,
        needs_person=wanted.needs_person,
        after=after,
        most=most,
    )
    return [row async for row in rows]


async def fetch_one_attempt(connection: Connection, attempt_id: int, *, workspace_id: UUID | None, call_time: timedelta) -> Row | None:
    """One attempt whatever its state; None when there is none, or it is another workspace's."""
    found: Row | None = await queries.one(connection, attempt_id=attempt_id, workspace_id=workspace_id, call_time=call_time)
    return found


async def fetch_decider(connection: Connection, attempt_id: int) -> Row | None:
    """Who settled it by hand: actor, at, details."""
    found: Row | None = await queries.decided_by(connection, attempt_id=attempt_id)
    return found


async def record_audit(connection: Connection, attempt_id: int, *, workspace_id: UUID, actor: str, details: Mapping[str, Any]) -> None:
    """Leave a line in the audit log, in the caller's transaction."""
    await write_audit_line(connection, actor, "resolve", "send_attempt", attempt_id, workspace_id=workspace_id, details=details)
