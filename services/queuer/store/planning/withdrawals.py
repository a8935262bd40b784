"""Invitations that have waited long enough to be taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def due(connection: Connection, *, most: int) -> list[UUID]:
    """Prospects whose invitation has waited as long as their running campaign says, and whose withdrawal nobody planned."""
    return [row["id"] async for row in queries.to_withdraw(connection, most=most)]


async def waiting(connection: Connection, prospect_ids: Sequence[UUID], *, now: datetime) -> Mapping[UUID, tuple[str, datetime]]:
    """Of these (locked) prospects those whose invitation still waits: its recipient, and until when it had to."""
    rows = queries.invitations_waiting(connection, prospect_ids=list(prospect_ids), now=now)
    return {row["id"]: (row["recipient_id"], row["waited_until"]) async for row in rows}


async def reopen(connection: Connection, sends: Mapping[UUID, datetime]) -> int:
    """Withdrawals that ended without leaving are wanted again at these moments (the setting was off for a while); how many."""
    rows = queries.reopen_withdrawals(connection, send_ids=list(sends), dues=list(sends.values()))
    return len([row async for row in rows if row["reopened"]])


async def mark_planned(connection: Connection, prospect_ids: Sequence[UUID], *, now: datetime) -> None:
    """The next sweep passes them over."""
    await queries.mark_withdrawals_planned(connection, prospect_ids=sorted(prospect_ids), now=now)


async def plan_again(connection: Connection, campaign_id: UUID) -> None:
    """The campaign's setting is another one: its invitations are asked about again."""
    await queries.plan_withdrawals_again(connection, campaign_id=campaign_id)
