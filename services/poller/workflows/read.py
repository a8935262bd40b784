"""One read of the provider: the account in hand, one call, and what it showed.

A read is an action of its account: within its hours and its budget, at random moments, and followed by the account's
rest. While it is under way the account does nothing else.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import asyncpg
import structlog

from services.poller.rules.pacing import after_failure, next_read
from services.poller.rules.seen import Source
from services.poller.settings import PollerSettings
from services.poller.store import accounts, reads
from services.poller.store.reads import LEASE, Claim, Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.look import Look, Pages, Shown
from shared.calendar.opening import ON_ITS_WAY, within_hours
from shared.db.pool import Connection
from shared.fence.fence import Gate
from shared.policy.limits import jitter
from shared.runtime.clock import Stopwatch
from shared.unipile.client import UnipileClient
from shared.unipile.errors import NotBegunError, ProviderError
from shared.unipile.findings import Remedy

log = structlog.get_logger()

WITHIN: Final = 50.0
"""Seconds a read may take as a whole; shorter than its lease, so that nobody else acts for the account meanwhile."""
QUEUED_WITHIN: Final = LEASE.total_seconds() - WITHIN
"""Seconds an account in hand waits for `reads_at_once`; then it is let go, and may act."""
TURN: Final = timedelta(seconds=160)
"""Business: the longest rest that is waited out with the account in hand; a little more than the spacing and its jitter."""


class Outcome(StrEnum):
    """How a due read ended (a metric's label)."""

    READ = "read"
    BUSY = "busy"
    HOURS = "hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    BUDGET = "budget"
    FAILED = "failed"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class Made:
    """What a read came to."""

    outcome: Outcome
    accepted: int = 0
    replies: int = 0


BUSY: Final = Made(Outcome.BUSY)


class Reading:
    """Makes reads, `reads_at_once` at the same time.

    Both ways raise FenceShut while nothing may leave, and what the database raises; then the read is due as before.
    """

    def __init__(
        self, pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings, *, instance: str, pages: Pages, fence: Gate
    ) -> None:
        self._pool = pool
        self._fence = fence
        self._client = client
        self._look = Look(pool, away_for=settings.away_for, pages=pages)
        self._instance = instance
        self._budget = settings.reads_per_day
        self._spacing = settings.read_spacing
        self._slots = asyncio.Semaphore(settings.reads_at_once)
        self._chance = random.Random()
        self.every: Mapping[Kind, timedelta] = {
            Kind.RELATIONS: settings.relations_every,
            Kind.CHATS: settings.chats_every,
            Kind.INVITATIONS: settings.invitations_every,
            Kind.STATUS: settings.status_every,
        }

    async def in_turn(self, read: Due, now: datetime, *, by: float | None = None) -> Made:
        """The account is taken when the read can begin: until then it may act. `by` (monotonic): whose turn comes later, is not made."""
        if over := await self._over_budget(read, now):
            return Made(over)
        async with self._slots:
            if by is not None and time.monotonic() > by:
                return BUSY
            claimed = await self._claim(read, patience=timedelta())
            return BUSY if claimed is None else await self._in_hand(read, claimed)

    async def once_rested(self, read: Due, now: datetime) -> Made:
        """The account is taken first, and its rest waited for: else its planned sends would win every time."""
        if over := await self._over_budget(read, now):
            return Made(over)
        claimed = await self._claim(read, patience=TURN)
        if claimed is None:
            return BUSY
        try:
            await asyncio.sleep(claimed.wait.total_seconds())
            async with asyncio.timeout(QUEUED_WITHIN):
                await self._slots.acquire()
        except BaseException as error:
            await reads.release(self._pool, read, claimed, spacing=timedelta())
            if isinstance(error, TimeoutError):
                return BUSY
            raise
        try:
            return await self._in_hand(read, claimed)
        finally:
            self._slots.release()

    async def _over_budget(self, read: Due, now: datetime) -> Outcome | None:
        if read.kind is Kind.STATUS:
            return None  # asked of the provider alone: LinkedIn sees nothing of it
        if read.schedule.is_open(now) and read.reads_today >= self._budget:
            await reads.postpone(self._pool, read, within_hours(read.schedule, _next_day(read, now), chance=self._chance))
            return Outcome.BUDGET
        return await self._closed(read, now)

    async def _closed(self, read: Due, *moments: datetime) -> Outcome | None:
        for at in moments if read.kind is not Kind.STATUS else ():
            if closed := read.schedule.closed_because(at):
                await reads.postpone(self._pool, read, within_hours(read.schedule, at, chance=self._chance))
                return Outcome(closed)
        return None

    async def _claim(self, read: Due, *, patience: timedelta) -> Claim | None:
        await self._fence.ask(self._pool)  # LinkedIn sees a read as well, and a second stack's come on top of the first's
        return await in_transaction(self._pool, lambda connection: reads.claim(connection, read, holder=self._instance, patience=patience))

    async def _in_hand(self, read: Due, claimed: Claim) -> Made:
        """Held anew, because a process that was frozen with the account in hand must not read beside others.

        For the same reason the read looks a last time right before its first byte leaves.
        """
        held, since = None, Stopwatch()
        try:
            held = await reads.hold(self._pool, read, claimed, arrives_in=ON_ITS_WAY)
        finally:
            if held is None:
                await reads.release(self._pool, read, claimed, spacing=timedelta())
        if held is None:
            return BUSY
        rest = timedelta()
        try:
            if self._fence.shut is not None:
                return Made(Outcome.READ_ONLY)
            if closed := await self._closed(read, held.now, held.arrives):
                return Made(closed)
            rest = self._rest(read, held.now)
            client = self._client.only_if(lambda: since.elapsed().total_seconds() < WITHIN and self._fence.shut is None)
            return await self._look_and_tell(read, client, held.claim, held.now, rest)
        except NotBegunError as error:
            log.warning("a read was not begun, it is due as before", account=str(read.account_id), error=str(error))
            rest = timedelta()
            return BUSY
        finally:
            await reads.release(self._pool, read, held.claim, spacing=rest)

    async def _look_and_tell(self, read: Due, client: UnipileClient, claimed: Claim, now: datetime, rest: timedelta) -> Made:
        """One call, and what it showed; the plan of the next read and the account's rest are one commit, so no read is made twice."""
        await reads.count(self._pool, read)
        try:
            async with asyncio.timeout(WITHIN):
                shown = await self._look.at(read, client)
        except (ProviderError, TimeoutError) as error:
            await self._failed(read, claimed, now, rest, error)
            return Made(Outcome.FAILED)
        await self._finished(read, claimed, now, rest, shown)
        return Made(Outcome.READ, shown.accepted, shown.replies)

    async def _finished(self, read: Due, claimed: Claim, now: datetime, rest: timedelta, shown: Shown) -> None:
        soon = now + rest if shown.more else next_read(now, self.every[read.kind], chance=self._chance)
        next_at = within_hours(read.schedule, soon, chance=self._chance)

        async def finish(connection: Connection) -> None:
            await reads.release(connection, read, claimed, spacing=rest)
            await reads.finish(connection, read, now, next_at=next_at, cursor=shown.cursor, whole=shown.whole)

        await in_transaction(self._pool, finish)

    async def _failed(self, read: Due, claimed: Claim, now: datetime, spacing: timedelta, error: ProviderError | TimeoutError) -> None:
        log.warning("a read failed, it will be tried again", error=str(error) or type(error).__name__, failures=read.failures + 1)
        rest = None
        if isinstance(error, ProviderError):
            rest = error.finding.cool_down.rest(None, level=min(read.failures, 10)) if error.finding.cool_down else None
            if error.finding.remedy is Remedy.PAUSE_ACCOUNT:
                await in_transaction(self._pool, lambda connection: _disconnected(connection, read, error))
        later = after_failure(now, read.failures, chance=self._chance, rest=rest)
        next_at = later if read.kind is Kind.STATUS else within_hours(read.schedule, later, chance=self._chance)

        async def fail(connection: Connection) -> None:
            await reads.release(connection, read, claimed, spacing=spacing)
            await reads.fail(connection, read, next_at=next_at)

        await in_transaction(self._pool, fail)

    def _rest(self, read: Due, at: datetime) -> timedelta:
        if read.kind is Kind.STATUS:
            return timedelta()
        return self._spacing + jitter(f"{read.account_id}:{at.isoformat()}", self._spacing)


async def _disconnected(connection: Connection, read: Due, error: ProviderError) -> None:
    standing = await accounts.by_id(connection, read.account_id)
    if standing is not None:
        await note_status(connection, standing, "CREDENTIALS", source=Source.POLL, reason=error.finding.meaning)


def _next_day(read: Due, now: datetime) -> datetime:
    local = now.astimezone(read.schedule.zone)
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).astimezone(now.tzinfo)
