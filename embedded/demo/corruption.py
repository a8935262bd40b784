"""The demo's accident: 50 active prospects are corrupted as a restore would do it, and the healer is observed while it repairs them."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from shared.db.queries import execute, fetch_all, fetch_value, load

queries = load(__file__)

PEOPLE: Final = 50
LOOK_EVERY: Final = 0.05
WITHIN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class CorruptionResult:
    """How many prospects were corrupted, how many of them had been invited, and after how many real seconds all were right; None: never."""

    corrupted: int
    invited: int
    seconds: float | None

    @property
    def words(self) -> str:
        """One sentence for people."""
        what = f"{self.corrupted} prospects marked as sent without a contact, {self.invited} of them really invited"
        return f"{what}: " + ("not healed in time" if self.seconds is None else f"all healed after {self.seconds:.1f} s")


@dataclass(frozen=True, slots=True)
class _ChosenProspect:
    id: UUID
    was: str
    send_id: UUID


async def corrupt_prospects(pool: asyncpg.Pool) -> CorruptionResult | None:
    """Corrupt prospects with the triggers disabled, and wait until the healer has repaired all; None where there are too few to corrupt."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await fetch_all(connection, queries.choose_prospects, _ChosenProspect, most=PEOPLE)
        if len(rows) < PEOPLE:
            return None
        ids = [row.id for row in rows]
        await execute(connection, queries.disable_triggers)
        await execute(connection, queries.mark_as_sent, ids=ids)
        await execute(connection, queries.mark_sends_as_sent, sends=[row.send_id for row in rows])
    began = time.monotonic()
    invited = sum(row.was == "connection_request_sent" for row in rows)
    while time.monotonic() - began < WITHIN_S:
        if not await fetch_value(pool, queries.count_corrupted, int, ids=ids):
            return CorruptionResult(len(rows), invited, time.monotonic() - began)
        await asyncio.sleep(LOOK_EVERY)
    return CorruptionResult(len(rows), invited, None)
