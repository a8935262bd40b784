"""One workspace with a campaign, and what tests ask of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_workspace, an_account, set_clock


@dataclass
class World:
    """One workspace with a campaign, and what tests ask of it."""

    pool: asyncpg.Pool
    workspace: UUID
    accounts: list[UUID]
    campaign: UUID
    prospects: list[UUID] = field(default_factory=list)

    async def enrol(self, count: int, **lead: Any) -> list[UUID]:
        """That many new prospects of the campaign."""
        async with self.pool.acquire() as connection:
            fresh = [await a_prospect(connection, self.campaign, await a_lead(connection, self.workspace, **lead)) for _ in range(count)]
        self.prospects += fresh
        return fresh

    async def sends(self) -> list[asyncpg.Record]:
        """Every send, in order of its moment."""
        rows: list[asyncpg.Record] = await self.pool.fetch("SELECT * FROM send_queue ORDER BY scheduled_for, id")
        return rows

    async def prospect(self, prospect_id: UUID) -> asyncpg.Record:
        """One prospect as it is now."""
        row = await self.pool.fetchrow("SELECT * FROM campaign_prospects WHERE id = $1", prospect_id)
        assert row is not None
        return row


async def make_world(pool: asyncpg.Pool, *, accounts: int = 1, account: dict[str, Any] | None = None, **campaign: Any) -> World:
    """A workspace on a clock that shows BASE."""
    async with pool.acquire() as connection:
        await set_clock(connection)
        workspace = await a_workspace(connection)
        ids = [await an_account(connection, workspace, **(account or {})) for _ in range(accounts)]
        return World(pool, workspace, ids, await a_campaign(connection, workspace, ids, **campaign))


async def an_attempt(pool: asyncpg.Pool, send_id: UUID, *, state: str = "intent", action: str = "profile_lookup") -> None:
    """An attempt of this send in this state."""
    await pool.execute(
        """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                      dispatch_no, decided_at, valid_until, act_by, counted_on)
           SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, $3, $2, 'a sender', 1, $4, $4, clock_timestamp(), $5
             FROM send_queue WHERE id = $1""",
        send_id,
        state,
        action,
        BASE,
        BASE.date(),
    )
