"""Adoption of a ledger: what differs between database and Kafka after a restore, and the request that lets the healer settle it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from services.healer.store.adoption import adoptions as adopting
from services.healer.store.adoption import requests
from services.healer.store.adoption.adoptions import AdoptionProgress
from shared.contracts.stack_heads import StackHead
from shared.fence import rules
from shared.fence import store as fences
from shared.fence.heads import Heads
from shared.refusals import Refused

READ_WITHIN: Final = 20.0
"""Seconds to read Kafka's heads."""
LISTEN: Final = 2.5
"""Seconds to detect another writer of heads; a running stack writes a head every second."""
UNKNOWN_SPAN: Final = timedelta(days=7)
"""How far back evidence is read when no head tells when a second stack began."""
LOOK_AGAIN: Final = 0.5
"""Seconds between two reads of the adoption's progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDifferences:
    """What differs between database and Kafka; times are business time."""

    reasons: Sequence[str]
    head: StackHead | None
    alive: bool
    lost_from: datetime
    lost_until: datetime
    foreign_webhooks: Sequence[str]
    unreadable: Sequence[str]
    accounts: int
    overdue: int
    durable: bool

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to adopt."""
        return not self.reasons

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {"read_only": not self.agrees, **{field.name: getattr(self, field.name) for field in fields(self)}}


async def find_differences(pool: asyncpg.Pool, kafka: str, *, since: datetime | None) -> LedgerDifferences:
    """Compare the fence's row with the heads in Kafka.

    Raises:
        Refused: the heads cannot be read, or `since` would leave out a part of the lost time.
    """
    heads = Heads(kafka, client_id="tact-cli")
    heads.start()
    try:
        await _wait_until_read(heads)
        row, seen, reasons = await _compare_with_heads(pool, heads)
        last = seen.last
        alive = bool(reasons) and last is not None and await _is_still_written(heads, row, last)
        unreadable = await requests.list_unreadable(pool)
        outlook = await requests.fetch_outlook(pool)
    finally:
        await heads.stop()
    foreign = await adopting.fetch_foreign_webhooks(pool)
    ledger_ends = outlook.now - UNKNOWN_SPAN if foreign else row.business_at or outlook.ledger_ends or outlook.now
    if reasons and since is not None and since > ledger_ends:
        raise Refused(
            f"--since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} is later than {ledger_ends.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, where "
            "this ledger ends: sends of the time in between would leave again. --since is for reading further back; leave it out."
        )
    return LedgerDifferences(
        reasons=reasons,
        head=last,
        alive=alive,
        lost_from=since or ledger_ends,
        lost_until=last.business_at if last is not None and last.business_at > ledger_ends and not foreign else outlook.now,
        foreign_webhooks=foreign,
        unreadable=unreadable,
        accounts=outlook.accounts,
        overdue=outlook.overdue,
        durable=row.durable,
    )


async def request_adoption(pool: asyncpg.Pool, found: LedgerDifferences, *, webhooks: str | None, requested_by: str) -> int:
    """Ask the healer to read the evidence of the lost time; `webhooks` says what happens to another stack's registrations.

    Raises:
        Refused: another stack still writes heads, or has webhooks and the request does not say what happens to them.
    """
    if found.alive:
        raise Refused("Another stack writes heads of this ledger at this moment. Stop its services, then adopt this one.")
    if found.foreign_webhooks and webhooks is None:
        raise Refused(
            "Another stack's webhooks are registered at the provider: say --webhooks remove if that stack is gone, "
            "or --webhooks keep if it serves other accounts and may remain."
        )
    if found.agrees:
        return await requests.retry_unreadable(pool)
    await fences.shut_fence(pool, " ".join(found.reasons))
    return await requests.request_adoption(
        pool,
        requested_by=requested_by,
        differences=list(found.reasons),
        lost_from=found.lost_from,
        lost_until=found.lost_until,
        head=found.head,
        webhooks=webhooks,
    )


async def wait_for_adoption(pool: asyncpg.Pool, adoption_id: int, *, on_progress: Callable[[dict[str, int]], None]) -> dict[str, Any]:
    """Wait for the healer, which continues when this command is ended; `on_progress` is called with each new state."""
    reported: AdoptionProgress | None = None
    while True:
        state, reached = await requests.fetch_state_and_progress(pool, adoption_id)
        if reached != reported:
            reported = reached
            on_progress(asdict(reached))
        if state == "done":
            return {"adoption": adoption_id, **asdict(reached)}
        await asyncio.sleep(LOOK_AGAIN)


async def _wait_until_read(heads: Heads) -> None:
    try:
        async with asyncio.timeout(READ_WITHIN):
            while not await heads.complete():  # noqa: ASYNC110 - the broker is polled, no event of this process announces it
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Refused(f"Kafka's heads cannot be read: {heads.trouble or 'it does not answer'}. Is TACT_KAFKA right?") from None


async def _compare_with_heads(pool: asyncpg.Pool, heads: Heads) -> tuple[rules.FenceRow, rules.SeenHeads, list[str]]:
    """The present differences; a reason that a service found and stored replaces them."""
    first = await fences.read_fence(pool)
    seen = heads.of(first.stack_id)
    mark = seen.last.seq if seen.last else 0
    row = await fences.read_fence(pool)
    await heads.complete()
    found = rules.find_differences(row, heads.of(row.stack_id), kafka_cluster=heads.cluster, mark=mark)
    if row.stack_id is None and row.read_only_why is None:
        empty = await fences.ledger_is_empty(pool)
        if not rules.may_adopt_itself(row, ledger_is_empty=empty, topic_is_empty=not heads.stacks, throw_away=False):
            found = [rules.explain_never_adopted(ledger_is_empty=empty)]
    if row.read_only_why is not None:
        found = [row.read_only_why]
    return row, seen, found


async def _is_still_written(heads: Heads, row: rules.FenceRow, last: StackHead) -> bool:
    await asyncio.sleep(LISTEN)
    await heads.complete()
    later = heads.of(row.stack_id).last
    return later is not None and later.seq > last.seq
