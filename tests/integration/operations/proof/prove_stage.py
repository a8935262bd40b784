"""A ledger as the sender leaves it, made in bulk: invitations five minutes apart, each with its message, its send and its use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.sender.workflows.seal import Sealer
from tests.support import builders
from tests.support.builders import BASE

LEDGER = """
WITH people AS (
  INSERT INTO leads (workspace_id, identity, linkedin_vanity, first_name, last_name)
  SELECT $1, 'in:' || $5 || n, $5 || n, 'Ana', 'Prova' FROM generate_series(1, $4::int) n RETURNING id, linkedin_vanity
), enrolled AS (
  INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, account_id, status, contacted_at)
  SELECT $1, $2, id, $3, 'connection_request_sent', $6 FROM people RETURNING id, lead_id
), numbered AS (
  SELECT e.id AS prospect_id, e.lead_id, gen_random_uuid() AS send_id, (row_number() OVER ())::int AS n FROM enrolled e
), timed AS (
  SELECT x.prospect_id, x.lead_id, x.send_id, x.n,
         $6::timestamptz + ((x.n - 1) / $7) * interval '1 day' + ((x.n - 1) % $7) * interval '5 minutes' AS at FROM numbered x
), sends AS (
  INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action, next_action,
                          linkedin_user_id, message, message_sha256, scheduled_for, status, dispatch_no, sent_at)
  SELECT send_id, $1, $2, prospect_id, lead_id, $3, 'connection_request', 1, 'invitation', 'invitation', 'ACo' || $5 || n, 'Hi',
         sha256('Hi'::bytea), at, 'sent', 1, at + interval '1 second' FROM timed
), attempts AS (
  INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner, dispatch_no,
                             recipient_id, message_sha256, decided_at, valid_until, act_by, counted_on, answered_at, provider_ref)
  SELECT $1, $2, prospect_id, lead_id, $3, send_id, 'invitation', 'accepted', 'sender-1', 1, 'ACo' || $5 || n, sha256('Hi'::bytea), at,
         at + interval '1 hour', clock_timestamp(), (at AT TIME ZONE 'America/New_York')::date, at + interval '1 second', 'inv-' || $5 || n
    FROM timed ORDER BY n RETURNING id, send_id, prospect_id, lead_id, account_id, answered_at, provider_ref
), said AS (
  INSERT INTO campaign_messages (workspace_id, account_id, lead_id, campaign_id, prospect_id, send_id, attempt_id, direction, message_type,
                                 provider_message_id, text, said_at)
  SELECT $1, account_id, lead_id, $2, prospect_id, send_id, id, 'out', 'connection_request', provider_ref, 'Hi', answered_at FROM attempts
), used AS (
  INSERT INTO account_usage (account_id, local_date, action, used)
  SELECT $3, (at AT TIME ZONE 'America/New_York')::date, 'invitation', count(*) FROM timed GROUP BY 2
)
SELECT id FROM attempts ORDER BY id
"""


@dataclass
class World:
    """One workspace with a campaign, and accounts whose ledger is in order."""

    pool: asyncpg.Pool
    workspace: UUID
    accounts: list[UUID]
    campaign: UUID
    attempts: list[int]
    """The first account's."""


async def a_world(pool: asyncpg.Pool, *, accounts: int = 1, attempts: int = 12, a_day: int = 5, since: datetime = BASE) -> World:
    """Accounts that invited `a_day` people a day, five minutes apart."""
    async with pool.acquire() as connection:
        await builders.set_clock(connection, since + timedelta(days=attempts // a_day + 1))
        workspace = await builders.a_workspace(connection)
        ids = [
            await builders.an_account(connection, workspace, name=f"Account {n}", provider_account_id=f"acc-{n}") for n in range(accounts)
        ]
        campaign = await builders.a_campaign(connection, workspace, ids, campaign_name="Spring")
        made: list[list[int]] = []
        for n, account in enumerate(ids):
            rows = await connection.fetch(LEDGER, workspace, campaign, account, attempts, f"p{n}x", since, a_day)
            made.append([row["id"] for row in rows])
    return World(pool, workspace, ids, campaign, made[0])


async def seal(pool: asyncpg.Pool) -> None:
    """What the sender's job does, until there is nothing left: the first round learns what may be sealed."""
    sealer = Sealer(pool)
    for _ in range(3):
        while await sealer.round():
            pass
