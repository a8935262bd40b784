"""Complete campaigns whose prospects have all ended, and resume completed campaigns that have a prospect again.

The rows are queried on a schedule instead of reacting to events: there are a dozen ways in which the last prospect of a
campaign may end, or come back.
"""

from typing import Final

import asyncpg
import structlog

from services.queuer.store.campaigns import finished
from shared.db.statements import write_audit_line

log = structlog.get_logger()

MOST: Final = 200
ACTOR: Final = "queuer"


async def finish_campaigns(pool: asyncpg.Pool) -> bool:
    """Look once; True when there may be more. Any number of processes may do so."""
    async with pool.acquire() as connection, connection.transaction():
        again = await finished.resume(connection, found) if (found := await finished.find_resumable(connection, most=MOST)) else []
        for each in again:
            details = {"was": "completed"}
            await write_audit_line(connection, ACTOR, "go_on", "campaign", each.id, workspace_id=each.workspace_id, details=details)
    async with pool.acquire() as connection, connection.transaction():
        over = await finished.complete(connection, found) if (found := await finished.find_finished(connection, most=MOST)) else []
        for each in over:
            details = {"was": "running"}
            await write_audit_line(connection, ACTOR, "complete", "campaign", each.id, workspace_id=each.workspace_id, details=details)
    for each in over:
        log.info("all prospects of a campaign have ended, so it is completed", campaign=each.id)
    for each in again:
        log.info("a campaign that was completed by itself goes on", campaign=each.id)
    return len(over) == MOST or len(again) == MOST
