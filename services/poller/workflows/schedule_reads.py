"""Which reads begin, and when: due reads in turn, reads of accounts that are never free, and reads that a cron route calls for.

Reads do not wait for one another: one whose account's row is locked by a frozen process would keep all the others waiting.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from services.poller.metrics import READS
from services.poller.settings import PollerSettings
from services.poller.store import reads
from services.poller.store.reads import DueRead, ReadKind
from services.poller.workflows.make_read import BUSY, TURN, ReadMaker, ReadOutcome, ReadResult
from services.poller.workflows.read_pages import PageSizes
from shared.db.errors import AWAY
from shared.db.statements import business_now
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.unipile.client import UnipileClient

log = structlog.get_logger()

PATIENCE: Final = timedelta(minutes=10)
"""Business: a read waits so long for a free moment of its account; then it leases the account while the account rests."""
QUEUE: Final = 2
"""Reads that are begun for each of `reads_at_once`: one is under way, one is ready when that ends. Accounts of reads that are not begun
are free to send."""
MOST_STARVED: Final = 200
"""Accounts that are leased at once while they rest."""
BUSY_FOR: Final = 5.0
"""Seconds until a busy account is tried again, although its read is the one due longest; meanwhile others are read. Long enough to try
the accounts behind the 500 that a frozen queuer may hold (TACT_DISPATCH_BATCH) before the first of those is tried again."""
MOST_AT_ONCE: Final = 2_000
"""Reads that one call of a cron route makes; the others are due, and the job makes them."""
BEGIN_WITHIN: Final = 30.0
"""Seconds after which such a call begins no more reads, because the caller of the route waits; the job makes the others."""


@dataclass(slots=True)
class ReadRound:
    """What the reads of one call of a cron route came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    replies: int = 0


class ReadScheduler:
    """Begins reads; calls `wake_relay` when a read is over, and `on_free` when another one may begin."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        client: UnipileClient,
        settings: PollerSettings,
        *,
        instance: str,
        pages: PageSizes | None = None,
        fence: Gate = UNFENCED,
        wake_relay: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._reads = ReadMaker(pool, client, settings, instance=instance, pages=pages or PageSizes(), fence=fence)
        self._wake_relay = wake_relay
        self.on_free: Callable[[], None] = lambda: None
        self._queue = QUEUE * settings.reads_at_once
        self._in_turn: dict[UUID, asyncio.Task[ReadResult]] = {}
        self._starved: dict[UUID, asyncio.Task[ReadResult]] = {}
        self._called_for: dict[asyncio.Task[ReadResult], UUID] = {}
        self._busy_until: dict[UUID, float] = {}

    async def plan_first_reads(self) -> None:
        """Plan the first reads of new accounts."""
        await reads.plan_first_reads(self._pool, await business_now(self._pool), self._reads.every)

    async def begin_due_reads(self) -> None:
        """Begin reads that are due, as many as the queue takes, and wait for none."""
        if (room := self._queue - len(self._in_turn)) <= 0:
            return
        now = await business_now(self._pool)
        for read in await reads.load_due_reads(
            self._pool, now, kinds=list(ReadKind), without=[*self._being_read(), *self._found_busy()], most=room
        ):
            self._begin(self._in_turn, read, partial(self._reads.read_when_free, read, now))

    async def begin_starved_reads(self) -> None:
        """Begin reads that have waited for `PATIENCE` because their account is never free."""
        if (room := MOST_STARVED - len(self._starved)) <= 0:
            return
        now = await business_now(self._pool)
        waiting = await reads.load_starved_reads(
            self._pool, now, since=now - PATIENCE, free_by=now + TURN, without=self._being_read(), most=room
        )
        for read in waiting:
            self._begin(self._starved, read, partial(self._reads.read_after_rest, read, now))

    async def wait_until_idle(self) -> None:
        """Wait until every read that was begun is over."""
        await asyncio.gather(*self._under_way(), return_exceptions=True)

    async def stop(self) -> None:
        """Cancel the reads under way; the leases of their accounts are released, and the reads are due again."""
        for task in self._under_way():
            task.cancel()
        await self.wait_until_idle()

    def _under_way(self) -> Sequence[asyncio.Task[ReadResult]]:
        return [*self._in_turn.values(), *self._starved.values(), *self._called_for]

    async def read_all_now(self, kind: ReadKind) -> ReadRound:
        """Make this read due for every account and read those that may be read now; a read that was not begun in time counts as busy."""
        now = await business_now(self._pool)
        await reads.plan_first_reads(self._pool, now, self._reads.every)
        await reads.make_all_due(self._pool, now, kind)
        called = ReadRound(Counter(await reads.count_waiting(self._pool, now, kind)))
        by, room = time.monotonic() + BEGIN_WITHIN, asyncio.Semaphore(self._queue)  # the job's reads do not queue behind all of these

        async def one(read: DueRead) -> ReadResult:
            async with room:
                return await self._counted(read, partial(self._reads.read_when_free, read, now, by=by))

        waiting = await reads.load_due_reads(self._pool, now, kinds=[kind], without=(), most=MOST_AT_ONCE)
        tasks = [asyncio.create_task(one(read), name=f"called for {read.kind} of {read.account_id}") for read in waiting]
        self._called_for |= {task: read.account_id for task, read in zip(tasks, waiting, strict=True)}
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
            for made in [BUSY if task.cancelled() else task.result() for task in tasks]:
                called.outcomes[made.outcome.value] += 1
                called.accepted += made.accepted
                called.replies += made.replies
        finally:
            for task in tasks:
                del self._called_for[task]
        return called

    def _begin(self, place: dict[UUID, asyncio.Task[ReadResult]], read: DueRead, make: Callable[[], Awaitable[ReadResult]]) -> None:
        task = asyncio.create_task(self._counted(read, make), name=f"read {read.kind} of {read.account_id}")
        place[read.account_id] = task
        task.add_done_callback(partial(self._over, place, read))

    async def _counted(self, read: DueRead, make: Callable[[], Awaitable[ReadResult]]) -> ReadResult:
        with structlog.contextvars.bound_contextvars(account=str(read.account_id), read=read.kind.value):
            try:
                made = await make()
            except FenceShut:
                made = ReadResult(ReadOutcome.READ_ONLY)
            except Exception:
                READS.labels(kind=read.kind.value, outcome=ReadOutcome.FAILED.value).inc()
                raise
        READS.labels(kind=read.kind.value, outcome=made.outcome.value).inc()
        return made

    def _over(self, place: dict[UUID, asyncio.Task[ReadResult]], read: DueRead, task: asyncio.Task[ReadResult]) -> None:
        del place[read.account_id]
        if task.cancelled():
            return
        self._wake_relay()
        if (error := task.exception()) is not None:
            log.warning(
                "a read was given up and will be made again",
                account=str(read.account_id),
                read=read.kind.value,
                error=repr(error),
                exc_info=None if isinstance(error, AWAY) else error,
            )
        if error is not None or task.result().outcome in {ReadOutcome.BUSY, ReadOutcome.READ_ONLY}:
            self._busy_until[read.account_id] = time.monotonic() + BUSY_FOR
        if error is None and task.result().outcome is not ReadOutcome.READ_ONLY and len(self._in_turn) <= self._queue // QUEUE:
            self.on_free()  # once for several reads: each query walks past every read that is due and cannot be made

    def _being_read(self) -> Sequence[UUID]:
        """Accounts with a read under way."""
        return [*self._in_turn, *self._starved, *self._called_for.values()]

    def _found_busy(self) -> Sequence[UUID]:
        """Accounts that were busy a moment ago. A starved read tries them all the same, or it would wait like the others."""
        now = time.monotonic()
        self._busy_until = {account: until for account, until in self._busy_until.items() if until > now}
        return list(self._busy_until)
