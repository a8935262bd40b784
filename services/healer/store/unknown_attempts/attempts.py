"""Attempts with an unknown outcome, and the lease of the account under which they are looked up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.healer.rules.unknown_attempts.attempt import AttemptInDoubt
from services.healer.rules.unknown_attempts.evidence import Doubt
from services.healer.rules.unknown_attempts.evidence_codec import decode_picture
from shared.calendar.schedule import Schedule
from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load
from shared.policy.rows import read_clocks
from shared.vocabulary import Action

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool
"""A pool lends one for the statement: each of these is one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedAccount:
    """An account that this process has leased until `lease_until` (technical); it `rests` for so much business time before it may act."""

    account_id: UUID
    workspace_id: UUID
    provider_account_id: str
    rests: timedelta
    schedule: Schedule
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class ExpectedInvitation:
    """An own invitation that should still stand in the provider's list."""

    attempt_id: int
    recipient_id: str | None
    provider_ref: str | None
    left_at: datetime


@dataclass(frozen=True, slots=True)
class LeasedAccountRow:
    """An account as the statement that leases it answers."""

    id: UUID
    workspace_id: UUID
    provider_account_id: str
    lease_until: datetime
    rests: timedelta
    country: str
    timezone: str
    account_schedule: str
    workspace_schedule: str


@dataclass(frozen=True, slots=True)
class ExtendedLease:
    """A lease that was extended, with the database's business time."""

    lease_until: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt in state unknown, with its send and its recipient."""

    id: int
    action: Action
    workspace_id: UUID
    campaign_id: UUID
    prospect_id: UUID
    lead_id: UUID
    account_id: UUID
    send_id: UUID
    recipient_id: str | None
    decided_at: datetime
    act_by: datetime
    picture: Any
    evidence: Any
    looks: int
    chat_id: str | None
    message_type: str
    message: str
    public_identifier: str | None
    known_chat_id: str | None
    invitation_ref: str | None
    due: bool


@dataclass(frozen=True, slots=True)
class ChatPartner:
    """The only person with whom an account has a chat."""

    chat_id: str
    provider_id: str


async def find_accounts_to_look_up(connection: Connection, *, patience: timedelta, call_time: timedelta, most: int) -> list[UUID]:
    """Accounts with an unknown attempt that may be looked up now, longest due first.

    They are not leased, and their spacing ends within `patience` (business); `call_time` is the request's time-out.
    """
    return await fetch_column(connection, queries.accounts_in_doubt, UUID, patience=patience, call_time=call_time, most=most)


async def acquire_lease(connection: Connection, account_id: UUID, *, patience: timedelta, lease: timedelta) -> LeasedAccount | None:
    """Lease the account, whose spacing ends within `patience` (business); None when it is leased already."""
    row = await fetch_one(connection, queries.claim, LeasedAccountRow, account_id=account_id, patience=patience, lease=lease)
    if row is None:
        return None
    clocks = read_clocks(("{}", row.account_schedule, row.workspace_schedule), row.timezone, row.country, None)
    return LeasedAccount(
        account_id=row.id,
        workspace_id=row.workspace_id,
        provider_account_id=row.provider_account_id,
        rests=row.rests,
        schedule=clocks.schedule,
        lease_until=row.lease_until,
    )


async def extend_lease(connection: Connection, account: LeasedAccount, *, lease: timedelta) -> tuple[LeasedAccount, datetime] | None:
    """Extend the lease to `lease` (technical) from now; with the database's business time. None when the lease was lost."""
    held = await fetch_one(
        connection, queries.hold, ExtendedLease, account_id=account.account_id, lease_until=account.lease_until, lease=lease
    )
    return None if held is None else (replace(account, lease_until=held.lease_until), held.now)


async def postpone_until_open(connection: Connection, account_id: UUID, *, opens: datetime) -> None:
    """Have none of the account's attempts looked up before `opens` (business)."""
    await execute(connection, queries.put_off, account_id=account_id, opens=opens)


async def release_lease(connection: Connection, account: LeasedAccount, *, spacing: timedelta) -> None:
    """Release the account; its next action waits for `spacing` of business time from now."""
    await execute(connection, queries.let_go, account_id=account.account_id, lease_until=account.lease_until, spacing=spacing)


async def fetch_for_account(connection: Connection, account_id: UUID, *, call_time: timedelta) -> list[AttemptInDoubt]:
    """Every unknown of the account whose call is certainly over; `call_time` is the request's time-out."""
    return [
        _build_attempt(row, call_time)
        for row in await fetch_all(connection, queries.doubts, AttemptRow, account_id=account_id, call_time=call_time)
    ]


async def fetch_attempt(connection: Connection, attempt_id: int) -> AttemptInDoubt | None:
    """One attempt, for a person who settles it; None when it is unknown no more."""
    row = await fetch_one(connection, queries.doubt, AttemptRow, attempt_id=attempt_id)
    return None if row is None else _build_attempt(row, timedelta())


async def request_relations_read(connection: Connection, account_id: UUID, *, now: datetime, unless_since: datetime) -> None:
    """Have the poller read now (business) who is connected, unless it did after `unless_since`."""
    await execute(connection, queries.ask_for_news, account_id=account_id, now=now, unless_since=unless_since)


async def fetch_expected_invitations(connection: Connection, account_id: UUID, *, since: datetime) -> list[ExpectedInvitation]:
    """Own invitations, sent after `since`, that were neither answered nor withdrawn as far as the ledger knows."""
    return await fetch_all(connection, queries.standing_invitations, ExpectedInvitation, account_id=account_id, since=since)


async def fetch_next_invitation_time(connection: Connection, account_id: UUID, *, now: datetime, horizon: datetime) -> datetime | None:
    """When the account's next invitation is planned to leave, if before `horizon`."""
    return await fetch_value(connection, queries.next_departure, datetime, account_id=account_id, now=now, horizon=horizon)


async def fetch_claimed_messages(connection: Connection, account_id: UUID, *, ids: Sequence[str], lead_ids: Sequence[UUID]) -> set[str]:
    """Which of these messages belong to another attempt."""
    return set(
        await fetch_column(connection, queries.claimed_messages, str, account_id=account_id, ids=list(ids), lead_ids=sorted(set(lead_ids)))
    )


async def fetch_chat_partners(connection: Connection, account_id: UUID, chat_ids: Sequence[str]) -> dict[str, str]:
    """Whom the account writes with in these conversations, as far as we know."""
    rows = await fetch_all(connection, queries.whose_chats, ChatPartner, account_id=account_id, chat_ids=sorted(set(chat_ids)))
    return {row.chat_id: row.provider_id for row in rows}


async def store_observations(connection: Connection, claim_: LeasedAccount, rows: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Keep what the provider showed, before anything is concluded from it."""
    if rows:
        await execute(connection, queries.observe, workspace_id=claim_.workspace_id, account_id=claim_.account_id, rows=list(rows), now=now)


def _build_attempt(row: AttemptRow, call_time: timedelta) -> AttemptInDoubt:
    doubt = Doubt(
        action=row.action,
        decided_at=row.decided_at,
        deadline=row.act_by + call_time,
        before=decode_picture(row.picture),
        text=row.message,
    )
    return AttemptInDoubt(
        id=row.id,
        action=doubt.action,
        workspace_id=row.workspace_id,
        campaign_id=row.campaign_id,
        prospect_id=row.prospect_id,
        lead_id=row.lead_id,
        account_id=row.account_id,
        send_id=row.send_id,
        message_type=row.message_type,
        recipient_id=row.recipient_id,
        public_identifier=row.public_identifier,
        chat_id=row.chat_id or row.known_chat_id,
        invitation_ref=row.invitation_ref,
        decided_at=row.decided_at,
        evidence=row.evidence,
        looks=row.looks,
        due=row.due,
        doubt=doubt,
    )
