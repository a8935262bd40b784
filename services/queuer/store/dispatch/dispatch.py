"""The moment a planned send becomes due: accounts that may act, their first due send, and leases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.queuer.rules.planning.fairness import CampaignTurn, turn_after
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)

MOST_MEASURED: Final = 1_000
"""Accounts of each kind that a measurement looks at, those that wait longest."""
TURNS_GIVEN_BACK: Final = 3
"""How often in a row a campaign gets its turn back when no sender answered a dispatch of the same send."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One send that was marked dispatched; it was due, its lane open and its account free since `allowed_at` (business)."""

    send_id: UUID
    account_id: UUID
    dispatch_no: int
    allowed_at: datetime


async def unanswered(connection: Connection, *, most: int) -> int:
    """Dispatches that wait for a sender, counted up to `most`."""
    count: int = await queries.unanswered(connection, most=most)
    return count


async def take_awake(
    connection: Connection, *, now: datetime, most: int, workspace_id: UUID | None = None, account_id: UUID | None = None
) -> list[UUID]:
    """Lock up to `most` accounts that may have something to do, the longest waiting first; of one workspace or account, if named."""
    if workspace_id is None and account_id is None:
        rows = queries.take_awake(connection, now=now, most=most)
    else:
        rows = queries.take_awake_of(connection, now=now, most=most, workspace_id=workspace_id, account_id=account_id)
    return [row["id"] async for row in rows]


async def dispatch(
    connection: Connection, account_ids: Sequence[UUID], *, now: datetime, lease: timedelta, longest: timedelta
) -> list[Dispatch]:
    """Mark the due send of each of these locked accounts whose campaign's turn it is, and lease the accounts that have one."""
    due = {row["send_id"]: row async for row in queries.first_due(connection, account_ids=account_ids, now=now, not_rendered=NOT_RENDERED)}
    held = [row["id"] async for row in queries.lock_sends(connection, send_ids=list(due))]
    marked = [row async for row in queries.mark_dispatched(connection, send_ids=held)]
    turns = [_turn_after(due[row["id"]]) for row in marked]
    await queries.lease(
        connection,
        account_ids=[row["account_id"] for row in marked],
        in_vains=[due[row["id"]]["dispatches_in_vain"] for row in marked],
        turn_ofs=[turn.campaign for turn in turns],
        turn_lefts=[turn.left for turn in turns],
        lease=lease,
        longest=longest,
    )
    return [Dispatch(row["id"], row["account_id"], row["dispatch_no"], due[row["id"]]["allowed_at"]) for row in marked]


async def rest(connection: Connection, account_ids: Sequence[UUID], *, now: datetime, least: timedelta) -> None:
    """Let these locked accounts sleep until something of theirs may be due, `least` (business) or longer."""
    await queries.rest(connection, account_ids=account_ids, now=now, least=least, not_rendered=NOT_RENDERED)


async def take_expired(connection: Connection, *, most: int) -> list[UUID]:
    """Lock accounts whose dispatch or read was not finished in time."""
    return [row["id"] async for row in queries.take_expired(connection, most=most)]


async def take_back(connection: Connection, account_ids: Sequence[UUID], *, now: datetime) -> int:
    """Their unanswered sends are pending again, and the accounts free; returns how many sends came back.

    Their campaigns have their turns back, as if nothing had been handed out.
    """
    sends = [row["id"] async for row in queries.lock_unanswered(connection, account_ids=account_ids)]
    back = [row async for row in queries.take_back(connection, send_ids=sends)]
    await queries.give_turns_back(
        connection,
        account_ids=[row["account_id"] for row in back],
        campaign_ids=[row["campaign_id"] for row in back],
        in_vains=[row["dispatches_in_vain"] for row in back],
        most=TURNS_GIVEN_BACK,
    )
    await queries.let_go(connection, account_ids=account_ids, now=now)
    return len(back)


async def asleep(connection: Connection, *, after: UUID, most: int) -> list[UUID]:
    """The next usable accounts, in order of id, that are not leased and have no next check."""
    return [row["id"] async for row in queries.asleep(connection, after=after, most=most)]


async def take_forgotten(connection: Connection, account_ids: Sequence[UUID], *, overdue_since: datetime) -> list[UUID]:
    """Lock those of these sleeping accounts that have had something to do since then."""
    rows = queries.take_forgotten(connection, account_ids=account_ids, overdue_since=overdue_since, not_rendered=NOT_RENDERED)
    return [row["id"] async for row in rows]


async def oldest_due(connection: Connection, *, now: datetime) -> datetime | None:
    """Since when the send that has been allowed longest could have left; None: nothing that may leave waits."""
    found: datetime | None = await queries.oldest_due(connection, now=now, most=MOST_MEASURED, not_rendered=NOT_RENDERED)
    return found


def _turn_after(row: Mapping[str, Any]) -> CampaignTurn:
    return turn_after(CampaignTurn(row["turn_of"], row["turn_left"]), row["campaign_id"], row["turn_length"])
