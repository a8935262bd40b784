"""Let sequences go on that waited for their lead's other sequence, once that is over.

However it ended (a reply, the last step, a campaign that was cancelled or allows two at once now): the rows are asked, no event is.
"""

from typing import Final
from uuid import UUID

import asyncpg
import structlog

from services.queuer.store.planning import held_sequences as store

log = structlog.get_logger()

BATCH: Final = 200
FIRST_ID: Final = UUID(int=0)


class HeldSequenceRelease:
    """Any number of these may run. It goes round, one batch each time, so its cost does not grow with those who wait."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._asked = FIRST_ID

    async def sweep(self) -> bool:
        """Ask about one batch; True when it let some go on."""
        async with self._pool.acquire() as connection, connection.transaction():
            waiting = await store.load_held(connection, self._asked, most=BATCH)
            self._asked = waiting[-1].id if len(waiting) == BATCH else FIRST_ID
            over = [send for send in waiting if send.over]
            released = await store.release_held(connection, over) if over else 0
        if released:
            log.info("other sequences of these people are over, so theirs go on", sends=released)
        return bool(released)
