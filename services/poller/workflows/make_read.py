"""One read of the provider: the account leased, one call, and what it showed.

A read is an action of its account: within its hours and its budget, at random moments, and followed by the account's rest. While it is
under way the account does nothing else.
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

from services.poller.rules.observations import ObservationSource
from services.poller.rules.pacing import after_failure, next_read
from services.poller.settings import PollerSettings
from services.poller.store import accounts, reads
from services.poller.store.reads import LEASE, DueRead, ReadKind, ReadLease
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.read_pages import PageReader, PageResult, PageSizes
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
"""Seconds that a read may take as a whole; shorter than its lease, so that no other process acts for the account meanwhile."""
QUEUED_WITHIN: Final = LEASE.total_seconds() - WITHIN
"""Seconds that a leased account waits for one of `reads_at_once`; then its lease is released, and the account may act."""
TURN: Final = timedelta(seconds=160)
"""Business: the longest rest that a read waits out with the account leased; a little more than the spacing and its jitter."""


class ReadOutcome(StrEnum):
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
class ReadResult:
    """How a read ended, and what it showed."""

    outcome: ReadOutcome
    accepted: int = 0
    replies: int = 0


BUSY: Final = ReadResult(ReadOutcome.BUSY)


class ReadMaker:
    """Makes reads, `reads_at_once` at the same time.

    Both ways raise FenceShut while nothing may leave, and what the database raises; then the read is due as before.
    """

    def __init__(
        self, pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings, *, instance: str, pages: PageSizes, fence: Gate
    ) -> None:
        self._pool = pool
        self._fence = fence
        self._client = client
        self._pages = PageReader(pool, away_for=settings.away_for, pages=pages)
        self._instance = instance
        self._budget = settings.reads_per_day
        self._spacing = settings.read_spacing
        self._slots = asyncio.Semaphore(settings.reads_at_once)
        self._chance = random.Random()
        self.every: Mapping[ReadKind, timedelta] = {
            ReadKind.RELATIONS: settings.relations_every,
            ReadKind.CHATS: settings.chats_every,
            ReadKind.INVITATIONS: settings.invitations_every,
            ReadKind.STATUS: settings.status_every,
        }

    async def read_when_free(self, read: DueRead, now: datetime, *, by: float | None = None) -> ReadResult:
        """Lease the account when the read can begin, so that the account may act until then; not after the moment `by` (monotonic)."""
        if over := await self._over_budget(read, now):
            return ReadResult(over)
        async with self._slots:
            if by is not None and time.monotonic() > by:
                return BUSY
            lease = await self._acquire_lease(read, patience=timedelta())
            return BUSY if lease is None else await self._read_with_lease(read, lease)

    async def read_after_rest(self, read: DueRead, now: datetime) -> ReadResult:
        """Lease the account first and wait until its rest is over: otherwise its planned sends would win every time."""
        if over := await self._over_budget(read, now):
            return ReadResult(over)
        lease = await self._acquire_lease(read, patience=TURN)
        if lease is None:
            return BUSY
        try:
            await asyncio.sleep(lease.wait.total_seconds())
            async with asyncio.timeout(QUEUED_WITHIN):
                await self._slots.acquire()
        except BaseException as error:
            await reads.release_lease(self._pool, read, lease, spacing=timedelta())
            if isinstance(error, TimeoutError):
                return BUSY
            raise
        try:
            return await self._read_with_lease(read, lease)
        finally:
            self._slots.release()

    async def _over_budget(self, read: DueRead, now: datetime) -> ReadOutcome | None:
        if read.kind is ReadKind.STATUS:
            return None  # read from the provider alone: LinkedIn does not see it
        if read.schedule.is_open(now) and read.reads_today >= self._budget:
            await reads.postpone(self._pool, read, within_hours(read.schedule, _next_day(read, now), chance=self._chance))
            return ReadOutcome.BUDGET
        return await self._closed(read, now)

    async def _closed(self, read: DueRead, *moments: datetime) -> ReadOutcome | None:
        for at in moments if read.kind is not ReadKind.STATUS else ():
            if closed := read.schedule.closed_because(at):
                await reads.postpone(self._pool, read, within_hours(read.schedule, at, chance=self._chance))
                return ReadOutcome(closed)
        return None

    async def _acquire_lease(self, read: DueRead, *, patience: timedelta) -> ReadLease | None:
        await self._fence.ask(self._pool)  # LinkedIn sees reads as well, and a second stack's reads would add to this one's
        return await in_transaction(
            self._pool, lambda connection: reads.acquire_lease(connection, read, holder=self._instance, patience=patience)
        )

    async def _read_with_lease(self, read: DueRead, lease: ReadLease) -> ReadResult:
        """Renew the lease first: a process that was frozen while it held the account must not read beside another one.

        For the same reason the deadline is checked a last time right before the first byte leaves.
        """
        window, since = None, Stopwatch()
        try:
            window = await reads.renew_lease(self._pool, read, lease, arrives_in=ON_ITS_WAY)
        finally:
            if window is None:
                await reads.release_lease(self._pool, read, lease, spacing=timedelta())
        if window is None:
            return BUSY
        rest = timedelta()
        try:
            if self._fence.shut is not None:
                return ReadResult(ReadOutcome.READ_ONLY)
            if closed := await self._closed(read, window.now, window.arrives):
                return ReadResult(closed)
            rest = self._rest(read, window.now)
            client = self._client.only_if(lambda: since.elapsed().total_seconds() < WITHIN and self._fence.shut is None)
            return await self._call_and_record(read, client, window.lease, window.now, rest)
        except NotBegunError as error:
            log.warning("a read was not begun, it is due as before", account=str(read.account_id), error=str(error))
            rest = timedelta()
            return BUSY
        finally:
            await reads.release_lease(self._pool, read, window.lease, spacing=rest)

    async def _call_and_record(self, read: DueRead, client: UnipileClient, lease: ReadLease, now: datetime, rest: timedelta) -> ReadResult:
        """One call, and what it showed; the plan of the next read and the account's rest are one commit, so no read is made twice."""
        await reads.count_read(self._pool, read)
        try:
            async with asyncio.timeout(WITHIN):
                shown = await self._pages.read(read, client)
        except (ProviderError, TimeoutError) as error:
            await self._record_failure(read, lease, now, rest, error)
            return ReadResult(ReadOutcome.FAILED)
        await self._record_success(read, lease, now, rest, shown)
        return ReadResult(ReadOutcome.READ, shown.accepted, shown.replies)

    async def _record_success(self, read: DueRead, lease: ReadLease, now: datetime, rest: timedelta, shown: PageResult) -> None:
        soon = now + rest if shown.more else next_read(now, self.every[read.kind], chance=self._chance)
        next_at = within_hours(read.schedule, soon, chance=self._chance)

        async def record(connection: Connection) -> None:
            await reads.release_lease(connection, read, lease, spacing=rest)
            await reads.record_success(connection, read, now, next_at=next_at, cursor=shown.cursor, whole=shown.whole)

        await in_transaction(self._pool, record)

    async def _record_failure(
        self, read: DueRead, lease: ReadLease, now: datetime, spacing: timedelta, error: ProviderError | TimeoutError
    ) -> None:
        log.warning("a read failed, it will be tried again", error=str(error) or type(error).__name__, failures=read.failures + 1)
        rest = None
        if isinstance(error, ProviderError):
            rest = error.finding.cool_down.rest(None, level=min(read.failures, 10)) if error.finding.cool_down else None
            if error.finding.remedy is Remedy.PAUSE_ACCOUNT:
                await in_transaction(self._pool, lambda connection: _disconnect(connection, read, error))
        later = after_failure(now, read.failures, chance=self._chance, rest=rest)
        next_at = later if read.kind is ReadKind.STATUS else within_hours(read.schedule, later, chance=self._chance)

        async def record(connection: Connection) -> None:
            await reads.release_lease(connection, read, lease, spacing=spacing)
            await reads.record_failure(connection, read, next_at=next_at)

        await in_transaction(self._pool, record)

    def _rest(self, read: DueRead, at: datetime) -> timedelta:
        if read.kind is ReadKind.STATUS:
            return timedelta()
        return self._spacing + jitter(f"{read.account_id}:{at.isoformat()}", self._spacing)


async def _disconnect(connection: Connection, read: DueRead, error: ProviderError) -> None:
    state = await accounts.by_id(connection, read.account_id)
    if state is not None:
        await note_status(connection, state, "CREDENTIALS", source=ObservationSource.POLL, reason=error.finding.meaning)


def _next_day(read: DueRead, now: datetime) -> datetime:
    local = now.astimezone(read.schedule.zone)
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).astimezone(now.tzinfo)
