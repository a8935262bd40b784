"""Hand what is due to the sender, one send per account at a time, and expire the leases of dispatches that no sender answered.

The row is its own outbox: it is marked and leased before Kafka hears of it, so a publish that fails, a crash in
between and a topic that was lost all end the same way: the lease runs out and the send is dispatched again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.settings import QueuerSettings
from services.queuer.store.dispatch import dispatch as store
from shared.contracts.envelope import enclose
from shared.contracts.sends_due import SendDue
from shared.contracts.topics import SENDS_DUE
from shared.db.statements import business_now
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.kafka.publisher import Publisher

log = structlog.get_logger()

FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class DispatchLimits:
    """How much is handed out at once. Leases are technical time, `rest` and `forgotten_after` are business time."""

    batch: int
    unanswered: int
    lease: timedelta
    longest_lease: timedelta
    rest: timedelta = timedelta(seconds=5)
    forgotten_after: timedelta = timedelta(minutes=10)

    @classmethod
    def of(cls, settings: QueuerSettings) -> "DispatchLimits":
        """As the settings say."""
        return cls(
            batch=settings.dispatch_batch,
            unanswered=settings.dispatch_unanswered,
            lease=settings.dispatch_lease,
            longest_lease=settings.dispatch_longest_lease,
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick came to: the accounts it looked at, what it handed out; `lagging` means that it handed out nothing on purpose."""

    accounts: int
    due: Sequence[store.Dispatch]
    lagging: bool = False
    read_only: str | None = None
    """Why nothing at all may leave."""


class Dispatcher:
    """Any number of these may run: each takes accounts the others do not hold."""

    def __init__(self, pool: asyncpg.Pool, publisher: Publisher, limits: DispatchLimits, *, fence: Gate = UNFENCED) -> None:
        self._pool = pool
        self._publisher = publisher
        self._limits = limits
        self._fence = fence
        self._looked_at = FIRST_ID

    async def dispatch(self) -> bool:
        """Dispatch one batch; True when there may be more.

        Raises:
            PublishError: as `tick`.
        """
        return (await self.tick()).accounts == self._limits.batch

    async def tick(self, *, workspace_id: UUID | None = None, account_id: UUID | None = None) -> Tick:
        """Hand out what is due, of one workspace or account if named; any number of ticks may run at once.

        Raises:
            PublishError: the broker did not confirm; the leases bring these sends back.
        """
        limits = self._limits
        async with self._pool.acquire() as connection:
            try:
                await self._fence.ask(connection)
            except FenceShut as shut:
                return Tick(0, (), read_only=str(shut))
            waiting = await store.count_unanswered(connection, most=limits.unanswered)
            metrics.UNANSWERED.set(waiting)
            if waiting >= limits.unanswered:
                return Tick(0, (), lagging=True)  # the topic lags: more of it would only run out of lease there
            async with connection.transaction():
                now = await business_now(connection)
                accounts = await store.lock_awake(connection, now=now, most=limits.batch, workspace_id=workspace_id, account_id=account_id)
                if not accounts:
                    return Tick(0, ())
                due = await store.dispatch(connection, accounts, now=now, lease=limits.lease, longest=limits.longest_lease)
                busy = {each.account_id for each in due}
                await store.set_next_check(connection, [each for each in accounts if each not in busy], now=now, least=limits.rest)
        await self._publisher.publish(
            [
                enclose(
                    SENDS_DUE,
                    SendDue(send_id=d.send_id, account_id=d.account_id, dispatch_no=d.dispatch_no, allowed_at=d.allowed_at),
                    source="queuer",
                    key=d.account_id,
                    at=now,
                )
                for d in due
            ]
        )
        metrics.DISPATCHED_SENDS.inc(len(due))
        for each in due:
            metrics.DISPATCH_LATENESS.observe(max((now - each.allowed_at).total_seconds(), 0))
        return Tick(len(accounts), due)

    async def sweep(self) -> bool:
        """Make dispatches pending again that no sender answered in time; True when there may be more."""
        async with self._pool.acquire() as connection, connection.transaction():
            now = await business_now(connection)
            accounts = await store.lock_expired(connection, most=self._limits.batch)
            back = await store.expire_leases(connection, accounts, now=now) if accounts else 0
        if accounts:
            log.warning("no sender answered in time: leases expired, sends are pending again", accounts=len(accounts), sends=back)
        metrics.LEASES_OVER.inc(back)
        return len(accounts) == self._limits.batch

    async def wake_forgotten(self) -> bool:
        """Look at one batch of sleeping accounts for those whose wake was lost; True when it found some.

        Planning, answers and reconnections each set the wake in their own transaction; this makes harmless what a hand in
        the database or a defect forgets. It goes round, one batch each time, so its cost does not grow with the accounts.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            now = await business_now(connection)
            asleep = await store.sleeping_accounts(connection, after=self._looked_at, most=self._limits.batch)
            self._looked_at = asleep[-1] if len(asleep) == self._limits.batch else FIRST_ID
            forgotten = await store.lock_forgotten(connection, asleep, overdue_since=now - self._limits.forgotten_after) if asleep else []
            await store.set_next_check(connection, forgotten, now=now, least=timedelta())
        if forgotten:
            log.warning("accounts had sends due and no next check; their next check is now", accounts=len(forgotten))
        metrics.FORGOTTEN.labels(what="account").inc(len(forgotten))
        return bool(forgotten)

    async def measure(self) -> None:
        """Say for how long the send that has been allowed longest could have left."""
        async with self._pool.acquire() as connection:
            now = await business_now(connection)
            oldest = await store.oldest_due(connection, now=now)
        metrics.OLDEST_DUE_AGE.set((now - oldest).total_seconds() if oldest else 0)
