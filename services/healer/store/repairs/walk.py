"""Where the healer looks: what changed, the hourly walk over everything, who leads, and that it is alive."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


async def find_corruption(pool: asyncpg.Pool) -> tuple[bool, datetime | None]:
    """Is there a prospect that says what cannot be, and that a repair may take? And the moment (technical) at which nothing was
    wrong but what waits for a person; None: something is."""
    row: Any = await queries.any_corrupted(pool)
    return row["any"], row["all_right_at"]


async def take_changed_rows(connection: Connection, *, settled: timedelta, most: int) -> list[tuple[str, UUID]]:
    """What changed at least `settled` ago: (prospect, lead or campaign; its id). Gone with the caller's commit."""
    return [(row["what"], row["row_id"]) async for row in queries.take_changed(connection, settled=settled, most=most)]


async def fetch_prospects_of(connection: Connection, *, leads: Sequence[UUID] = (), sends: Sequence[UUID] = ()) -> list[UUID]:
    """The prospects of these leads and sends."""
    found = [row["id"] async for row in queries.prospects_of_leads(connection, ids=list(leads))] if leads else []
    return found + ([row["id"] async for row in queries.prospects_of_sends(connection, ids=list(sends))] if sends else [])


async def fetch_next_ids(connection: Connection, what: str, after: UUID, *, most: int) -> list[UUID]:
    """The next `prospects` or `campaigns` in order of id."""
    rows = queries.next_prospects if what == "prospects" else queries.next_campaigns
    return [row["id"] async for row in rows(connection, after=after, most=most)]


async def open_run(connection: Connection, *, every: timedelta) -> dict[str, Any] | None:
    """The walk under way, or a new one where the last began `every` ago; None where neither is so or another process holds it."""
    row = await queries.open_run(connection)
    if row is None and await queries.begin_run(connection, every=every) is not None:
        row = await queries.open_run(connection)
    return dict(row) if row is not None else None


async def store_progress(connection: Connection, run: int, *, walking: str, cursor: UUID, looked_at: int, found: int) -> None:
    """Keep where the walk stands."""
    await queries.went_on(connection, id=run, walking=walking, cursor=cursor, looked_at=looked_at, found=found)


async def end_run(connection: Connection, run: int) -> None:
    """The walk has been everywhere."""
    await queries.end_run(connection, id=run)


async def store_heartbeat(pool: asyncpg.Pool, instance: str, *, leads: bool) -> None:
    """Say that this process is alive; another service watches."""
    await queries.beat(pool, instance=instance, leads=leads)
    await queries.forget_dead(pool, instance=instance)


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
                leads = bool(await queries.try_lead(connection))
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
                await queries.give_up_lead(connection)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            connection.terminate()
        await self._pool.release(connection)


async def _lives(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False
