"""The moment a planned send becomes due: accounts that may act, their first due send, and leases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.fairness import CampaignTurn, turn_after
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_value, load

queries = load(__file__)

MOST_MEASURED: Final = 1_000
"""Accounts of each kind that a measurement reads, those that wait longest."""
TURNS_GIVEN_BACK: Final = 3
"""How often in a row a campaign gets its turn back when no sender answered a dispatch of the same send."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One send that was marked dispatched; it was due, its lane open and its account free since `allowed_at` (business)."""

    send_id: UUID
    account_id: UUID
    dispatch_no: int
    allowed_at: datetime


@dataclass(frozen=True, slots=True)
class FirstDueSend:
    """The send that comes next of an account, and the account's turn before it."""

    account_id: UUID
    send_id: UUID
    allowed_at: datetime
    dispatches_in_vain: int
    campaign_id: UUID
    turn_length: int
    turn_of: UUID | None
    turn_left: int

    @property
    def turn_after(self) -> CampaignTurn:
        """The account's turn once this send is dispatched."""
        return turn_after(CampaignTurn(self.turn_of, self.turn_left), self.campaign_id, self.turn_length)


@dataclass(frozen=True, slots=True)
class _MarkedSend:
    id: UUID
    account_id: UUID
    dispatch_no: int


@dataclass(frozen=True, slots=True)
class _ReturnedSend:
    id: UUID
    account_id: UUID
    campaign_id: UUID
    dispatches_in_vain: int


async def count_unanswered(connection: Connection, *, most: int) -> int:
    """Dispatches that wait for a sender, counted up to `most`."""
    return await fetch_value(connection, queries.unanswered, int, most=most) or 0


async def lock_awake(
    connection: Connection, *, now: datetime, most: int, workspace_id: UUID | None = None, account_id: UUID | None = None
) -> list[UUID]:
    """Lock up to `most` accounts that may have something to do, the longest waiting first; of one workspace or account, if named."""
    if workspace_id is None and account_id is None:
        return await fetch_column(connection, queries.lock_awake, UUID, now=now, most=most)
    return await fetch_column(
        connection, queries.lock_awake_of_scope, UUID, now=now, most=most, workspace_id=workspace_id, account_id=account_id
    )


async def dispatch(
    connection: Connection, account_ids: Sequence[UUID], *, now: datetime, lease: timedelta, longest: timedelta
) -> list[Dispatch]:
    """Mark the due send of each of these locked accounts whose campaign's turn it is, and lease the accounts that have one."""
    rows = await fetch_all(connection, queries.first_due, FirstDueSend, account_ids=account_ids, now=now, not_rendered=NOT_RENDERED)
    due = {row.send_id: row for row in rows}
    locked = await fetch_column(connection, queries.lock_due_sends, UUID, send_ids=list(due))
    marked = await fetch_all(connection, queries.mark_dispatched, _MarkedSend, send_ids=locked)
    turns = [due[send.id].turn_after for send in marked]
    await execute(
        connection,
        queries.lease,
        account_ids=[send.account_id for send in marked],
        in_vains=[due[send.id].dispatches_in_vain for send in marked],
        turn_ofs=[turn.campaign for turn in turns],
        turn_lefts=[turn.left for turn in turns],
        lease=lease,
        longest=longest,
    )
    return [Dispatch(send.id, send.account_id, send.dispatch_no, due[send.id].allowed_at) for send in marked]


async def set_next_check(connection: Connection, account_ids: Sequence[UUID], *, now: datetime, least: timedelta) -> None:
    """Let these locked accounts sleep until something of theirs may be due, `least` (business) or longer."""
    await execute(connection, queries.set_next_check, account_ids=account_ids, now=now, least=least, not_rendered=NOT_RENDERED)


async def lock_expired(connection: Connection, *, most: int) -> list[UUID]:
    """Lock accounts whose dispatch or read was not finished in time."""
    return await fetch_column(connection, queries.lock_expired, UUID, most=most)


async def expire_leases(connection: Connection, account_ids: Sequence[UUID], *, now: datetime) -> int:
    """Make the accounts' unanswered sends pending again and free the accounts; returns how many sends that were.

    Their campaigns have their turns back, as if nothing had been dispatched.
    """
    sends = await fetch_column(connection, queries.lock_unanswered, UUID, account_ids=account_ids)
    returned = await fetch_all(connection, queries.return_to_pending, _ReturnedSend, send_ids=sends)
    await execute(
        connection,
        queries.return_turns,
        account_ids=[send.account_id for send in returned],
        campaign_ids=[send.campaign_id for send in returned],
        in_vains=[send.dispatches_in_vain for send in returned],
        most=TURNS_GIVEN_BACK,
    )
    await execute(connection, queries.release_leases, account_ids=account_ids, now=now)
    return len(returned)


async def sleeping_accounts(connection: Connection, *, after: UUID, most: int) -> list[UUID]:
    """The next usable accounts, in order of id, that are not leased and have no next check."""
    return await fetch_column(connection, queries.sleeping_accounts, UUID, after=after, most=most)


async def lock_forgotten(connection: Connection, account_ids: Sequence[UUID], *, overdue_since: datetime) -> list[UUID]:
    """Lock those of these sleeping accounts that have had something to do since then."""
    return await fetch_column(
        connection, queries.lock_forgotten, UUID, account_ids=account_ids, overdue_since=overdue_since, not_rendered=NOT_RENDERED
    )


async def oldest_due(connection: Connection, *, now: datetime) -> datetime | None:
    """Since when the send that has been allowed longest could have left; None: no send that may leave waits."""
    return await fetch_value(connection, queries.oldest_due, datetime, now=now, most=MOST_MEASURED, not_rendered=NOT_RENDERED)
