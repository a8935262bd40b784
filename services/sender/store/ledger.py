"""The ledger's first half: lock, load, and record what was decided, in one short transaction."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.sender.rules.stops import Moved
from shared.contracts.envelope import Envelope
from shared.contracts.sends_due import SendDue
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import load
from shared.fence import store as fences
from shared.fence.fence import UNFENCED, Gate
from shared.runtime.clock import LEAP_LOCK, Stopwatch
from shared.vocabulary import Action

queries = load(__file__)

Due = Mapping[str, Any]
"""One row of load_due."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A send that may leave: its decision's end (business) and the account's local day whose budget it takes."""

    send_id: UUID
    valid_until: datetime
    counted_on: date


@dataclass(frozen=True, slots=True)
class Closing:
    """A lane, or an action in all lanes of the account when `campaign_id` is None, closes until then (business)."""

    account_id: UUID
    campaign_id: UUID | None
    action: Action
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """A send goes back to pending; `due` moves its own time, `held_for` holds it until the condition is lifted."""

    send_id: UUID
    due: datetime | None = None
    held_for: str | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """Invitations of the last 168 h, and when enough have left the window for the next one."""

    used: int
    frees_at: datetime | None


class Begin:
    """One open transaction of begin."""

    def __init__(self, connection: Connection, due: Sequence[Due], owner: str, *, since: Stopwatch, locked: Collection[UUID] = ()) -> None:
        self._connection = connection
        self.since = since
        """Runs from before the moment of the database at which is decided."""
        self._owner = owner
        self.due = due
        self.locked = frozenset(locked)
        """The accounts that were to be had; the others are in another transaction just now."""

    async def weeks(self, caps: Mapping[UUID, int], *, now: datetime) -> dict[UUID, Week]:
        """Exact counts for accounts near their weekly cap, which is each account's own."""
        found = queries.week_of_invitations(self._connection, account_ids=list(caps), caps=list(caps.values()), now=now)
        rows = [row async for row in found]
        return {row["account_id"]: Week(row["used"], row["frees_at"]) for row in rows}

    async def intend(self, leaving: Sequence[Leaving], *, now: datetime, act_by: datetime, lease: timedelta) -> dict[UUID, int]:
        """Write the intents; returns attempt ids by send, without those that met an index."""
        rows = queries.record_intents(
            self._connection,
            owner=self._owner,
            now=now,
            act_by=act_by,
            lease_until=act_by + lease,
            send_ids=[each.send_id for each in leaving],
            valid_untils=[each.valid_until for each in leaving],
            counted_ons=[each.counted_on for each in leaving],
        )
        return {row["send_id"]: row["id"] async for row in rows}

    async def invited_already(self, send_ids: Sequence[UUID]) -> set[UUID]:
        """Those whose person has a live invitation from this workspace, by another send."""
        return {row["id"] async for row in queries.live_invitations(self._connection, send_ids=send_ids)}

    async def put_back(self, sends: Sequence[PutBack]) -> None:
        """Dispatched → pending."""
        if sends:
            await queries.put_back(
                self._connection,
                send_ids=[each.send_id for each in sends],
                dues=[each.due for each in sends],
                holds=[each.held_for for each in sends],
            )

    async def close(self, closings: Sequence[Closing]) -> None:
        """Close lanes and actions."""
        lanes = [each for each in closings if each.campaign_id is not None]
        actions = [each for each in closings if each.campaign_id is None]
        if lanes:
            await queries.close_lanes(
                self._connection,
                account_ids=[each.account_id for each in lanes],
                campaign_ids=[each.campaign_id for each in lanes],
                actions=[each.action for each in lanes],
                untils=[each.until for each in lanes],
                reasons=[each.reason for each in lanes],
            )
        if actions:
            await queries.close_action(
                self._connection,
                account_ids=[each.account_id for each in actions],
                actions=[each.action for each in actions],
                untils=[each.until for each in actions],
                reasons=[each.reason for each in actions],
            )

    async def skip(self, reasons: Mapping[UUID, str]) -> None:
        """Dispatched → skipped, for good."""
        if reasons:
            await queries.skip(self._connection, send_ids=list(reasons), reasons=list(reasons.values()))

    async def move(self, people: Sequence[Moved], *, now: datetime) -> frozenset[UUID]:
        """Prospects whose send was stopped; returns those who were still as they had been read."""
        if not people:
            return frozenset()
        rows = queries.move_prospects(
            self._connection,
            prospect_ids=[each.prospect_id for each in people],
            was=[each.was for each in people],
            statuses=[each.move.status for each in people],
            outcomes=[each.move.outcome for each in people],
            reasons=[each.reason for each in people],
            connected_ats=[each.connected_at for each in people],
            now=now,
        )
        return frozenset([row["id"] async for row in rows])

    async def let_go(self, wakes: Mapping[UUID, datetime | None]) -> None:
        """These accounts are in nobody's hand any more."""
        if wakes:
            await queries.let_go(self._connection, account_ids=list(wakes), wakes=list(wakes.values()))

    async def announce(self, envelopes: Sequence[Envelope]) -> None:
        """Events of this transaction."""
        await put(self._connection, "sender", envelopes)


class Ledger:
    """Opens transactions of begin."""

    def __init__(self, pool: asyncpg.Pool, *, owner: str, fence: Gate = UNFENCED) -> None:
        self._pool = pool
        self._owner = owner
        self._fence = fence

    @asynccontextmanager
    async def begin(self, events: Sequence[SendDue]) -> AsyncIterator[Begin]:
        """Lock accounts, then leads, then sends with what the decision needs; commit when the block ends.

        Raises:
            FenceShut: nothing may leave now; the events come again.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            mark = self._fence.mark()
            self._fence.require(fences.row_of(await queries.hold_the_clock(connection, key=LEAP_LOCK)), mark)
            account_ids = sorted({event.account_id for event in events})
            locked = [row["id"] async for row in queries.lock_accounts(connection, account_ids=account_ids)]
            if not locked:
                yield Begin(connection, (), self._owner, since=Stopwatch())
                return
            send_ids = [event.send_id for event in events]
            [None async for _ in queries.lock_leads(connection, send_ids=send_ids)]
            since = Stopwatch()
            rows = queries.load_due(connection, send_ids=send_ids, dispatch_nos=[event.dispatch_no for event in events], locked=locked)
            yield Begin(connection, [row async for row in rows], self._owner, since=since, locked=locked)
