"""Each projection beside its own recomputation, in one snapshot; and the two that can be mended by their difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from operations.proof.heard import Heard
from shared.db.pool import Connection
from shared.db.queries import load
from shared.vocabulary import COMMAND_LINE

queries = load(__file__)

COUNTERS: Final = "campaigns' counters"
USAGE: Final = "account_usage"
CHUNK: Final = 20_000
"""Events of topics that are compared in one statement."""

Difference = Mapping[str, Any]
"""row, what, live, rebuilt."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One projection: what it was rebuilt from, how many values were compared, those that differ, and what mends them."""

    name: str
    source: str
    compared: int
    differing: Sequence[Difference]
    remedy: str


async def compare(connection: Connection, heard: Heard) -> list[Compared]:
    """Everything that is derived. The transaction is the caller's: one snapshot, taken after the topics were read."""
    found = [
        await _one(COUNTERS, "campaign_prospects", queries.counters(connection), "tact rebuild --apply"),
        await _one(USAGE, "ledger", queries.usage(connection), "tact rebuild --apply"),
        await _one("send_queue.status", "ledger", queries.sends(connection), "the healer, within a minute; then tact unknown list"),
        await _one("campaign_prospects.contacted_at", "ledger", queries.contacts(connection), "the healer's clean-up"),
        await _one("campaign_messages", "ledger", queries.messages(connection), "a person: the words stand in send_queue"),
    ]
    found.append(await _events("send_queue.status", "sends.completed", heard.sent, lambda ids: queries.sent_events(connection, ids=ids)))
    found.append(
        await _events(
            "accounts.status",
            "accounts.status",
            list(heard.statuses),
            lambda ids: queries.status_events(
                connection, ids=ids, statuses=[heard.statuses[i][1] for i in ids], versions=[heard.statuses[i][0] for i in ids]
            ),
        )
    )
    found.append(
        await _events(
            "campaign_prospects.connected_at",
            "connections.accepted",
            list(heard.accepted),
            lambda ids: queries.accepted_events(connection, ids=ids, ats=[heard.accepted[i] for i in ids]),
        )
    )
    found.append(
        await _events(
            "leads.last_reply_at",
            "replies.received",
            list(heard.replied),
            lambda ids: queries.reply_events(connection, ids=ids, ats=[heard.replied[i] for i in ids]),
        )
    )
    return found


async def mend(connection: Connection, found: Sequence[Compared]) -> int:
    """Mend counters and usage by their differences, which stay right whatever is counted meanwhile; returns how many values."""
    mended = 0
    async with connection.transaction():
        for each in found:
            if not each.differing or each.name not in {COUNTERS, USAGE}:
                continue
            rows = [UUID(one["row"]) for one in each.differing]
            deltas = [one["rebuilt"] - one["live"] for one in each.differing]
            what = [one["what"] for one in each.differing]
            if each.name == COUNTERS:
                await queries.mend_counters(connection, campaign_ids=rows, counters=what, deltas=deltas)
            else:
                [None async for _ in queries.lock_accounts(connection, account_ids=sorted(set(rows)))]
                actions, days = zip(*(one.split(" ") for one in what), strict=True)
                dates = [date.fromisoformat(day) for day in days]
                await queries.mend_usage(connection, account_ids=rows, local_dates=dates, actions=actions, deltas=deltas)
            await queries.note(connection, actor=COMMAND_LINE, projection=each.name, details={"differences": list(each.differing)})
            mended += len(rows)
    return mended


async def _one(name: str, source: str, query: Any, remedy: str) -> Compared:
    row = await query
    return Compared(name, source, row["compared"], row["differing"], remedy)


async def _events(name: str, topic: str, ids: Sequence[UUID], ask: Any) -> Compared:
    compared, differing = 0, []
    for start in range(0, len(ids), CHUNK):
        row = await ask(ids[start : start + CHUNK])
        compared += row["compared"]
        differing += row["differing"]
    return Compared(name, f"topic {topic}", compared, differing, "a person: a row is behind its own event, as after a restored backup")
