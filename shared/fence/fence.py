"""What a process asks before anything leaves, and the round in which all of them together keep the heads coming.

No process leads: whichever finds a head due writes it (compare-and-set on the row), so one that was frozen or killed is missed
for a second. The row is committed before the head is published; a head that did not arrive is published again from the row.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from shared.contracts.envelope import enclose
from shared.contracts.stack_heads import StackHead
from shared.contracts.topics import STACK_HEADS
from shared.db.errors import AWAY
from shared.db.pool import Connection
from shared.fence import rules, store
from shared.fence.heads import Heads
from shared.fence.rules import FenceRow, SeenHeads
from shared.kafka.publisher import Publisher, PublishError
from shared.metrics import FENCE_HEAD, FENCE_OPEN, FENCE_READ_ONLY

log = structlog.get_logger()

LOOK_EVERY: Final = 0.25
"""Seconds between two looks whether a head is due."""


class FenceShut(ConnectionError):  # noqa: N818 - reads as the sentence it is
    """Nothing may leave now; the message says why. Like a store that is away: the work comes again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where Kafka's heads stood before the database was asked."""

    seqs: Mapping[UUID | None, int]


class Gate(Protocol):
    """What stands between a decision and the outside."""

    def mark(self) -> Mark:
        """Take this before the row is read."""

    def require(self, row: FenceRow, mark: Mark) -> None:
        """Raise FenceShut unless something may leave, by this row."""

    async def ask(self, connection: Connection | asyncpg.Pool) -> None:
        """Read the row and require it.

        Raises:
            FenceShut: nothing may leave now.
        """

    @property
    def shut(self) -> str | None:
        """The last known reason why nothing may leave; None while it may. Makes no request."""


class _Unfenced:
    """For parts that are run alone, by hand or by a test, without the topic."""

    shut: str | None = None

    def mark(self) -> Mark:
        return Mark({})

    def require(self, row: FenceRow, mark: Mark) -> None:
        del row, mark

    async def ask(self, connection: Connection | asyncpg.Pool) -> None:
        del connection


UNFENCED: Final[Gate] = _Unfenced()


class Fence:
    """One per process."""

    def __init__(self, bootstrap: str, *, name: str, client_id: str, throw_away: bool) -> None:
        self.heads = Heads(bootstrap, client_id=f"{client_id}-heads")
        self._name = name
        self._throw_away = throw_away
        self._pool: asyncpg.Pool | None = None
        self._publisher: Publisher | None = None
        self._task: asyncio.Task[None] | None = None
        self._shut: str | None = "the fence was not read yet."
        self.read_only: str | None = None
        """Why the stack is read-only until a person adopts it; a fence that only cannot be read leaves this None."""

    def start(self, pool: asyncpg.Pool, publisher: Publisher) -> None:
        """Listen, and keep the heads coming."""
        self._pool, self._publisher = pool, publisher
        self.heads.start()
        self._task = asyncio.create_task(self._keep(), name="fence")

    async def stop(self) -> None:
        """Neither."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.heads.stop()

    @property
    def shut(self) -> str | None:
        """See Gate."""
        return self._shut

    def mark(self) -> Mark:
        """See Gate."""
        return Mark({stack_id: seen.last.seq for stack_id, seen in self.heads.stacks.items() if seen.last is not None})

    def require(self, row: FenceRow, mark: Mark) -> None:
        """See Gate.

        Raises:
            FenceShut: nothing may leave now.
        """
        seen = self.heads.of(row.stack_id)
        before = mark.seqs.get(row.stack_id, 0)
        self._say(rules.find_refusal(row, seen, mark=before, now=time.monotonic(), throw_away=self._throw_away), row)
        if self._shut is not None:
            raise FenceShut(self._shut)

    async def ask(self, connection: Connection | asyncpg.Pool) -> None:
        """See Gate.

        Raises:
            FenceShut: nothing may leave now.
        """
        mark = self.mark()
        self.require(await store.read_fence(connection), mark)

    async def shut_for(self, why: str) -> None:
        """Make the stack read-only, because a component found a sign of a second stack; it stays so until an operator adopts it."""
        if self._pool is not None and await store.shut_fence(self._pool, why):
            log.critical("read-only: nothing leaves until `tact adopt --apply`", why=why)

    def _say(self, refused: str | None, row: FenceRow) -> None:
        if refused != self._shut and (refused is None or self._shut is None):
            (log.info if refused is None else log.warning)("the fence is open" if refused is None else "nothing leaves", why=refused)
        self._shut = refused
        self.read_only = row.read_only_why
        FENCE_OPEN.set(refused is None)
        FENCE_READ_ONLY.set(row.read_only_why is not None)
        FENCE_HEAD.set(row.seq)

    def _say_unreadable(self, error: BaseException) -> None:
        why = f"the fence cannot be read: {str(error) or type(error).__name__}"
        if self._shut is None:
            log.warning("nothing leaves", why=why)
        self._shut = why
        FENCE_OPEN.set(0)

    async def _keep(self) -> None:
        while True:
            try:
                await self._round()
            except FenceShut:
                pass
            except (*AWAY, KafkaError, PublishError) as error:
                self._say_unreadable(error)
            except asyncpg.PostgresError as error:  # no such table, no right to it: a restore is under way
                self._say_unreadable(error)
            await asyncio.sleep(LOOK_EVERY)

    async def _round(self) -> None:
        """Look at both sides; write a head if one is due and they agree."""
        pool, publisher = self._pool, self._publisher
        if pool is None or publisher is None:
            return
        if not await store.is_head_due(pool):
            await self.ask(pool)
            return
        if not await self.heads.complete():
            if self.heads.trouble:
                raise FenceShut(self._trouble(self.heads.trouble))
            return
        mark = self.mark()
        row = await store.read_fence(pool)
        if row.read_only_why is None:
            row = await self._settle_new(pool, row)
        if row.read_only_why is None and row.stack_id is not None and row.own_timeline is not None and await self.heads.complete():
            await self._compare_and_beat(pool, publisher, row, mark)
        self.require(row, mark)

    async def _settle_new(self, pool: asyncpg.Pool, row: FenceRow) -> FenceRow:
        if row.stack_id is not None:
            return row
        empty = await store.ledger_is_empty(pool)
        if rules.may_adopt_itself(row, ledger_is_empty=empty, topic_is_empty=not self.heads.stacks, throw_away=self._throw_away):
            if await store.adopt_new(pool, row, kafka_cluster=self.heads.cluster):
                log.info("a new stack", system_identifier=row.own_system_identifier, timeline=row.own_timeline, kafka=self.heads.cluster)
        else:
            await self.shut_for(rules.explain_never_adopted(ledger_is_empty=empty))
        return await store.read_fence(pool)

    async def _compare_and_beat(self, pool: asyncpg.Pool, publisher: Publisher, row: FenceRow, mark: Mark) -> None:
        seen = self.heads.of(row.stack_id)
        found = rules.find_differences(row, seen, kafka_cluster=self.heads.cluster, mark=mark.seqs.get(row.stack_id, 0))
        if not found and seen.last is None and row.seq == 1 and await store.ledger_moved(pool):
            # Else the first head may only not have arrived; but then nothing would have left either.
            found = ["Kafka knows no head of this ledger, and attempts were made since its first was written: its topic is new."]
        if found:
            await self.shut_for(" ".join(found))
            return
        head = store.head_of(row)
        if head is not None and _missing(head, seen):
            await self._publish(publisher, head)  # written here, and never arrived there
        elif (head := await store.write_head(pool, row)) is not None:
            await self._publish(publisher, head)

    async def _publish(self, publisher: Publisher, head: StackHead) -> None:
        await publisher.publish([enclose(STACK_HEADS, head, source=self._name, key=head.stack_id, at=head.business_at)])

    def _trouble(self, trouble: str) -> str:
        self._shut = f"the fence cannot be read: {trouble}"
        FENCE_OPEN.set(0)
        return self._shut


def _missing(head: StackHead, seen: SeenHeads) -> bool:
    return seen.last is None or seen.last.seq < head.seq
