"""The ledger's first half: lock, load, and record what was decided, in one short transaction."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.sender.rules.batch_decisions import LaneClosing, Leaving, ReturnedSend
from services.sender.rules.due_send import DueSend
from services.sender.rules.stops import ProspectMove
from shared.contracts.envelope import Envelope
from shared.contracts.sends_due import SendDue
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load, require_one
from shared.db.statements import try_lock_accounts
from shared.fence.fence import UNFENCED, Gate
from shared.fence.rules import FenceRow
from shared.runtime.clock import LEAP_LOCK, Stopwatch

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class InvitationsOfWeek:
    """Invitations of an account in the last 168 h, and when enough of them have left the window for the next one."""

    account_id: UUID
    used: int
    frees_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Intent:
    """An attempt that was written, and its send."""

    id: int
    send_id: UUID


@dataclass(frozen=True, slots=True)
class _LockedFenceRow(FenceRow):
    """The fence, read while this transaction holds the clock's lock."""

    lock: None


class Begin:
    """One open transaction of begin."""

    def __init__(
        self, connection: Connection, due: Sequence[DueSend], owner: str, *, since: Stopwatch, locked: Collection[UUID] = ()
    ) -> None:
        self._connection = connection
        self.since = since
        """Runs since before the moment, by the database's clock, at which the sends are decided."""
        self._owner = owner
        self.due = due
        self.locked = frozenset(locked)
        """The accounts that this transaction has locked; another transaction holds the others just now."""

    async def count_invitations_of_week(self, caps: Mapping[UUID, int], *, now: datetime) -> dict[UUID, InvitationsOfWeek]:
        """Exact counts for these accounts, each with its own weekly cap."""
        rows = await fetch_all(
            self._connection, queries.week_of_invitations, InvitationsOfWeek, account_ids=list(caps), caps=list(caps.values()), now=now
        )
        return {row.account_id: row for row in rows}

    async def record_intents(self, leaving: Sequence[Leaving], *, now: datetime, act_by: datetime, lease: timedelta) -> dict[UUID, int]:
        """Write the intents; returns attempt ids by send, without those that met a unique index."""
        intents = await fetch_all(
            self._connection,
            queries.record_intents,
            _Intent,
            owner=self._owner,
            now=now,
            act_by=act_by,
            lease_until=act_by + lease,
            send_ids=[each.send_id for each in leaving],
            valid_untils=[each.valid_until for each in leaving],
            counted_ons=[each.counted_on for each in leaving],
        )
        return {intent.send_id: intent.id for intent in intents}

    async def find_invited_already(self, send_ids: Sequence[UUID]) -> set[UUID]:
        """Those whose recipient has a live invitation from this workspace, by another send."""
        return set(await fetch_column(self._connection, queries.sends_met_by_a_live_invitation, UUID, send_ids=send_ids))

    async def put_back(self, sends: Sequence[ReturnedSend]) -> None:
        """Dispatched → pending."""
        if sends:
            await execute(
                self._connection,
                queries.put_back,
                send_ids=[each.send_id for each in sends],
                dues=[each.due for each in sends],
                holds=[each.held_for for each in sends],
            )

    async def close_lanes(self, closings: Sequence[LaneClosing]) -> None:
        """Close lanes and actions."""
        lanes = [each for each in closings if each.campaign_id is not None]
        actions = [each for each in closings if each.campaign_id is None]
        if lanes:
            await execute(
                self._connection,
                queries.close_lanes,
                account_ids=[each.account_id for each in lanes],
                campaign_ids=[each.campaign_id for each in lanes],
                actions=[each.action for each in lanes],
                untils=[each.until for each in lanes],
                reasons=[each.reason for each in lanes],
            )
        if actions:
            await execute(
                self._connection,
                queries.close_actions,
                account_ids=[each.account_id for each in actions],
                actions=[each.action for each in actions],
                untils=[each.until for each in actions],
                reasons=[each.reason for each in actions],
            )

    async def skip(self, reasons: Mapping[UUID, str]) -> None:
        """Dispatched → skipped, for good."""
        if reasons:
            await execute(self._connection, queries.skip, send_ids=list(reasons), reasons=list(reasons.values()))

    async def move_prospects(self, moves: Sequence[ProspectMove], *, now: datetime) -> frozenset[UUID]:
        """Move the prospects of stopped sends; returns those that still had the status in which they were read."""
        if not moves:
            return frozenset()
        moved = await fetch_column(
            self._connection,
            queries.move_prospects,
            UUID,
            prospect_ids=[each.prospect_id for each in moves],
            was=[each.was for each in moves],
            statuses=[each.move.status for each in moves],
            outcomes=[each.move.outcome for each in moves],
            reasons=[each.reason for each in moves],
            connected_ats=[each.connected_at for each in moves],
            now=now,
        )
        return frozenset(moved)

    async def release_accounts(self, next_checks: Mapping[UUID, datetime | None]) -> None:
        """Release the leases of these accounts; the dispatcher checks each at its moment, with None only when something wakes it."""
        if next_checks:
            await execute(self._connection, queries.release_accounts, account_ids=list(next_checks), next_checks=list(next_checks.values()))

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Put events into the outbox; they leave when this transaction commits."""
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
            self._fence.require(await require_one(connection, queries.lock_clock_and_read_fence, _LockedFenceRow, key=LEAP_LOCK), mark)
            account_ids = sorted({event.account_id for event in events})
            locked = await try_lock_accounts(connection, account_ids)
            if not locked:
                yield Begin(connection, (), self._owner, since=Stopwatch())
                return
            send_ids = [event.send_id for event in events]
            await execute(connection, queries.lock_leads, send_ids=send_ids)
            since = Stopwatch()
            numbers = [event.dispatch_no for event in events]
            due = await fetch_all(connection, queries.load_due, DueSend, send_ids=send_ids, dispatch_nos=numbers, locked=locked)
            yield Begin(connection, due, self._owner, since=since, locked=locked)
