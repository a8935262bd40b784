"""Matching a relation again that was observed before our own record of the invitation was written."""

import asyncpg
import structlog

from services.poller.metrics import UNSETTLED_GIVEN_UP
from services.poller.store import observations, people
from services.poller.store.observations import MOST_TRIES, UnsettledRelation
from services.poller.store.transactions import in_transaction
from services.poller.workflows.match_relations import match_relation
from shared.db.pool import Connection
from shared.db.statements import lock_leads

log = structlog.get_logger()

BATCH = 100


async def match_again(pool: asyncpg.Pool) -> bool:
    """Match the relations that are due, each in a transaction of its own; True when there may be more."""

    async def match_next(connection: Connection) -> int:
        waiting = await observations.lock_due_unsettled(connection, 1)
        for one in waiting:
            await _match_one(connection, one)
        return len(waiting)

    for _ in range(BATCH):
        if not await in_transaction(pool, match_next):
            return False
    return True


async def _match_one(connection: Connection, one: UnsettledRelation) -> None:
    relation = one.relation
    found = await people.find_leads(connection, one.account, [(relation.person_id, relation.vanity)])
    leads = found.get(relation.person_id, [])
    await lock_leads(connection, leads)
    _, waits = await match_relation(connection, one.account, relation, leads, source=one.source, first_seen=True)
    if waits and one.tries < MOST_TRIES:
        await observations.postpone_unsettled(connection, one)
        return
    if waits:
        UNSETTLED_GIVEN_UP.inc()
        log.warning("an acceptance stays unmatched; the attempt waits for the healer or a person", observation=one.observation_id)
    await observations.remove_unsettled(connection, one)
