"""Quiescence of a stack: the work still under way, by name, and a digest of all rows, so that any change comes from the observer."""

from typing import Final

import asyncpg

from services.healer.store.notices import notices
from services.queuer.store.campaigns import finished

MAY_CHANGE: Final = {
    "replay_runs": "the replay's own row",
    "audit_log": "the audit lines of the replay",
    "account_reads": "when the poller reads next: it reads by its own times, events or none",
    "stack_clock": "the clock itself",
    "stack_fence": "the ledger's head, written again every second",
    "heartbeats": "that the healer lives, said every two seconds",
    "reconcile_runs": "the healer's walks over everything, one an hour",
    "service_versions": "which version a process runs, said when it starts again",
    **dict.fromkeys(
        ("queue_changes", "queue_counts", "queue_hours", "cause_days", "health_state", "health_history", "health_alerts", "risk_reports"),
        "counted late by the healer, and at once when it starts again, from rows that are compared",
    ),
}
"""Tables that are left out of the comparison, and why; of all others every column of every row is compared."""
COUNTED: Final = frozenset({"integrity_findings", "integrity_history", "cleanup_runs"})
MARKED: Final = "(to_jsonb(t) - '{counted_at,measured_at,updated_at}'::text[])"
"""Of those that the healer counts: all but the mark that it did."""

Digests = dict[str, tuple[int, int]]
"""By table: rows, and the sum of their hashes, which no order changes."""

_UNDER_WAY: Final = {
    "a send that was handed out": "FROM send_queue WHERE is_in_hand(status)",
    "an attempt": "FROM send_attempts WHERE is_undecided(state) AND NOT needs_person",
    "a campaign's counters": "FROM campaign_counter_deltas",
    "a row the healer has yet to look at": "FROM changed_rows",
    "an event that is not published": "FROM outbox WHERE published_at IS NULL",
    "an account that a process has leased": "FROM accounts WHERE lease_until IS NOT NULL",
    "an account that is to be woken": "FROM accounts WHERE status = 'usable' AND wake_at <= business_now()",
}


async def under_way(pool: asyncpg.Pool) -> list[str]:
    """What is not over yet and would change rows by itself."""
    [seen] = await pool.fetch("SELECT " + ", ".join(f'EXISTS (SELECT {where}) AS "{what}"' for what, where in _UNDER_WAY.items()))
    busy = [what for what, is_there in seen.items() if is_there]
    async with pool.acquire() as connection:
        if await finished.find_finished(connection, most=1):
            busy.append("a campaign that is about to complete")
        if await notices.fetch_completed_campaigns(connection, most=1):
            busy.append("a campaign whose end was not announced")
    return busy


async def digests(pool: asyncpg.Pool) -> Digests:
    """Of every table but those of MAY_CHANGE."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found: Digests = {}
    for (name,) in tables:
        if name in MAY_CHANGE:
            continue
        row = MARKED if name in COUNTED else "t"
        some = "WHERE table_name <> ALL($1::text[])" if name == "history" else "WHERE cardinality($1::text[]) > 0"
        [(rows, hashes)] = await pool.fetch(
            f"SELECT count(*), coalesce(sum(('x' || left(md5({row}::text), 15))::bit(60)::bigint), 0) FROM {name} t {some}",  # noqa: S608 - its own name
            list(MAY_CHANGE),
        )
        found[name] = (rows, int(hashes))
    return found
