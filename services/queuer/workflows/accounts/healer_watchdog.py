"""The healer sends all notices and cannot report its own death, so the queuer watches its heartbeat and sends that one notice."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.store.accounts import healer_watchdog as store
from shared.contracts.envelope import enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.db.statements import business_now
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.notices import store as notices
from shared.notices.sender import MOST, NoticeSender, round_lease, try_each
from shared.notices.silence import ALERT, SINCE, word_silence
from shared.notices.store import DeliveryAttempt
from shared.runtime.clock import StackClock

log = structlog.get_logger()

SILENT: Final = timedelta(seconds=30)
"""Technical: the healer's heartbeat comes every two seconds, and a restart takes less."""
NOTIFY_AFTER: Final = timedelta(seconds=60)
"""Technical: people get the notice later than the finding is opened, for a healer that moves to another machine needs no person."""
OF_ALL: Final = "00000000-0000-0000-0000-000000000000"
STACK: Final = "stack"
"""Key of an event that is of no workspace; the healer's alerts have the same."""


class HealerAlarm:
    """Opens the alert that the healer would open, notifies every active workspace once, and delivers that one notice.

    The healer reports that the silence is over: it closes the alert with its first measurement.
    """

    def __init__(
        self, pool: asyncpg.Pool, clock: StackClock, notice_sender: NoticeSender, *, timeout: timedelta, fence: Gate = UNFENCED
    ) -> None:
        """`timeout` (technical) is the longest call."""
        self._pool = pool
        self._clock = clock
        self._notice_sender = notice_sender
        self._fence = fence
        self._lease = round_lease(timeout)

    async def notify(self, last_beat: datetime) -> None:
        """Send the notice to channels without it, and retry what is due; a read-only stack sends only the notice that it is one."""
        try:
            await self._fence.ask(self._pool)
        except FenceShut:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            await self._insert_notices(connection, last_beat)
        await try_each(await store.claim_deliveries(self._pool, most=MOST, lease=self._lease), self._deliver)

    async def _deliver(self, delivery: DeliveryAttempt) -> None:
        answer, then = await self._notice_sender.deliver(delivery)
        await notices.record_attempt(self._pool, delivery, answer, then)

    async def _insert_notices(self, connection: Connection, last_beat: datetime) -> None:
        alert = await store.open_alert(connection, {SINCE: last_beat.astimezone(UTC).isoformat()})
        if alert is None:
            return
        now = self._clock.now()
        workspaces = await store.list_active_workspaces(connection)
        if self._notice_sender.mails:
            await notices.ensure_owner_channel(connection, workspaces)
        since = datetime.fromisoformat(alert.evidence[SINCE]) if SINCE in alert.evidence else last_beat
        for workspace_id in workspaces:
            notice = word_silence(alert.id, since, workspace_id=workspace_id, now=now)
            notice_id = await notices.insert_notice(connection, notice, told=True)
            if notice_id is not None:
                await notices.insert_deliveries(connection, notice_id, held_back=None)
        await store.mark_notified(connection, alert.id)
        event = IntegrityEvent(
            kind=ALERT,
            severity="critical",
            table_name="health_alerts",
            row_id=str(alert.id),
            evidence={**alert.evidence, "about": "", "state": "begun"},
        )
        await put(connection, "queuer", [enclose(INTEGRITY_EVENTS, event, source="queuer", key=STACK, at=now)])
        log.warning("people are told that no healer lives", workspaces=len(workspaces))


class HealerWatchdog:
    """The job. Only the silence that this process has observed itself counts: after a night in which the whole stack was down, the
    healer may be starting at this moment."""

    def __init__(self, pool: asyncpg.Pool, alarm: HealerAlarm | None) -> None:
        self._pool = pool
        self._alarm = alarm
        self._began = time.monotonic()

    async def round(self) -> None:
        """Check the heartbeat once."""
        await watch_healer(self._pool, self._alarm, heard=timedelta(seconds=time.monotonic() - self._began))


async def watch_healer(pool: asyncpg.Pool, alarm: HealerAlarm | None = None, *, heard: timedelta = timedelta.max) -> bool:
    """Open one finding while no healer runs, and close it when one does; True while the healer is silent.

    After NOTIFY_AFTER, `alarm` notifies people. `heard` (technical): for how long the caller has watched. A stack that never had a
    healer is no stack whose healer is silent.
    """
    silent, last_beat = await _check_heartbeat(pool, heard)
    if last_beat is None or silent <= SILENT:
        return False
    if alarm is not None and silent > NOTIFY_AFTER:
        await alarm.notify(last_beat)
    return True


async def _check_heartbeat(pool: asyncpg.Pool, heard: timedelta) -> tuple[timedelta, datetime | None]:
    async with pool.acquire() as connection, connection.transaction():
        heartbeat = await store.read_heartbeat(connection)
        seconds, last_beat = heartbeat.silent_s, heartbeat.last_beat
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
        evidence = {"last_beat": last_beat.isoformat()}
        if await store.open_finding(connection, last_beat, evidence):
            log.critical("no healer sends heartbeats: start it", silent_s=round(seconds))
            event = IntegrityEvent(
                kind="healer_silent",
                severity="critical",
                table_name="heartbeats",
                row_id="healer",
                evidence=evidence,
            )
            now = await business_now(connection)
            await put(connection, "queuer", [enclose(INTEGRITY_EVENTS, event, source="queuer", key=OF_ALL, at=now)])
        return silent, last_beat
