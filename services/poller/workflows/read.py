"""Look at the provider: which reads are due, one account in one hand, and what they showed.

A read is an action of its account: within its hours and its budget, at random moments, and followed by the account's
rest. While it is under way the account does nothing else. Reads do not wait for one another: one whose account's rows are
held by a process that froze would keep all the others waiting.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from services.poller.metrics import READS
from services.poller.rules.pacing import after_failure, next_read
from services.poller.rules.seen import Source
from services.poller.settings import PollerSettings
from services.poller.store import accounts, reads
from services.poller.store.reads import LEASE, Claim, Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.look import Look, Pages, Shown
from shared.calendar.opening import within_hours
from shared.db.pool import Connection
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.policy.limits import jitter
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.unipile.findings import Remedy

log = structlog.get_logger()

WITHIN: Final = 50.0
"""Seconds a read may take as a whole; shorter than its lease, so that nobody else acts for the account meanwhile."""
QUEUED_WITHIN: Final = LEASE.total_seconds() - WITHIN
"""Seconds an account in hand may wait for `reads_at_once`; after more of them its lease could end during the call."""
PLACES: Final = 200
"""Reads begun and not over: most of them wait for their turn among `reads_at_once`, or for their account's rest to end."""
PATIENCE: Final = timedelta(minutes=10)
"""Business: a read waits so long for a free moment of its account before it insists."""
TURN: Final = timedelta(seconds=160)
"""Business: the longest rest that is waited out with the account in hand; a little more than the spacing and its jitter."""
MOST_AT_ONCE: Final = 2_000
"""Reads that one call of a cron route makes; the rest is due and is read by the job."""


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


@dataclass(slots=True)
class Round:
    """What one round of reads came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    replies: int = 0


class Reader:
    """Makes the reads that are due."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        client: UnipileClient,
        settings: PollerSettings,
        *,
        instance: str,
        pages: Pages | None = None,
        fence: Gate = UNFENCED,
        wake_relay: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._wake_relay = wake_relay
        self._under_way: dict[UUID, asyncio.Task[None]] = {}
        self._fence = fence
        self._look = Look(pool, client, away_for=settings.away_for, pages=pages or Pages())
        self._instance = instance
        self._budget = settings.reads_per_day
        self._spacing = settings.read_spacing
        self._at_once = asyncio.Semaphore(settings.reads_at_once)
        self._chance = random.Random()
        self._every: Mapping[Kind, timedelta] = {
            Kind.RELATIONS: settings.relations_every,
            Kind.CHATS: settings.chats_every,
            Kind.INVITATIONS: settings.invitations_every,
            Kind.STATUS: settings.status_every,
        }

    async def introduce(self) -> None:
        """Plan the first reads of new accounts."""
        await reads.introduce(self._pool, await reads.business_now(self._pool), self._every)

    async def begin(self) -> bool:
        """Begin the reads that are due, and wait for none; True when more of them wait and there is room."""
        now = await reads.business_now(self._pool)
        return self._begin(await reads.due(self._pool, now, kinds=list(Kind), most=PLACES), now)

    async def insist(self) -> bool:
        """Begin the reads that have waited for `PATIENCE` because their account is never free; True as `begin`.

        The account is taken while it rests and waited for, or its planned sends would win every time.
        """
        now = await reads.business_now(self._pool)
        waiting = await reads.starved(self._pool, now, since=now - PATIENCE, free_by=now + TURN, most=PLACES)
        return self._begin(waiting, now, patient=True)

    async def ended(self) -> None:
        """Wait until every read that was begun is over."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Give up the reads under way; their accounts are let go, and they are due again."""
        for task in self._under_way.values():
            task.cancel()
        await self.ended()

    def _begin(self, waiting: Sequence[Due], now: datetime, *, patient: bool = False) -> bool:
        fresh = [read for read in waiting if read.account_id not in self._under_way]
        room = max(PLACES - len(self._under_way), 0)
        for read in fresh[:room]:
            task = asyncio.create_task(self._read(read, now, Round(), patient=patient), name=f"read {read.kind} of {read.account_id}")
            self._under_way[read.account_id] = task
            task.add_done_callback(partial(self._over, read))
        return len(waiting) == PLACES and len(fresh) < room

    def _over(self, read: Due, task: asyncio.Task[None]) -> None:
        del self._under_way[read.account_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a read was given up, it will be made again", account=str(read.account_id), read=read.kind.value, error=repr(error))
        self._wake_relay()

    async def at_once(self, kind: Kind) -> Round:
        """Make this read due for every account and read those that may be read now."""
        now = await reads.business_now(self._pool)
        await reads.introduce(self._pool, now, self._every)
        await reads.ask_all(self._pool, now, kind)
        held_up = await reads.waiting(self._pool, now, kind)
        done = await self._read_all(await reads.due(self._pool, now, kinds=[kind], most=MOST_AT_ONCE), now)
        done.outcomes.update(held_up)
        return done

    async def _read_all(self, waiting: Sequence[Due], now: datetime) -> Round:
        done = Round()
        ended = await asyncio.gather(*(self._read(read, now, done) for read in waiting), return_exceptions=True)
        for problem in ended:
            if isinstance(problem, BaseException):
                raise problem
        return done

    async def _read(self, read: Due, now: datetime, done: Round, *, patient: bool = False) -> None:
        with structlog.contextvars.bound_contextvars(account=str(read.account_id), read=read.kind.value):
            try:
                outcome = await self._over_budget(read, now) or await (self._once_rested if patient else self._in_turn)(read, done, now)
            except FenceShut:
                outcome = Outcome.READ_ONLY
        READS.labels(kind=read.kind.value, outcome=outcome.value).inc()
        done.outcomes[outcome.value] += 1

    async def _over_budget(self, read: Due, now: datetime) -> Outcome | None:
        if read.kind is Kind.STATUS:
            return None  # asked of the provider alone: LinkedIn sees nothing of it
        if read.schedule.is_open(now) and read.reads_today >= self._budget:
            await reads.postpone(self._pool, read, within_hours(read.schedule, _next_day(read, now), chance=self._chance))
            return Outcome.BUDGET
        return await self._closed(read, now)

    async def _closed(self, read: Due, at: datetime) -> Outcome | None:
        closed = None if read.kind is Kind.STATUS else read.schedule.closed_because(at)
        if closed is None:
            return None
        await reads.postpone(self._pool, read, within_hours(read.schedule, at, chance=self._chance))
        return Outcome(closed)

    async def _in_turn(self, read: Due, done: Round, now: datetime) -> Outcome:
        """The account is taken when the read can begin: until then it may act."""
        async with self._at_once:
            claimed = await self._claim(read, free_by=now)
            if claimed is None:
                return Outcome.BUSY
            return await self._in_hand(read, claimed, done)

    async def _once_rested(self, read: Due, done: Round, now: datetime) -> Outcome:
        """The account is taken first, and waited for."""
        claimed = await self._claim(read, free_by=now + TURN)
        if claimed is None:
            return Outcome.BUSY
        try:
            await asyncio.sleep(claimed.wait.total_seconds())
            rested = time.monotonic()
            async with self._at_once:
                if time.monotonic() - rested > QUEUED_WITHIN:
                    return Outcome.BUSY
                return await self._in_hand(read, claimed, done)
        finally:
            await reads.release(self._pool, read, claimed, spacing=timedelta())

    async def _claim(self, read: Due, *, free_by: datetime) -> Claim | None:
        await self._fence.ask(self._pool)  # LinkedIn sees a read as well, and a second stack's come on top of the first's
        return await in_transaction(self._pool, lambda connection: reads.claim(connection, read, holder=self._instance, free_by=free_by))

    async def _in_hand(self, read: Due, claimed: Claim, done: Round) -> Outcome:
        rest = timedelta()
        try:
            if self._fence.shut is not None:
                return Outcome.READ_ONLY
            # Asked again when its turn has come: the round's own moment may be long past, the account closed since, or others' by now.
            if (now := await reads.still_held(self._pool, read, claimed)) is None:
                return Outcome.BUSY
            if closed := await self._closed(read, now):
                return closed
            rest = self._rest(read, claimed.starts)
            return await self._look_and_tell(read, claimed, rest, done)
        finally:
            await reads.release(self._pool, read, claimed, spacing=rest)

    async def _look_and_tell(self, read: Due, claimed: Claim, rest: timedelta, done: Round) -> Outcome:
        """One call, and what it showed; the plan of the next read and the account's rest are one commit, so no read is made twice."""
        await reads.count(self._pool, read)
        try:
            async with asyncio.timeout(WITHIN):
                shown = await self._look.at(read)
        except (ProviderError, TimeoutError) as error:
            await self._failed(read, claimed, rest, error)
            return Outcome.FAILED
        await self._finished(read, claimed, rest, shown)
        done.accepted += shown.accepted
        done.replies += shown.replies
        return Outcome.READ

    async def _finished(self, read: Due, claimed: Claim, rest: timedelta, shown: Shown) -> None:
        now = claimed.starts
        soon = now + rest if shown.more else next_read(now, self._every[read.kind], chance=self._chance)
        next_at = within_hours(read.schedule, soon, chance=self._chance)

        async def finish(connection: Connection) -> None:
            await reads.release(connection, read, claimed, spacing=rest)
            await reads.finish(connection, read, now, next_at=next_at, cursor=shown.cursor, whole=shown.whole)

        await in_transaction(self._pool, finish)

    async def _failed(self, read: Due, claimed: Claim, spacing: timedelta, error: ProviderError | TimeoutError) -> None:
        log.warning("a read failed, it will be tried again", error=str(error) or type(error).__name__, failures=read.failures + 1)
        rest = None
        if isinstance(error, ProviderError):
            rest = error.finding.cool_down.rest(None, level=min(read.failures, 10)) if error.finding.cool_down else None
            if error.finding.remedy is Remedy.PAUSE_ACCOUNT:
                await in_transaction(self._pool, lambda connection: _disconnected(connection, read, error))
        later = after_failure(claimed.starts, read.failures, chance=self._chance, rest=rest)
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
