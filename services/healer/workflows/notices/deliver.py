"""Bring notices to people: take what is due, try each once, record how it ended.

A process that dies between the receiver's yes and the record tries once more, with the same id: at least once.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from services.healer.metrics import DELIVERIES, OLDEST_NOTICE
from services.healer.store.notices import notices
from shared.notices import store as deliveries
from shared.notices.sender import MOST, NoticeSender, round_lease, try_each
from shared.notices.store import DeliveryAttempt
from shared.vocabulary import DeliveryState, NoticeKind

log = structlog.get_logger()


class Deliver:
    """The job of delivering."""

    def __init__(self, pool: asyncpg.Pool, notice_sender: NoticeSender, *, timeout: timedelta) -> None:
        """`timeout` (technical) is the longest call."""
        self._pool = pool
        self._notice_sender = notice_sender
        self._lease = round_lease(timeout)

    async def round(self, *, only: Sequence[NoticeKind] | None = None) -> bool:
        """Try what is due, of these kinds or of all; True when there may be more."""
        taken = await notices.claim_deliveries(self._pool, most=MOST, lease=self._lease, kinds=only)
        try:
            await try_each(taken, self._try)
        finally:
            OLDEST_NOTICE.set(await notices.fetch_oldest_waiting_age(self._pool))
        return len(taken) == MOST

    async def at_once(self, delivery_id: UUID) -> None:
        """Try one that was just made, without waiting for the job; harmless when the job has taken it."""
        if (taken := await notices.claim_delivery(self._pool, delivery_id, lease=self._lease)) is not None:
            await self._try(taken)

    async def _try(self, taken: DeliveryAttempt) -> None:
        answer, then = await self._notice_sender.deliver(taken)
        if not await deliveries.record_attempt(self._pool, taken, answer, then):
            return
        DELIVERIES.labels(channel=taken.medium, outcome=then.state).inc()
        if then.state is DeliveryState.GIVEN_UP:
            log.warning("gave up telling of a notice", delivery=str(taken.id), medium=taken.medium, tries=taken.attempts, error=then.error)
