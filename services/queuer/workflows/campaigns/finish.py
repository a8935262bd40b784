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
        again = await finished.go_on(connection, found) if (found := await finished.to_go_on(connection, most=MOST)) else []
        for campaign_id, workspace_id in again:
            await write_audit_line(
                connection, ACTOR, "go_on", "campaign", campaign_id, workspace_id=workspace_id, details={"was": "completed"}
            )
    async with pool.acquire() as connection, connection.transaction():
        over = await finished.complete(connection, found) if (found := await finished.done(connection, most=MOST)) else []
        for campaign_id, workspace_id in over:
            await write_audit_line(
                connection, ACTOR, "complete", "campaign", campaign_id, workspace_id=workspace_id, details={"was": "running"}
            )
    for campaign_id, _ in over:
        log.info("all prospects of a campaign have ended, so it is completed", campaign=campaign_id)
    for campaign_id, _ in again:
        log.info("a campaign that was completed by itself goes on", campaign=campaign_id)
    return len(over) == MOST or len(again) == MOST
