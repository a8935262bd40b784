"""What the healer examines next: changed rows and the hourly walk over all rows; also its leadership lock and its heartbeat."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.errors import DATABASE_ERRORS
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, fetch_one, fetch_value, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Corruption:
    """Whether anything is to be repaired, and since when nothing was."""

    any: bool
    all_right_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A prospect, lead or campaign that changed."""

    what: str
    row_id: UUID


@dataclass(frozen=True, slots=True)
class WalkRun:
    """A walk over all rows that has not ended."""

    id: int
    walking: str
    cursor: UUID


async def find_corruption(pool: asyncpg.Pool) -> tuple[bool, datetime | None]:
    """Is there a prospect that says what cannot be, and that a repair may take? And the moment (technical) at which nothing was
    wrong but what waits for a person; None: something is."""
    row = await fetch_one(pool, queries.any_corrupted, Corruption)
    return (False, None) if row is None else (row.any, row.all_right_at)


async def take_changed_rows(connection: Connection, *, settled: timedelta, most: int) -> list[tuple[str, UUID]]:
    """What changed at least `settled` ago: (prospect, lead or campaign; its id). Gone with the caller's commit."""
    rows = await fetch_all(connection, queries.take_changed, ChangedRow, settled=settled, most=most)
    return [(row.what, row.row_id) for row in rows]


async def fetch_prospects_of(connection: Connection, *, leads: Sequence[UUID] = (), sends: Sequence[UUID] = ()) -> list[UUID]:
    """The prospects of these leads and sends."""
    found = await fetch_column(connection, queries.prospects_of_leads, UUID, ids=list(leads)) if leads else []
    return found + (await fetch_column(connection, queries.prospects_of_sends, UUID, ids=list(sends)) if sends else [])


async def fetch_next_ids(connection: Connection, what: str, after: UUID, *, most: int) -> list[UUID]:
    """The next `prospects` or `campaigns` in order of id."""
    if what == "prospects":
        return await fetch_column(connection, queries.next_prospects, UUID, after=after, most=most)
    return await fetch_column(connection, queries.next_campaigns, UUID, after=after, most=most)


async def open_run(connection: Connection, *, every: timedelta) -> WalkRun | None:
    """The walk under way, or a new one where the last began `every` ago; None where neither is so or another process holds it."""
    run = await fetch_one(connection, queries.open_run, WalkRun)
    if run is None and await fetch_value(connection, queries.begin_run, int, every=every) is not None:
        run = await fetch_one(connection, queries.open_run, WalkRun)
    return run


async def store_progress(connection: Connection, run: int, *, walking: str, cursor: UUID, looked_at: int, found: int) -> None:
    """Keep where the walk stands."""
    await execute(connection, queries.went_on, id=run, walking=walking, cursor=cursor, looked_at=looked_at, found=found)


async def end_run(connection: Connection, run: int) -> None:
    """The walk has been everywhere."""
    await execute(connection, queries.end_run, id=run)


async def store_heartbeat(pool: asyncpg.Pool, instance: str, *, leads: bool) -> None:
    """Write this process's heartbeat, which the queuer watches."""
    await execute(pool, queries.beat, instance=instance, leads=leads)
    await execute(pool, queries.forget_dead, instance=instance)


class HealerLeadership:
    """One healer looks at a time: an advisory lock, held by a connection of its own and free as soon as that is gone."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._held: Any = None
        self._asking = asyncio.Lock()

    @property
    def held(self) -> bool:
        """Whether this process led when it was asked last."""
        return self._held is not None

    async def take(self) -> bool:
        """Lead, or go on leading; False where another process does."""
        async with self._asking:
            if self._held is not None:
                if await _lives(self._held):
                    return True
                connection, self._held = self._held, None
                await self._pool.release(connection)
            connection = await self._pool.acquire()
            try:
                leads = bool(await fetch_value(connection, queries.try_lead, bool))
            except BaseException:
                await self._pool.release(connection)
                raise
            if leads:
                self._held = connection
            else:
                await self._pool.release(connection)
            return leads

    async def give_up(self) -> None:
        """Let another lead."""
        connection, self._held = self._held, None
        if connection is None:
            return
        try:
            async with asyncio.timeout(2):
                await execute(connection, queries.give_up_lead)
        except DATABASE_ERRORS:
            connection.terminate()
        await self._pool.release(connection)


async def _lives(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False
