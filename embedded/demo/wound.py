"""The demo's accident: 50 prospects in mid-flight are corrupted as a restore would do it, and the healer is watched mending them."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiosql
import asyncpg

queries = aiosql.from_path(Path(__file__).with_name("wound.sql"), "asyncpg", mandatory_parameters=False)

PEOPLE: Final = 50
LOOK_EVERY: Final = 0.05
WITHIN_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Healed:
    """How many were corrupted, how many of them had been invited, and after how many real seconds all were right; None: they are not."""

    corrupted: int
    invited: int
    seconds: float | None

    @property
    def words(self) -> str:
        """One sentence for people."""
        what = f"{self.corrupted} prospects marked as sent without a contact, {self.invited} of them really invited"
        return f"{what}: " + ("not healed in time" if self.seconds is None else f"all healed after {self.seconds:.1f} s")


async def wound(pool: asyncpg.Pool) -> Healed | None:
    """Corrupt them around the triggers, and wait until nobody is corrupted any more; None where there are not as many to corrupt."""
    async with pool.acquire() as connection, connection.transaction():
        rows = [row async for row in queries.whom(connection, most=PEOPLE)]
        if len(rows) < PEOPLE:
            return None
        ids = [row["id"] for row in rows]
        await queries.around_the_triggers(connection)
        await queries.wound(connection, ids=ids)
        await queries.claim(connection, sends=[row["send_id"] for row in rows])
    began = time.monotonic()
    invited = sum(row["was"] == "connection_request_sent" for row in rows)
    while time.monotonic() - began < WITHIN_S:
        if not await queries.wounded(pool, ids=ids):
            return Healed(len(rows), invited, time.monotonic() - began)
        await asyncio.sleep(LOOK_EVERY)
    return Healed(len(rows), invited, None)
