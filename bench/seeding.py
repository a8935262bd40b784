"""Rows for a run, made in the database by sets: accounts, campaigns of fifty of them, and one invitation per account and turn."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiosql
import asyncpg

queries = aiosql.from_path(Path(__file__).with_name("seed.sql"), "asyncpg", mandatory_parameters=False)

OPEN: Final = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""A Tuesday, 11:00 in New York: hours of room before the accounts' day ends."""
OVER_THE_SPACING: Final = timedelta(seconds=155)
"""More than 120 s and a quarter of it, the longest an account rests after an answer."""
FILLED: Final = (
    "workspaces",
    "accounts",
    "campaigns",
    "campaign_accounts",
    "workflows",
    "workflow_steps",
    "lanes",
    "leads",
    "campaign_prospects",
    "send_queue",
)
NOT_TODAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One invitation for each of the accounts `first` to `last`; the nth is due `apart` (business) after the one before."""

    number: int
    first: int
    last: int
    due: datetime
    apart: timedelta = timedelta(0)

    @property
    def ends(self) -> datetime:
        """When the last one is due."""
        return self.due + self.apart * (self.last - self.first)


async def seed_accounts(connection: asyncpg.Connection, accounts: int) -> None:
    """A stack with that many accounts, all asleep, its clock inside their hours."""
    # Without foreign keys' checks and triggers: these rows are made to fit, and checking 100,000 accounts' takes half a minute.
    await connection.execute("SET session_replication_role = replica")
    await queries.set_clock(connection, at=OPEN)
    for make in (
        queries.seed_workspaces,
        queries.seed_accounts,
        queries.seed_campaigns,
        queries.seed_campaign_accounts,
        queries.seed_workflows,
        queries.seed_steps,
        queries.seed_lanes,
    ):
        await make(connection, accounts=accounts)


async def seed_turn(connection: asyncpg.Connection, turn: Turn) -> None:
    """The people and their planned sends; nothing moves before `wake`."""
    where = {"turn": turn.number, "first": turn.first, "last": turn.last}
    await queries.seed_leads(connection, **where)
    await queries.seed_prospects(connection, **where)
    await queries.seed_sends(connection, **where, due=turn.due, apart=turn.apart)


async def wake(connection: asyncpg.Connection, turn: Turn) -> None:
    """Let the accounts of a turn look at themselves when its sends are due."""
    await queries.wake(connection, first=turn.first, last=turn.last, since=turn.due, until=turn.ends)


async def settle(connection: asyncpg.Connection) -> None:
    """Statistics and a checkpoint after a bulk load, so that neither falls into what is measured.

    Only of the tables that were filled: one that was analysed while empty is taken for empty, and plans that scan it for
    every row stay in use until the autovacuum comes by, a minute later. It halved the rate of some runs.
    """
    await connection.execute(f"VACUUM ANALYZE {', '.join(FILLED)}")
    await connection.execute("CHECKPOINT")
