"""A prospect whose every rule passes, asked about in the queuer's own role."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.workflows.insight.explain import Explanation, explain_prospect
from shared.db.pool import open_pool
from tests.support import builders
from tests.support.builders import BASE

CALL_TIMES = CallTimes(timedelta(seconds=5), timedelta(seconds=1))


@dataclass
class Scene:
    """One campaign of one account, and the person in it."""

    owner: asyncpg.Pool
    queuer: asyncpg.Pool
    workspace: UUID
    account: UUID
    campaign: UUID
    lead: UUID
    prospect: UUID

    async def ask(self, at: datetime | None = None, who: UUID | None = None) -> Explanation:
        """Explain the prospect, or somebody else."""
        async with self.queuer.acquire() as connection, connection.transaction(readonly=True):
            return await explain_prospect(connection, who or self.prospect, at=at, call_times=CALL_TIMES)

    async def change(self, table: str, row: UUID, **values: Any) -> None:
        """Change one row as its owner."""
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(values, 2))
        await self.owner.execute(f"UPDATE {table} SET {sets} WHERE id = $1", row, *values.values())  # noqa: S608 - our own words

    async def clock(self, at: datetime) -> None:
        """Let business time be that."""
        async with self.owner.acquire() as connection:
            await builders.set_clock(connection, at)

    async def send(self, **values: Any) -> UUID:
        """A planned invitation, due at BASE unless said otherwise."""
        async with self.owner.acquire() as connection:
            return await builders.a_send(connection, self.prospect, self.account, **{"status": "pending", "dispatch_no": 0, **values})


@pytest_asyncio.fixture
async def scene(database: str) -> AsyncIterator[Scene]:
    """A Tuesday at 11:00 in New York; nothing is planned yet."""
    async with await open_pool(database, role=None, size=4) as owner, await open_pool(database, role="tact_queuer", size=3) as queuer:
        async with owner.acquire() as connection:
            await builders.set_clock(connection)
            workspace = await builders.a_workspace(connection)
            account = await builders.an_account(connection, workspace, name="Ana's account")
            campaign = await builders.a_campaign(connection, workspace, [account], campaign_name="Spring")
            lead = await builders.a_lead(connection, workspace)
            prospect = await builders.a_prospect(connection, campaign, lead)
        yield Scene(owner, queuer, workspace, account, campaign, lead, prospect)


__all__ = ["BASE", "Scene"]
