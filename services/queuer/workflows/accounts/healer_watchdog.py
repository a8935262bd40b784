"""The healer cannot report its own death, so the queuer watches its heartbeat."""

import time
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.store.accounts import healer_watchdog as store
from services.queuer.workflows.accounts.healer_alarm import Alarm
from shared.contracts.envelope import enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.db.outbox import put
from shared.db.statements import business_now

log = structlog.get_logger()

SILENT: Final = timedelta(seconds=30)
"""Technical: it beats every two seconds, and a restart takes less."""
TELL_AFTER: Final = timedelta(seconds=60)
"""Technical: people are told later than the finding says it, for a healer that is moved to another machine needs no person."""
OF_ALL: Final = "00000000-0000-0000-0000-000000000000"


class WatchHealer:
    """The job. What counts is the silence that this process has heard itself: after a night in which the whole stack was down, the
    healer may be starting just now."""

    def __init__(self, pool: asyncpg.Pool, alarm: Alarm | None) -> None:
        self._pool = pool
        self._alarm = alarm
        self._began = time.monotonic()

    async def round(self) -> None:
        """Look once."""
        await watch_healer(self._pool, self._alarm, heard=timedelta(seconds=time.monotonic() - self._began))


async def watch_healer(pool: asyncpg.Pool, alarm: Alarm | None = None, *, heard: timedelta = timedelta.max) -> bool:
    """Open a finding and tell it once while no healer lives, and close it when one does; True while it is silent.

    After TELL_AFTER people are told, by `alarm`. `heard` (technical): for how long the caller has watched. A stack that never had a
    healer is no stack whose healer is silent.
    """
    silent, last_beat = await _watch(pool, heard)
    if last_beat is None or silent <= SILENT:
        return False
    if alarm is not None and silent > TELL_AFTER:
        await alarm.sound(last_beat)
    return True


async def _watch(pool: asyncpg.Pool, heard: timedelta) -> tuple[timedelta, datetime | None]:
    async with pool.acquire() as connection, connection.transaction():
        seconds, last_beat = await store.last_beat(connection)
        metrics.HEALER_SILENT.set(seconds or 0)
        if seconds is None or last_beat is None:
            return timedelta(0), None
        silent = min(timedelta(seconds=seconds), heard)
        if seconds <= SILENT.total_seconds():
            if await store.close_finding(connection):
                log.info("the healer is there again")
            return silent, last_beat
        if silent <= SILENT:
            return silent, last_beat
        if await store.open_finding(connection, last_beat):
            log.critical("no healer says that it lives: start it", silent_s=round(seconds))
            event = IntegrityEvent(
                kind="healer_silent",
                severity="critical",
                table_name="heartbeats",
                row_id="healer",
                evidence={"last_beat": last_beat.isoformat()},
            )
            now = await business_now(connection)
            await put(connection, "queuer", [enclose(INTEGRITY_EVENTS, event, source="queuer", key=OF_ALL, at=now)])
        return silent, last_beat
