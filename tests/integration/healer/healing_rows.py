"""Ways in which rows get wrong around the triggers, and the healer's workflows on a database alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.repairs.repair import FindAndRepair
from shared.db.pool import Connection, open_pool
from shared.runtime.clock import StackClock
from tests.integration.healer.healer_rows import House


@asynccontextmanager
async def around_the_triggers(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """As a restore does it: no trigger fires, no key is checked."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        yield connection


async def a_crowd(pool: asyncpg.Pool, house: House, many: int) -> None:
    """So many prospects of the house that say they were invited, as their steps do, and never were."""
    async with around_the_triggers(pool) as connection:
        await connection.execute(
            """INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id, status, account_id)
               SELECT md5('crowd ' || n)::uuid, $1, $2, md5('lead ' || n)::uuid, 'connection_request_sent', $3
                 FROM generate_series(1, $4::int) n""",
            house.workspace,
            house.campaign,
            house.account,
            many,
        )
        await connection.execute(
            """INSERT INTO leads (id, workspace_id, identity, campaign_id, linkedin_id)
               SELECT p.lead_id, p.workspace_id, 'in:' || p.id, p.campaign_id, 'ACoAA' || p.id FROM campaign_prospects p
                WHERE p.campaign_id = $1 AND p.id IN (SELECT md5('crowd ' || n)::uuid FROM generate_series(1, $2::int) n)""",
            house.campaign,
            many,
        )
        await connection.execute(
            """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position,
                                       action, next_action, message, message_sha256, scheduled_for, status, sent_at)
               SELECT gen_random_uuid(), p.workspace_id, p.campaign_id, p.id, p.lead_id, p.account_id, 'connection_request', 1,
                      'invitation', 'invitation', 'Hello', sha256('x'), now(), 'sent', now() FROM campaign_prospects p
                WHERE p.id IN (SELECT md5('crowd ' || n)::uuid FROM generate_series(1, $1::int) n)""",
            many,
        )


@asynccontextmanager
async def a_healer(database: str, instance: str = "healer-test") -> AsyncIterator[FindAndRepair]:
    """The workflows in the role they have in production."""
    async with await open_pool(database, role="tact_healer", size=4, name=instance) as own:
        clock = StackClock(own)
        await clock.refresh()
        heal = FindAndRepair(own, clock, Maintenance(own, clock, call_time=timedelta(seconds=30)), instance=instance)
        try:
            yield heal
        finally:
            await heal.stop()


async def walk(heal: FindAndRepair) -> None:
    """A whole reconciliation."""
    while await heal.reconcile(timedelta(0)):
        pass
