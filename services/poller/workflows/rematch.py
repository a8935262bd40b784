"""A second look at what came too early: an acceptance that was here before our own record of the invitation."""

import asyncpg
import structlog

from services.poller.metrics import UNSETTLED_GIVEN_UP
from services.poller.store import observations, people
from services.poller.store.observations import MOST_TRIES, Unsettled
from services.poller.store.transactions import in_transaction
from services.poller.workflows.match_relations import match
from shared.db.pool import Connection

log = structlog.get_logger()

BATCH = 100


async def rematch(pool: asyncpg.Pool) -> bool:
    """Look at what is due, each in its own turn; True when there may be more."""

    async def look(connection: Connection) -> int:
        waiting = await observations.take_unsettled(connection, 1)
        for one in waiting:
            await _look_at(connection, one)
        return len(waiting)

    for _ in range(BATCH):
        if not await in_transaction(pool, look):
            return False
    return True


async def _look_at(connection: Connection, one: Unsettled) -> None:
    relation = one.relation
    found = await people.find_leads(connection, one.account, [(relation.person_id, relation.vanity)])
    leads = found.get(relation.person_id, [])
    await people.lock_leads(connection, leads)
    _, waits = await match(connection, one.account, relation, leads, source=one.source, first_seen=True)
    if waits and one.tries < MOST_TRIES:
        await observations.look_again(connection, one)
        return
    if waits:
        UNSETTLED_GIVEN_UP.inc()
        log.warning("an acceptance stays unmatched; the attempt waits for the healer or a person", observation=one.observation_id)
    await observations.settled(connection, one)
