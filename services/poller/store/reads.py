"""Reads of the provider as rows: which are due, the lease of the account, and what came of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from services.poller.rules.observations import ObservedAccount
from shared.calendar.schedule import Schedule
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_one, load
from shared.policy.rows import read_clocks

queries = load(__file__)

LEASE: Final = timedelta(seconds=60)
"""Technical time, beyond the wait for the account's rest; a read has ended by then, see workflows/make_read.py."""


class ReadKind(StrEnum):
    """What is read (column `account_reads.kind`)."""

    RELATIONS = "relations"
    CHATS = "chats"
    INVITATIONS = "invitations_sent"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class DueRead:
    """A read that could be made now."""

    kind: ReadKind
    account_id: UUID
    provider_account_id: str
    schedule: Schedule
    local_date: date
    reads_today: int
    cursor: Mapping[str, Any]
    baseline: bool
    """It is the account's first read of this kind: it shows the state before us, not news."""
    failures: int


@dataclass(frozen=True, slots=True)
class ReadLease:
    """The lease of an account for a read."""

    lease_until: datetime
    """Technical; also tells this lease from a later one."""
    wait: timedelta
    """Technical time until the account's spacing is over."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """The lease renewed for the length of the read; moments are business time."""

    lease_until: datetime
    now: datetime
    arrives: datetime
    """When the read will have reached the provider at the latest."""

    @property
    def lease(self) -> ReadLease:
        """The lease to release after the read."""
        return ReadLease(self.lease_until, timedelta())


@dataclass(frozen=True, slots=True)
class _DueReadRow:
    """A row of account_reads with its account."""

    account_id: UUID
    kind: ReadKind
    cursor: Mapping[str, Any] | None
    baseline_at: datetime | None
    failures: int
    provider_account_id: str
    workspace_id: UUID
    country: str
    timezone: str
    account_schedule: str
    workspace_schedule: str
    reads_by_day: str | None


@dataclass(frozen=True, slots=True)
class _WaitingAccounts:
    """How many accounts cannot be read now, for one reason."""

    reason: str
    accounts: int


async def plan_first_reads(pool: asyncpg.Pool, now: datetime, every: Mapping[ReadKind, timedelta]) -> None:
    """Plan the first reads of accounts that have none."""
    await execute(pool, queries.plan_first_reads, now=now, kinds=[kind.value for kind in every], everies=list(every.values()))


async def load_due_reads(
    pool: asyncpg.Pool, now: datetime, *, kinds: Sequence[ReadKind], without: Sequence[UUID], most: int
) -> list[DueRead]:
    """Due reads of accounts that are free and not among `without`, one per account, the longest waiting first.

    An account whose own schedule is unreadable is read by the default schedule: its prospects' answers must be seen all the same.
    """
    rows = await fetch_all(
        pool, queries.load_due_reads, _DueReadRow, now=now, kinds=[kind.value for kind in kinds], without=list(without), most=most
    )
    return _first_of_each_account(rows, now)


async def count_waiting(pool: asyncpg.Pool, now: datetime, kind: ReadKind) -> dict[str, int]:
    """How many accounts have this read due and cannot make it, by reason: spacing, busy, paused, disconnected."""
    return {row.reason: row.accounts for row in await fetch_all(pool, queries.count_waiting, _WaitingAccounts, now=now, kind=kind.value)}


async def load_starved_reads(
    pool: asyncpg.Pool, now: datetime, *, since: datetime, free_by: datetime, without: Sequence[UUID], most: int
) -> list[DueRead]:
    """Reads due since long ago of accounts that are never free and will be by `free_by`, but not of `without`; one per account."""
    rows = await fetch_all(
        pool, queries.load_starved_reads, _DueReadRow, now=now, since=since, free_by=free_by, without=list(without), most=most
    )
    return _first_of_each_account(rows, now)


async def acquire_lease(connection: Connection, read: DueRead, *, holder: str, patience: timedelta) -> ReadLease | None:
    """Lease the account, which is free within `patience` (business).

    None when another process holds the account, it is not free by then, or the read was made meanwhile.
    """
    return await fetch_one(
        connection,
        queries.acquire_lease,
        ReadLease,
        account_id=read.account_id,
        kind=read.kind.value,
        lease=LEASE,
        holder=f"read:{holder}",
        patience=patience,
    )


async def renew_lease(pool: asyncpg.Pool, read: DueRead, lease: ReadLease, *, arrives_in: timedelta) -> ReadWindow | None:
    """Renew the lease for a read that arrives within `arrives_in` (technical).

    None when the lease has expired, or the account may not act any more.
    """
    return await fetch_one(
        pool,
        queries.renew_lease,
        ReadWindow,
        account_id=read.account_id,
        kind=read.kind.value,
        lease_until=lease.lease_until,
        lease=LEASE,
        arrives_in=arrives_in,
    )


async def count_read(pool: asyncpg.Pool, read: DueRead) -> None:
    """Count one more read on the account's own day."""
    await execute(pool, queries.count_read, account_id=read.account_id, kind=read.kind.value, local_date=read.local_date)


async def release_lease(pool: asyncpg.Pool | Connection, read: DueRead, lease: ReadLease, *, spacing: timedelta) -> None:
    """Release the lease; the account rests for `spacing` of business time from now. Harmless when the lease was released already."""
    await execute(pool, queries.release_lease, account_id=read.account_id, lease_until=lease.lease_until, spacing=spacing)


async def record_success(
    pool: asyncpg.Pool | Connection, read: DueRead, now: datetime, *, next_at: datetime, cursor: Mapping[str, Any] | None, whole: bool
) -> None:
    """The read succeeded; the next one is at `next_at`. Only a `whole` read has seen everything up to `now`, and is a baseline."""
    await execute(
        pool,
        queries.record_success,
        account_id=read.account_id,
        kind=read.kind.value,
        now=now,
        next_at=next_at,
        cursor=cursor,
        whole=whole,
    )


async def record_failure(pool: asyncpg.Pool | Connection, read: DueRead, *, next_at: datetime) -> None:
    """The read failed; try again at `next_at`, and from the first page when the same page failed before: a cursor may have gone stale."""
    await execute(pool, queries.record_failure, account_id=read.account_id, kind=read.kind.value, next_at=next_at, afresh=read.failures > 0)


async def postpone(pool: asyncpg.Pool, read: DueRead, next_at: datetime) -> None:
    """The account's hours or its budget are over: the read is due later."""
    await execute(pool, queries.postpone, account_id=read.account_id, kind=read.kind.value, next_at=next_at)


async def make_due(connection: Connection, account: ObservedAccount, kind: ReadKind) -> None:
    """Make this read due now."""
    await execute(connection, queries.make_due, account_id=account.id, kind=kind.value, now=account.now)


async def make_all_due(pool: asyncpg.Pool, now: datetime, kind: ReadKind) -> None:
    """Make this read due now for every usable account."""
    await execute(pool, queries.make_all_due, now=now, kind=kind.value)


def _first_of_each_account(rows: Sequence[_DueReadRow], now: datetime) -> list[DueRead]:
    first: dict[UUID, DueRead] = {}
    for row in rows:
        first.setdefault(row.account_id, _due_read(row, now))
    return list(first.values())


def _due_read(row: _DueReadRow, now: datetime) -> DueRead:
    clocks = read_clocks(("{}", row.account_schedule, row.workspace_schedule), row.timezone, row.country, None)
    today = now.astimezone(clocks.zone).date()
    counted = orjson.loads(row.reads_by_day) if row.reads_by_day else {}
    return DueRead(
        kind=row.kind,
        account_id=row.account_id,
        provider_account_id=row.provider_account_id,
        schedule=clocks.schedule,
        local_date=today,
        reads_today=counted.get(today.isoformat(), 0),
        cursor=row.cursor or {},
        baseline=row.baseline_at is None,
        failures=row.failures,
    )
