"""Invitations that have waited long enough to be taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.withdrawal import WaitingInvitation
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load

queries = load(__file__)


async def due_withdrawals(connection: Connection, *, most: int) -> Sequence[UUID]:
    """Prospects whose invitation has waited as long as their running campaign says, and whose withdrawal is not planned yet."""
    return await fetch_column(connection, queries.due_withdrawals, UUID, most=most)


async def waiting_invitations(connection: Connection, prospect_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, WaitingInvitation]:
    """The invitations of these (locked) prospects that still wait for an answer."""
    rows = await fetch_all(connection, queries.waiting_invitations, WaitingInvitation, prospect_ids=prospect_ids, now=now)
    return {row.prospect_id: row for row in rows}


async def reopen_withdrawals(connection: Connection, sends: Mapping[UUID, datetime]) -> int:
    """Reopen withdrawals that ended without leaving, due at these moments (the setting was off for a while); returns how many."""
    reopened = await fetch_column(connection, queries.reopen_withdrawals, bool, send_ids=list(sends), dues=list(sends.values()))
    return sum(reopened)


async def mark_withdrawals_planned(connection: Connection, prospect_ids: Sequence[UUID], *, now: datetime) -> None:
    """Let the next sweep pass these prospects over."""
    await execute(connection, queries.mark_withdrawals_planned, prospect_ids=sorted(prospect_ids), now=now)


async def plan_withdrawals_again(connection: Connection, campaign_id: UUID) -> None:
    """Let the next sweep look at the campaign's invitations again, because its setting has changed."""
    await execute(connection, queries.plan_withdrawals_again, campaign_id=campaign_id)
