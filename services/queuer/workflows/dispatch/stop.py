"""Cancel what must not leave any more: after a reply, an opt-out, a departure or a bounce. And let accounts go on."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg

from services.queuer import metrics
from services.queuer.store.dispatch import stops as store
from services.queuer.store.dispatch.stops import StoppableSend
from shared.contracts.mail_feedback import MailFeedback
from shared.db.pool import Connection


class Stopper:
    """Events say where to look; what is stopped is read from the rows, so an old event stops nothing that was resumed."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def leads(self, lead_ids: Sequence[UUID]) -> int:
        """Cancel what is planned for these leads in their whole workspace, if they have answered or opted out."""
        return await self._cancel(lambda connection: store.stoppable_of_leads(connection, lead_ids))

    async def prospects(self, prospect_ids: Sequence[UUID]) -> int:
        """Cancel what is planned for these prospects, if they have left."""
        return await self._cancel(lambda connection: store.stoppable_of_prospects(connection, prospect_ids))

    async def mail(self, feedback: Sequence[MailFeedback]) -> int:
        """Cancel the planned e-mails to these addresses."""
        return await self._cancel(
            lambda connection: store.stoppable_mail(connection, [(f.lead_id, f.address, f.feedback.value) for f in feedback])
        )

    async def accounts(self, account_ids: Sequence[UUID]) -> int:
        """Wake the accounts among these that may act again; the others simply stay out of dispatching."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await store.wake_usable(connection, account_ids)

    async def _cancel(self, find: Callable[[Connection], Awaitable[list[StoppableSend]]]) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            found = await find(connection)
            gone = await store.cancel(connection, found) if found else []
        for reason, count in Counter(gone).items():
            metrics.CANCELLED_SENDS.labels(reason=reason.partition(":")[0]).inc(count)
        return len(gone)
