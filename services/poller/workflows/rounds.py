"""Which reads begin, and when: those that are due in turn, those of accounts that are never free, and those somebody asks for.

Reads do not wait for one another: one whose account's rows are held by a process that froze would keep all the others waiting.
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
from services.poller.store.reads import Due, Kind
from services.poller.workflows.look import Pages
from services.poller.workflows.read import BUSY, TURN, Made, Outcome, Reading
from shared.db.errors import AWAY
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.unipile.client import UnipileClient

log = structlog.get_logger()

PATIENCE: Final = timedelta(minutes=10)
"""Business: a read waits so long for a free moment of its account before it insists."""
QUEUE: Final = 2
"""Reads that are begun for each of `reads_at_once`: one is made, one is ready when it ends. Of the others the accounts may act."""
INSISTING: Final = 200
"""Accounts that are in hand until their rest is over."""
LEFT_OUT_FOR: Final = 5.0
"""Seconds until an account that could not be had is tried again: while it is the one that is due longest, others are read. Long enough to
come past the 500 that a frozen queuer may hold (TACT_DISPATCH_BATCH) before the first of them is tried again."""
MOST_AT_ONCE: Final = 2_000
"""Reads that one call of a cron route makes; the rest is due and is read by the job."""
ASKED_WITHIN: Final = 30.0
"""Seconds after which such a call begins no more of them, for whoever called waits; the job goes on."""


@dataclass(slots=True)
class Round:
    """What the reads that somebody asked for came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    replies: int = 0


class Reader:
    """Begins reads; `wake_relay` is called when one is over, and `go_on` when another may begin."""

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
        self._reading = Reading(pool, client, settings, instance=instance, pages=pages or Pages(), fence=fence)
        self._wake_relay = wake_relay
        self.go_on: Callable[[], None] = lambda: None
        self._queue = QUEUE * settings.reads_at_once
        self._in_turn: dict[UUID, asyncio.Task[Made]] = {}
        self._insisting: dict[UUID, asyncio.Task[Made]] = {}
        self._asked: dict[asyncio.Task[Made], UUID] = {}
        self._left_out: dict[UUID, float] = {}

    async def introduce(self) -> None:
        """Plan the first reads of new accounts."""
        await reads.introduce(self._pool, await reads.business_now(self._pool), self._reading.every)

    async def begin(self) -> None:
        """Begin reads that are due, as many as there is room for, and wait for none."""
        if (room := self._queue - len(self._in_turn)) <= 0:
            return
        now = await reads.business_now(self._pool)
        for read in await reads.due(self._pool, now, kinds=list(Kind), without=[*self._in_hand(), *self._not_to_be_had()], most=room):
            self._begin(self._in_turn, read, partial(self._reading.in_turn, read, now))

    async def insist(self) -> None:
        """The same for reads that have waited for `PATIENCE` because their account is never free."""
        if (room := INSISTING - len(self._insisting)) <= 0:
            return
        now = await reads.business_now(self._pool)
        waiting = await reads.starved(self._pool, now, since=now - PATIENCE, free_by=now + TURN, without=self._in_hand(), most=room)
        for read in waiting:
            self._begin(self._insisting, read, partial(self._reading.once_rested, read, now))

    async def ended(self) -> None:
        """Wait until every read that was begun is over."""
        await asyncio.gather(*self._under_way(), return_exceptions=True)

    async def stop(self) -> None:
        """Give up the reads under way; their accounts are let go, and they are due again."""
        for task in self._under_way():
            task.cancel()
        await self.ended()

    def _under_way(self) -> Sequence[asyncio.Task[Made]]:
        return [*self._in_turn.values(), *self._insisting.values(), *self._asked]

    async def at_once(self, kind: Kind) -> Round:
        """Make this read due for every account and read those that may be read now; what was not begun in time counts as busy."""
        now = await reads.business_now(self._pool)
        await reads.introduce(self._pool, now, self._reading.every)
        await reads.ask_all(self._pool, now, kind)
        done = Round(Counter(await reads.waiting(self._pool, now, kind)))
        by, room = time.monotonic() + ASKED_WITHIN, asyncio.Semaphore(self._queue)  # others' reads do not stand behind all of these

        async def one(read: Due) -> Made:
            async with room:
                return await self._counted(read, partial(self._reading.in_turn, read, now, by=by))

        waiting = await reads.due(self._pool, now, kinds=[kind], without=(), most=MOST_AT_ONCE)
        tasks = [asyncio.create_task(one(read), name=f"asked {read.kind} of {read.account_id}") for read in waiting]
        self._asked |= {task: read.account_id for task, read in zip(tasks, waiting, strict=True)}
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
            for made in [BUSY if task.cancelled() else task.result() for task in tasks]:
                done.outcomes[made.outcome.value] += 1
                done.accepted += made.accepted
                done.replies += made.replies
        finally:
            for task in tasks:
                del self._asked[task]
        return done

    def _begin(self, place: dict[UUID, asyncio.Task[Made]], read: Due, make: Callable[[], Awaitable[Made]]) -> None:
        task = asyncio.create_task(self._counted(read, make), name=f"read {read.kind} of {read.account_id}")
        place[read.account_id] = task
        task.add_done_callback(partial(self._over, place, read))

    async def _counted(self, read: Due, make: Callable[[], Awaitable[Made]]) -> Made:
        with structlog.contextvars.bound_contextvars(account=str(read.account_id), read=read.kind.value):
            try:
                made = await make()
            except FenceShut:
                made = Made(Outcome.READ_ONLY)
            except Exception:
                READS.labels(kind=read.kind.value, outcome=Outcome.FAILED.value).inc()
                raise
        READS.labels(kind=read.kind.value, outcome=made.outcome.value).inc()
        return made

    def _over(self, place: dict[UUID, asyncio.Task[Made]], read: Due, task: asyncio.Task[Made]) -> None:
        del place[read.account_id]
        if task.cancelled():
            return
        self._wake_relay()
        if (error := task.exception()) is not None:
            log.warning(
                "a read was given up, it will be made again",
                account=str(read.account_id),
                read=read.kind.value,
                error=repr(error),
                exc_info=None if isinstance(error, AWAY) else error,
            )
        if error is not None or task.result().outcome in {Outcome.BUSY, Outcome.READ_ONLY}:
            self._left_out[read.account_id] = time.monotonic() + LEFT_OUT_FOR
        if error is None and task.result().outcome is not Outcome.READ_ONLY and len(self._in_turn) <= self._queue // QUEUE:
            self.go_on()  # once for several reads: each look walks past all that is due and cannot be read

    def _in_hand(self) -> Sequence[UUID]:
        """Accounts that are read already."""
        return [*self._in_turn, *self._insisting, *self._asked.values()]

    def _not_to_be_had(self) -> Sequence[UUID]:
        """Those that could not be had a moment ago; a read that insists tries them all the same, or it would wait like the others."""
        now = time.monotonic()
        self._left_out = {account: until for account, until in self._left_out.items() if until > now}
        return list(self._left_out)
