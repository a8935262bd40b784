"""What died in a process's hand: intents, look-ups, leases and sends that nobody will finish any more."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from services.healer.store.repairs import findings
from shared.contracts.integrity_events import IntegrityEvent
from shared.db.queries import load

queries = load(__file__)

STUCK: Final = "sending_without_attempt"
CONSUMER_STOPPED: Final = "consumer_stopped"
UNFINISHED: Final = "sending_though_accepted"


async def expire_intents(pool: asyncpg.Pool, *, grace: timedelta, lag: timedelta, spacing: timedelta, most: int) -> tuple[int, int]:
    """Intents whose call cannot be under way any more become unknown, look-ups are released; returns how many of each.

    `grace` is technical: the request's time-out and a margin; `lag`, before the first look, and
    `spacing`, before the account acts again, are business time. An account that is
    locked this moment comes next time.
    """
    async with pool.acquire() as connection, connection.transaction():
        over = [row async for row in queries.expired_intents(connection, grace=grace, most=most)]
        if not over:
            return 0, 0
        ids = [row["id"] for row in over]
        accounts = sorted({row["account_id"] for row in over})
        locked: list[UUID] = [row["id"] async for row in queries.lock_accounts(connection, ids=accounts)]
        doubted = [row async for row in queries.doubt_intents(connection, ids=ids, account_ids=locked, grace=grace, lag=lag)]
        released = [row async for row in queries.release_lookups(connection, ids=ids, account_ids=locked, grace=grace)]
        await queries.send_again(connection, send_ids=sorted(row["send_id"] for row in released))
        freed = sorted({row["account_id"] for row in (*doubted, *released)})
        await queries.free_accounts(connection, account_ids=freed, spacing=spacing)
    return len(doubted), len(released)


async def clear_leases(pool: asyncpg.Pool, *, most: int) -> int:
    """Leases of dead reads and senders; returns how many."""
    return len([row async for row in queries.clear_leases(pool, most=most)])


async def unstick_sends(pool: asyncpg.Pool, *, grace: timedelta, most: int) -> int:
    """Sends in the sender's hand without anything under way go back to pending, with a finding; returns how many.

    One that the ledger shows as accepted is not touched: it must never leave again, and why it was not finished is for
    a person to see.
    """
    async with pool.acquire() as connection, connection.transaction():
        stuck = [row async for row in queries.stuck_sends(connection, grace=grace, most=most)]
        if not stuck:
            return 0
        accounts = sorted({row["account_id"] for row in stuck})
        locked = {row["id"] async for row in queries.lock_accounts(connection, ids=accounts)}
        ids = sorted(row["id"] for row in stuck if not row["accepted"] and row["account_id"] in locked)
        freed = [row async for row in queries.unstick(connection, ids=ids, grace=grace)]
        await queries.wake_accounts(connection, ids=sorted({row["account_id"] for row in freed}))
        since = {row["id"]: row["updated_at"].isoformat() for row in stuck}
        found = [_build_finding(STUCK, row["workspace_id"], row["id"], since[row["id"]], "warning") for row in freed]
        found += [
            _build_finding(UNFINISHED, row["workspace_id"], row["id"], since[row["id"]], "critical") for row in stuck if row["accepted"]
        ]
        await findings.record_findings(connection, found)
        await findings.close_findings(connection, kind=STUCK, table_name="send_queue", row_ids=[str(row["id"]) for row in freed])
    return len(freed)


async def delete_expired_history(pool: asyncpg.Pool, *, before: datetime, most: int) -> int:
    """Delete histories that ended before this business moment, at most so many of each kind; returns how many."""
    async with pool.acquire() as connection, connection.transaction():
        await queries.raise_floor(connection, before=before)
        rows = [row async for row in queries.forget_history(connection, before=before, most=most)]
        spacings = [row async for row in queries.forget_spacings(connection, before=before, most=most)]
    return len(rows) + len(spacings)


async def watch_consumers(pool: asyncpg.Pool, *, silent: timedelta) -> None:
    """Keep the findings of stopped consumers in step with what their processes say; one `silent` for so long was ended."""
    async with pool.acquire() as connection, connection.transaction():
        await queries.end_silent_stops(connection, silent=silent)
        stopped = [
            IntegrityEvent(
                kind=CONSUMER_STOPPED,
                severity="critical",
                table_name="consumer_stops",
                row_id=str(row["id"]),
                evidence={"group": row["group_name"], "why": row["why"], "instance": row["instance"]},
            )
            async for row in queries.open_stops(connection)
        ]
        await findings.record_findings(connection, stopped)
        over = [row["row_id"] async for row in queries.stops_that_are_over(connection, kind=CONSUMER_STOPPED)]
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
