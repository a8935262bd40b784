"""What dead processes left behind: intents, look-ups, leases and sends that no process will finish."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.store.repairs import findings
from shared.contracts.integrity_events import IntegrityEvent
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.db.statements import try_lock_accounts, wake_accounts
from shared.vocabulary import Action

queries = load(__file__)

STUCK: Final = "sending_without_attempt"
CONSUMER_STOPPED: Final = "consumer_stopped"
UNFINISHED: Final = "sending_though_accepted"


@dataclass(frozen=True, slots=True)
class ExpiredIntent:
    """An intent whose call cannot be under way any more."""

    id: int
    account_id: UUID
    send_id: UUID
    action: Action


@dataclass(frozen=True, slots=True)
class DoubtedIntent:
    """An intent that became unknown."""

    id: int
    account_id: UUID


@dataclass(frozen=True, slots=True)
class ReleasedLookup:
    """A profile look-up that was released."""

    id: int
    account_id: UUID
    send_id: UUID


@dataclass(frozen=True, slots=True)
class StuckSend:
    """A send that is `sending` without anything under way."""

    id: UUID
    workspace_id: UUID
    account_id: UUID
    updated_at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class FreedSend:
    """A stuck send that was returned to pending."""

    id: UUID
    workspace_id: UUID
    account_id: UUID


@dataclass(frozen=True, slots=True)
class ConsumerStop:
    """A consumer that has stopped and not resumed."""

    id: int
    instance: str
    group_name: str
    why: str


async def expire_intents(pool: asyncpg.Pool, *, grace: timedelta, lag: timedelta, spacing: timedelta, most: int) -> tuple[int, int]:
    """Intents whose call cannot be under way any more become unknown, look-ups are released; returns how many of each.

    `grace` is technical: the request's time-out and a margin; `lag`, before the first look, and
    `spacing`, before the account acts again, are business time. An account that is
    locked this moment comes next time.
    """
    async with pool.acquire() as connection, connection.transaction():
        over = await fetch_all(connection, queries.expired_intents, ExpiredIntent, grace=grace, most=most)
        if not over:
            return 0, 0
        ids = [row.id for row in over]
        accounts = sorted({row.account_id for row in over})
        locked = await try_lock_accounts(connection, accounts)
        doubted = await fetch_all(connection, queries.doubt_intents, DoubtedIntent, ids=ids, account_ids=locked, grace=grace, lag=lag)
        released = await fetch_all(connection, queries.release_lookups, ReleasedLookup, ids=ids, account_ids=locked, grace=grace)
        await execute(connection, queries.send_again, send_ids=sorted(row.send_id for row in released))
        freed = sorted({row.account_id for row in doubted} | {row.account_id for row in released})
        await execute(connection, queries.free_accounts, account_ids=freed, spacing=spacing)
    return len(doubted), len(released)


async def clear_leases(pool: asyncpg.Pool, *, most: int) -> int:
    """Leases of dead reads and senders; returns how many."""
    return len(await fetch_column(pool, queries.clear_leases, UUID, most=most))


async def unstick_sends(pool: asyncpg.Pool, *, grace: timedelta, most: int) -> int:
    """Sends in the sender's hand without anything under way go back to pending, with a finding; returns how many.

    One that the ledger shows as accepted is not touched: it must never leave again, and why it was not finished is for
    a person to see.
    """
    async with pool.acquire() as connection, connection.transaction():
        stuck = await fetch_all(connection, queries.stuck_sends, StuckSend, grace=grace, most=most)
        if not stuck:
            return 0
        accounts = sorted({row.account_id for row in stuck})
        locked = set(await try_lock_accounts(connection, accounts))
        ids = sorted(row.id for row in stuck if not row.accepted and row.account_id in locked)
        freed = await fetch_all(connection, queries.unstick, FreedSend, ids=ids, grace=grace)
        await wake_accounts(connection, {row.account_id for row in freed})
        since = {row.id: row.updated_at.isoformat() for row in stuck}
        found = [_build_finding(STUCK, row.workspace_id, row.id, since[row.id], "warning") for row in freed]
        found += [_build_finding(UNFINISHED, row.workspace_id, row.id, since[row.id], "critical") for row in stuck if row.accepted]
        await findings.record_findings(connection, found)
        await findings.close_findings(connection, kind=STUCK, table_name="send_queue", row_ids=[str(row.id) for row in freed])
    return len(freed)


async def delete_expired_history(pool: asyncpg.Pool, *, before: datetime, most: int) -> int:
    """Delete histories that ended before this business moment, at most so many of each kind; returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        await execute(connection, queries.raise_floor, before=before)
        rows = await execute(connection, queries.forget_history, before=before, most=most)
        spacings = await execute(connection, queries.forget_spacings, before=before, most=most)
    return rows + spacings


async def watch_consumers(pool: asyncpg.Pool, *, silent: timedelta) -> None:
    """Keep the findings of stopped consumers in step with what their processes say; one `silent` for so long was ended."""
    async with pool.acquire() as connection, connection.transaction():
        await execute(connection, queries.end_silent_stops, silent=silent)
        stopped = [
            IntegrityEvent(
                kind=CONSUMER_STOPPED,
                severity="critical",
                table_name="consumer_stops",
                row_id=str(row.id),
                evidence={"group": row.group_name, "why": row.why, "instance": row.instance},
            )
            for row in await fetch_all(connection, queries.open_stops, ConsumerStop)
        ]
        await findings.record_findings(connection, stopped)
        over = await fetch_column(connection, queries.stops_that_are_over, str, kind=CONSUMER_STOPPED)
        await findings.close_findings(connection, kind=CONSUMER_STOPPED, table_name="consumer_stops", row_ids=over)


def _build_finding(kind: str, workspace_id: UUID, send_id: UUID, since: str, severity: str) -> IntegrityEvent:
    return IntegrityEvent(
        workspace_id=workspace_id,
        kind=kind,
        severity=severity,
        table_name="send_queue",
        row_id=str(send_id),
        evidence={"sending_since": since},
    )
