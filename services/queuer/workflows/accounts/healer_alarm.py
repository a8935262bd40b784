"""Send notices that no healer runs, while none does: the healer sends all other notices, and cannot report its own death."""

from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from services.queuer.store.accounts import healer_alarm as store
from shared.contracts.envelope import enclose
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.topics import INTEGRITY_EVENTS
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.fence.fence import UNFENCED, FenceShut, Gate
from shared.notices import store as notices
from shared.notices.sender import MOST, NoticeSender, round_lease, try_each
from shared.notices.silence import ALERT, SINCE, word_silence
from shared.notices.store import DeliveryAttempt
from shared.runtime.clock import StackClock

log = structlog.get_logger()

STACK: Final = "stack"
"""Key of an event that is of no workspace; the healer's alerts have the same."""


class Alarm:
    """Opens the alert that the healer would open, tells every active workspace once, and delivers that one notice.

    That it is over the healer says, who closes the alert with its first measurement.
    """

    def __init__(self, pool: asyncpg.Pool, clock: StackClock, courier: NoticeSender, *, timeout: timedelta, fence: Gate = UNFENCED) -> None:
        """`timeout` (technical) is the longest call."""
        self._pool = pool
        self._clock = clock
        self._courier = courier
        self._fence = fence
        self._lease = round_lease(timeout)

    async def sound(self, last_beat: datetime) -> None:
        """Send the notice to channels without it, and retry what is due; a read-only stack sends only the notice that it is one."""
        try:
            await self._fence.ask(self._pool)
        except FenceShut:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            await self._tell(connection, last_beat)
        await try_each(await store.take(self._pool, most=MOST, lease=self._lease), self._try)

    async def _try(self, taken: DeliveryAttempt) -> None:
        answer, then = await self._courier.carry(taken)
        await notices.record_attempt(self._pool, taken, answer, then)

    async def _tell(self, connection: Connection, last_beat: datetime) -> None:
        untold = await store.open_untold(connection, {SINCE: last_beat.astimezone(UTC).isoformat()})
        if untold is None:
            return
        alert_id, evidence = untold
        now = self._clock.now()
        workspaces = await store.who_to_tell(connection)
        if self._courier.mails:
            await notices.ensure_owner_channel(connection, workspaces)
        for workspace_id in workspaces:
            since = datetime.fromisoformat(evidence[SINCE]) if SINCE in evidence else last_beat
            notice_id = await notices.insert_notice(
                connection, word_silence(alert_id, since, workspace_id=workspace_id, now=now), told=True
            )
            if notice_id is not None:
                await notices.insert_deliveries(connection, notice_id, held_back=None)
        await store.told(connection, alert_id)
        event = IntegrityEvent(
            kind=ALERT,
            severity="critical",
            table_name="health_alerts",
            row_id=str(alert_id),
            evidence={**evidence, "about": "", "state": "begun"},
        )
        await put(connection, "queuer", [enclose(INTEGRITY_EVENTS, event, source="queuer", key=STACK, at=now)])
        log.warning("people are told that no healer lives", workspaces=len(workspaces))
