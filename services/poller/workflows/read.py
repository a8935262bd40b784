"""Look at the provider: which reads are due, one account in one hand, and what they showed.

A read is an action of its account: within its hours and its budget, at random moments, and followed by the account's
rest. While it is under way the account does nothing else.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import asyncpg
import structlog

from services.poller.metrics import READS
from services.poller.rules.pacing import after_failure, next_read, when_open
from services.poller.rules.seen import Source
from services.poller.settings import PollerSettings
from services.poller.store import accounts, reads
from services.poller.store.reads import Due, Kind
from services.poller.store.transactions import in_transaction
from services.poller.workflows.follow_accounts import note_status
from services.poller.workflows.look import Look, Shown
from shared.db.pool import Connection
from shared.policy.limits import jitter
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError
from shared.unipile.findings import Remedy

log = structlog.get_logger()

WITHIN: Final = 50.0
"""Seconds a read may take as a whole; shorter than its lease, so that nobody else acts for the account meanwhile."""
BATCH: Final = 200
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


@dataclass(slots=True)
class Round:
    """What one round of reads came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    replies: int = 0


class Reader:
    """Makes the reads that are due."""

    def __init__(self, pool: asyncpg.Pool, client: UnipileClient, settings: PollerSettings, *, instance: str) -> None:
        self._pool = pool
        self._look = Look(pool, client, away_for=settings.away_for)
        self._holder = f"read:{instance}"
        self._budget = settings.reads_per_day
        self._spacing = settings.read_spacing
        self._at_once = asyncio.Semaphore(settings.reads_at_once)
        self._chance = random.Random()
        self._every: Mapping[Kind, timedelta] = {
            Kind.RELATIONS: settings.relations_every,
            Kind.CHATS: settings.chats_every,
            Kind.STATUS: settings.status_every,
        }

    async def introduce(self) -> None:
        """Plan the first reads of new accounts."""
        await reads.introduce(self._pool, await reads.business_now(self._pool), self._every)

    async def round(self) -> bool:
        """Make the reads that are due; True when more may wait."""
        now = await reads.business_now(self._pool)
        waiting = await reads.due(self._pool, now, kinds=list(Kind), most=BATCH)
        await self._read_all(waiting, now)
        return len(waiting) == BATCH

    async def at_once(self, kind: Kind) -> Round:
        """Make this read due for every account and read those that may be read now."""
        now = await reads.business_now(self._pool)
        await reads.introduce(self._pool, now, self._every)
        await reads.ask_all(self._pool, now, kind)
        held_up = await reads.waiting(self._pool, now, kind)
        done = await self._read_all(await reads.due(self._pool, now, kinds=[kind], most=MOST_AT_ONCE), now)
        done.outcomes.update(held_up)
        return done

    async def _read_all(self, waiting: list[Due], now: datetime) -> Round:
        done = Round()
        ended = await asyncio.gather(*(self._read(read, now, done) for read in waiting), return_exceptions=True)
        for problem in ended:
            if isinstance(problem, BaseException):
                raise problem
        return done

    async def _read(self, read: Due, now: datetime, done: Round) -> None:
        async with self._at_once:
            with structlog.contextvars.bound_contextvars(account=str(read.account_id), read=read.kind.value):
                outcome = await self._not_now(read, now) or await self._hold_and_look(read, now, done)
        READS.labels(kind=read.kind.value, outcome=outcome.value).inc()
        done.outcomes[outcome.value] += 1

    async def _not_now(self, read: Due, now: datetime) -> Outcome | None:
        if read.kind is Kind.STATUS:
            return None  # asked of the provider alone: LinkedIn sees nothing of it
        closed = read.schedule.closed_because(now)
        if closed is None and read.reads_today < self._budget:
            return None
        after = now if closed else _next_day(read, now)
        opens = when_open(read.schedule, after, chance=self._chance)
        await reads.postpone(self._pool, read, opens or now + timedelta(days=30))
        return Outcome(closed) if closed else Outcome.BUDGET

    async def _hold_and_look(self, read: Due, now: datetime, done: Round) -> Outcome:
        if not await in_transaction(self._pool, lambda connection: reads.claim(connection, read, now, holder=self._holder)):
            return Outcome.BUSY
        try:
            async with asyncio.timeout(WITHIN):
                shown = await self._look.at(read)
        except (ProviderError, TimeoutError) as error:
            await self._failed(read, now, error)
            return Outcome.FAILED
        finally:
            await reads.release(self._pool, read, holder=self._holder, spacing=self._rest(read, now))
        await self._finished(read, now, shown)
        done.accepted += shown.accepted
        done.replies += shown.replies
        return Outcome.READ

    async def _finished(self, read: Due, now: datetime, shown: Shown) -> None:
        next_at = now + self._spacing if shown.more else next_read(now, self._every[read.kind], chance=self._chance)
        await reads.finish(self._pool, read, now, next_at=next_at, cursor=shown.cursor, baseline=shown.complete, whole=not shown.more)

    async def _failed(self, read: Due, now: datetime, error: ProviderError | TimeoutError) -> None:
        log.warning("a read failed, it will be tried again", error=str(error) or type(error).__name__, failures=read.failures + 1)
        rest = None
        if isinstance(error, ProviderError):
            rest = error.finding.cool_down.rest(None, level=min(read.failures, 10)) if error.finding.cool_down else None
            if error.finding.remedy is Remedy.PAUSE_ACCOUNT:
                await in_transaction(self._pool, lambda connection: _disconnected(connection, read, error))
        await reads.fail(self._pool, read, next_at=after_failure(now, read.failures, chance=self._chance, rest=rest))

    def _rest(self, read: Due, now: datetime) -> timedelta:
        if read.kind is Kind.STATUS:
            return timedelta()
        return self._spacing + jitter(f"{read.account_id}:{now.isoformat()}", self._spacing)


async def _disconnected(connection: Connection, read: Due, error: ProviderError) -> None:
    standing = await accounts.by_id(connection, read.account_id)
    if standing is not None:
        await note_status(connection, standing, "CREDENTIALS", source=Source.POLL, reason=error.finding.meaning)


def _next_day(read: Due, now: datetime) -> datetime:
    local = now.astimezone(read.schedule.zone)
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).astimezone(now.tzinfo)
