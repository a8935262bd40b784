"""Which reads of the provider are due, and the account's hold while one is under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from services.poller.rules.seen import Account
from shared.calendar.schedule import Schedule
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy.rows import clocks_of_account

queries = load(__file__)

LEASE: Final = timedelta(seconds=60)
"""Technical, beyond the wait for the account's turn; a read has ended by then, see workflows/read.py."""


class Kind(StrEnum):
    """What is read (column `account_reads.kind`)."""

    RELATIONS = "relations"
    CHATS = "chats"
    INVITATIONS = "invitations_sent"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Due:
    """A read that could be made now."""

    kind: Kind
    account_id: UUID
    provider_account_id: str
    schedule: Schedule
    local_date: date
    reads_today: int
    cursor: Mapping[str, Any]
    baseline: bool
    """It is the first one: what it shows is how things stand, not news."""
    failures: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An account in our hand."""

    lease_until: datetime
    """Technical; also what tells our hold from a later one."""
    wait: timedelta
    """Technical time until its spacing is over."""


@dataclass(frozen=True, slots=True)
class Held:
    """An account in our hand for the length of a read; moments are business time."""

    claim: Claim
    now: datetime
    arrives: datetime
    """When the read will have reached the provider at the latest."""


async def business_now(pool: asyncpg.Pool) -> datetime:
    """The stack's business time, by the database."""
    now: datetime = await queries.business_now(pool)
    return now


async def introduce(pool: asyncpg.Pool, now: datetime, every: Mapping[Kind, timedelta]) -> None:
    """Plan the first reads of accounts that have none."""
    await queries.introduce(pool, now=now, kinds=[kind.value for kind in every], everies=list(every.values()))


async def due(pool: asyncpg.Pool, now: datetime, *, kinds: Sequence[Kind], without: Sequence[UUID], most: int) -> list[Due]:
    """Reads whose time has come, of accounts that are free, but for those `without`; the longest waiting first, one per account.

    An account whose own hours nobody can read is read by ours: people's answers must be seen all the same.
    """
    rows = [row async for row in queries.due(pool, now=now, kinds=[kind.value for kind in kinds], without=list(without), most=most)]
    first: dict[UUID, Due] = {}
    for row in rows:
        first.setdefault(row["account_id"], _due(row, now))
    return list(first.values())


async def waiting(pool: asyncpg.Pool, now: datetime, kind: Kind) -> dict[str, int]:
    """How many accounts are asked for and held up, by reason: spacing, busy, paused, disconnected."""
    return {row["reason"]: row["accounts"] async for row in queries.waiting(pool, now=now, kind=kind.value)}


async def starved(
    pool: asyncpg.Pool, now: datetime, *, since: datetime, free_by: datetime, without: Sequence[UUID], most: int
) -> list[Due]:
    """Reads due since long ago, of accounts that are busy all the time and free by `free_by`, but for those `without`; one per account."""
    first: dict[UUID, Due] = {}
    async for row in queries.starved(pool, now=now, since=since, free_by=free_by, without=list(without), most=most):
        first.setdefault(row["account_id"], _due(row, now))
    return list(first.values())


async def claim(connection: Connection, read: Due, *, holder: str, patience: timedelta) -> Claim | None:
    """Take the account in hand, which is free within `patience` (business); None when somebody else has it, it is not free by then, or
    the read was made meanwhile.
    """
    row = await queries.claim(
        connection, account_id=read.account_id, kind=read.kind.value, lease=LEASE, holder=f"read:{holder}", patience=patience
    )
    return None if row is None else Claim(row["lease_until"], row["wait"])


async def hold(pool: asyncpg.Pool, read: Due, claimed: Claim, *, arrives_in: timedelta) -> Held | None:
    """Keep the account from now on, for a read that arrives within `arrives_in` (technical).

    None when it is ours no more, or may not act any more.
    """
    row = await queries.hold(
        pool, account_id=read.account_id, kind=read.kind.value, lease_until=claimed.lease_until, lease=LEASE, arrives_in=arrives_in
    )
    return None if row is None else Held(Claim(row["lease_until"], timedelta()), row["now"], row["arrives"])


async def count(pool: asyncpg.Pool, read: Due) -> None:
    """The account's own day has one read more."""
    await queries.count(pool, account_id=read.account_id, kind=read.kind.value, local_date=read.local_date)


async def release(pool: asyncpg.Pool | Connection, read: Due, claimed: Claim, *, spacing: timedelta) -> None:
    """Let the account go; it rests for `spacing` of business time from now. Harmless when it was let go already."""
    await queries.release(pool, account_id=read.account_id, lease_until=claimed.lease_until, spacing=spacing)


async def finish(
    pool: asyncpg.Pool | Connection, read: Due, now: datetime, *, next_at: datetime, cursor: Mapping[str, Any] | None, whole: bool
) -> None:
    """It went well; the next one is at `next_at`. Only a `whole` read has seen everything up to `now`, and is a baseline."""
    await queries.finish(pool, account_id=read.account_id, kind=read.kind.value, now=now, next_at=next_at, cursor=cursor, whole=whole)


async def fail(pool: asyncpg.Pool | Connection, read: Due, *, next_at: datetime) -> None:
    """It did not; try again at `next_at`, and from the first page when the same page failed before: a cursor may have gone stale."""
    await queries.fail(pool, account_id=read.account_id, kind=read.kind.value, next_at=next_at, afresh=read.failures > 0)


async def postpone(pool: asyncpg.Pool, read: Due, next_at: datetime) -> None:
    """Not now: the account's hours or its budget are over."""
    await queries.postpone(pool, account_id=read.account_id, kind=read.kind.value, next_at=next_at)


async def ask_soon(connection: Connection, account: Account, kind: Kind) -> None:
    """Make this read due now."""
    await queries.ask_soon(connection, account_id=account.id, kind=kind.value, now=account.now)


async def ask_all(pool: asyncpg.Pool, now: datetime, kind: Kind) -> None:
    """Make this read due now for every usable account."""
    await queries.ask_all(pool, now=now, kind=kind.value)


def _due(row: Any, now: datetime) -> Due:
    clocks = clocks_of_account(row)
    today = now.astimezone(clocks.zone).date()
    counted = orjson.loads(row["reads_by_day"]) if row["reads_by_day"] else {}
    return Due(
        kind=Kind(row["kind"]),
        account_id=row["account_id"],
        provider_account_id=row["provider_account_id"],
        schedule=clocks.schedule,
        local_date=today,
        reads_today=counted.get(today.isoformat(), 0),
        cursor=row["cursor"] or {},
        baseline=row["baseline_at"] is None,
        failures=row["failures"],
    )
