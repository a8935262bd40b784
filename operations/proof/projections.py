"""Each projection compared with its recomputation, in one snapshot; and the correction of counters and usage by their difference."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from operations.proof.topic_facts import TopicFacts
from shared.db.pool import Connection
from shared.db.queries import Query, execute, fetch_all, load
from shared.db.statements import lock_accounts, write_audit_line
from shared.vocabulary import COMMAND_LINE

queries = load(__file__)

COUNTERS: Final = "campaigns' counters"
USAGE: Final = "account_usage"
CHUNK: Final = 20_000
"""Events that are compared in one statement."""

Difference = dict[str, Any]
"""row, what, live, rebuilt."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """The result of each comparing query: how many values it compared, and those that differ."""

    compared: int
    differing: list[Difference]


@dataclass(frozen=True, slots=True)
class ComparedProjection:
    """One projection: its source, how many values were compared, those that differ, and the remedy."""

    name: str
    source: str
    compared: int
    differing: Sequence[Difference]
    remedy: str


async def compare_projections(connection: Connection, facts: TopicFacts) -> list[ComparedProjection]:
    """Every derived value. The caller opens the transaction: one snapshot, taken after the topics were read."""
    found = [
        await _load(connection, queries.compare_counters, COUNTERS, "campaign_prospects", "tact rebuild --apply"),
        await _load(connection, queries.compare_usage, USAGE, "ledger", "tact rebuild --apply"),
        await _load(
            connection, queries.compare_sends, "send_queue.status", "ledger", "the healer, within a minute; then tact unknown list"
        ),
        await _load(connection, queries.compare_contacts, "campaign_prospects.contacted_at", "ledger", "the healer's clean-up"),
        await _load(connection, queries.compare_messages, "campaign_messages", "ledger", "by hand: send_queue has the text"),
    ]
    return [
        *found,
        await _compare_events(
            "send_queue.status",
            "sends.completed",
            facts.sent,
            lambda ids: fetch_all(connection, queries.compare_sent_events, ComparisonRow, ids=ids),
        ),
        await _compare_events(
            "accounts.status",
            "accounts.status",
            list(facts.statuses),
            lambda ids: fetch_all(
                connection,
                queries.compare_status_events,
                ComparisonRow,
                ids=ids,
                statuses=[facts.statuses[i][1] for i in ids],
                versions=[facts.statuses[i][0] for i in ids],
            ),
        ),
        await _compare_events(
            "campaign_prospects.connected_at",
            "connections.accepted",
            list(facts.accepted),
            lambda ids: fetch_all(
                connection, queries.compare_accepted_events, ComparisonRow, ids=ids, ats=[facts.accepted[i] for i in ids]
            ),
        ),
        await _compare_events(
            "leads.last_reply_at",
            "replies.received",
            list(facts.replied),
            lambda ids: fetch_all(connection, queries.compare_reply_events, ComparisonRow, ids=ids, ats=[facts.replied[i] for i in ids]),
        ),
    ]


async def correct_projections(connection: Connection, found: Sequence[ComparedProjection]) -> int:
    """Correct counters and usage by their differences, which stay right while other transactions count; returns how many values."""
    mended = 0
    async with connection.transaction():
        for each in found:
            if not each.differing or each.name not in {COUNTERS, USAGE}:
                continue
            rows = [UUID(one["row"]) for one in each.differing]
            deltas = [one["rebuilt"] - one["live"] for one in each.differing]
            what = [one["what"] for one in each.differing]
            if each.name == COUNTERS:
                await execute(connection, queries.correct_counters, campaign_ids=rows, counters=what, deltas=deltas)
            else:
                await lock_accounts(connection, set(rows))
                actions, days = zip(*(one.split(" ") for one in what), strict=True)
                dates = [date.fromisoformat(day) for day in days]
                await execute(connection, queries.correct_usage, account_ids=rows, local_dates=dates, actions=list(actions), deltas=deltas)
            details = {"differences": list(each.differing)}
            await write_audit_line(connection, COMMAND_LINE, "rebuild", "projection", each.name, details=details)
            mended += len(rows)
    return mended


async def _load(connection: Connection, query: Query, name: str, source: str, remedy: str) -> ComparedProjection:
    [row] = await fetch_all(connection, query, ComparisonRow)
    return ComparedProjection(name, source, row.compared, row.differing, remedy)


async def _compare_events(
    name: str, topic: str, ids: Sequence[UUID], compare_chunk: Callable[[Sequence[UUID]], Awaitable[list[ComparisonRow]]]
) -> ComparedProjection:
    compared, differing = 0, list[Difference]()
    for start in range(0, len(ids), CHUNK):
        [row] = await compare_chunk(ids[start : start + CHUNK])
        compared += row.compared
        differing += row.differing
    remedy = "by hand: the row is behind its own event, as after a restored backup"
    return ComparedProjection(name, f"topic {topic}", compared, differing, remedy)
