"""Rows a healer's test begins with: one workspace, account and campaign, and prospects in the state the test names."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from shared.db.pool import Connection

MONDAY_NINE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Nine in New York. The business clock of a test starts here and runs at real speed."""
ACCOUNT = "acc-healer"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The workspace's, account's and campaign's ids."""

    workspace: UUID
    account: UUID
    campaign: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One lead enrolled, with the first step planned."""

    lead: UUID
    prospect: UUID
    send: UUID
    provider_id: str
    vanity: str


def provider_id_of(name: str) -> str:
    """A classic id that names its person."""
    return f"ACoAA{name.capitalize():0<11}"


async def set_clock(pool: asyncpg.Pool, at: datetime, *, speed: float = 1.0) -> None:
    """Let the business clock show `at` now."""
    await pool.execute(
        "UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = $1, speed = $2, version = version + 1", at, speed
    )


async def a_house(pool: asyncpg.Pool, *, provider_account: str = ACCOUNT) -> House:
    """A running connector campaign with one usable account."""
    await set_clock(pool, MONDAY_NINE)
    workspace = await pool.fetchval(
        "INSERT INTO workspaces (company_name, email) VALUES ($1, 'ops@example.test') RETURNING id", f"House {uuid4().hex[:6]}"
    )
    account = await pool.fetchval(
        "INSERT INTO accounts (workspace_id, provider_account_id, name) VALUES ($1, $2, 'Ada') RETURNING id", workspace, provider_account
    )
    campaign = await pool.fetchval(
        """INSERT INTO campaigns (workspace_id, campaign_name, campaign_type, status)
           VALUES ($1, 'Spring', 'connector', 'running') RETURNING id""",
        workspace,
    )
    return House(workspace=workspace, account=account, campaign=campaign)


async def a_person(
    pool: asyncpg.Pool,
    house: House,
    *,
    name: str = "ana",
    status: str = "pending",
    contacted_at: datetime | None = None,
    action: str = "invitation",
    send_status: str = "pending",
    corrupt: bool = False,
) -> Person:
    """A prospect with its first send; a corrupt one comes into being as in real life: with the triggers switched off."""
    provider_id = provider_id_of(name)
    async with pool.acquire() as connection, connection.transaction():
        if corrupt:
            await connection.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
        lead = await connection.fetchval(
            """INSERT INTO leads (workspace_id, identity, campaign_id, first_name, linkedin_vanity, linkedin_id)
               VALUES ($1, 'in:' || $2, $3, $2, $2, $4) RETURNING id""",
            house.workspace,
            name,
            house.campaign,
            provider_id,
        )
        prospect = await connection.fetchval(
            """INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status, account_id, contacted_at)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
            house.workspace,
            house.campaign,
            lead,
            status,
            house.account,
            contacted_at,
        )
        if corrupt:
            await connection.execute("ALTER TABLE campaign_prospects ENABLE TRIGGER validate_prospect_status")
    message_type = "connection_request" if action == "invitation" else "direct_message_1"
    send = uuid4()
    await pool.execute(
        """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                   next_action, linkedin_user_id, message, message_sha256, scheduled_for, status)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8, $9, 'Hello ' || $10::text, sha256('x'), $11, $12)""",
        send,
        house.workspace,
        house.campaign,
        prospect,
        lead,
        house.account,
        message_type,
        action,
        provider_id,
        name,
        MONDAY_NINE,
        send_status,
    )
    return Person(lead=lead, prospect=prospect, send=send, provider_id=provider_id, vanity=name)


async def an_attempt(
    pool: asyncpg.Pool | Connection,
    house: House,
    person: Person,
    *,
    state: str,
    action: str = "invitation",
    decided_at: datetime = MONDAY_NINE - timedelta(minutes=5),
    acted_ago: timedelta = timedelta(minutes=5),
    picture: dict[str, Any] | None = None,
) -> int:
    """A row of the ledger whose usage is counted, due to be looked at now; `acted_ago` is technical time since act_by."""
    await pool.execute(
        """INSERT INTO account_usage (account_id, local_date, action, used) VALUES ($1, $2, $3, 1)
           ON CONFLICT (account_id, local_date, action) DO UPDATE SET used = account_usage.used + 1""",
        house.account,
        decided_at.date(),
        action,
    )
    return int(
        await pool.fetchval(
            """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                          dispatch_no, recipient_id,
                                          decided_at, valid_until, act_by, counted_on, picture, look_after, answered_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'sender-test', 1, $9, $10::timestamptz, $10::timestamptz + interval '1 hour',
                       clock_timestamp() - $11::interval, $12, $13, business_now() - interval '1 second',
                       CASE WHEN $8 = 'accepted'::attempt_state THEN $10::timestamptz END) RETURNING id""",
            house.workspace,
            house.campaign,
            person.prospect,
            person.lead,
            house.account,
            person.send,
            action,
            state,
            person.provider_id,
            decided_at,
            acted_ago,
            decided_at.date(),
            picture,
        )
    )


async def time_passes(pool: asyncpg.Pool, span: timedelta) -> None:
    """The business clock goes on by `span`; what was to be looked at by then is due."""
    await pool.execute(
        "UPDATE stack_clock SET business_at = business_now() + $1, anchored_at = clock_timestamp(), version = version + 1", span
    )
    await pool.execute("UPDATE accounts SET next_free_at = NULL")


async def one(pool: asyncpg.Pool, query: str, *arguments: object) -> asyncpg.Record:
    """The row that must be there."""
    row = await pool.fetchrow(query, *arguments)
    assert row is not None, query
    return row
