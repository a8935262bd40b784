"""Rows for tests, each with sensible values; say only what the test is about. One base time: BASE, a Tuesday at 15:00 UTC."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.db.pool import Connection

BASE = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
"""11:00 in New York: inside every account's default hours."""


async def set_clock(connection: Connection, at: datetime = BASE, *, speed: float = 1.0, leaps: bool = False) -> None:
    """Let the business clock show `at` now."""
    await connection.execute(
        "UPDATE stack_clock SET anchored_at = clock_timestamp(), business_at = $1, speed = $2, leaps = $3, version = version + 1",
        at,
        speed,
        leaps,
    )


async def insert(connection: Connection, table: str, **values: Any) -> Any:
    """Insert one row and return its id."""
    names = ", ".join(values)
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    return await connection.fetchval(f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id", *values.values())  # noqa: S608 - our own words


async def a_workspace(connection: Connection, **values: Any) -> UUID:
    """A tenant."""
    named: UUID = await insert(
        connection, "workspaces", **{"company_name": f"Company {uuid4().hex[:8]}", "email": "owner@company.example", **values}
    )
    return named


async def an_account(connection: Connection, workspace_id: UUID, **values: Any) -> UUID:
    """A premium LinkedIn account in New York."""
    defaults = {"provider_account_id": f"acc-{uuid4().hex[:12]}", "name": "An account", "account_type": "premium"}
    named: UUID = await insert(connection, "accounts", workspace_id=workspace_id, **{**defaults, **values})
    return named


async def a_campaign(connection: Connection, workspace_id: UUID, account_ids: list[UUID], **values: Any) -> UUID:
    """A running connector campaign with an invitation and one follow-up, version 1 of its workflow pinned for each prospect that enrols."""
    templates = {"connection_request": "Hi {first_name|there}", "direct_message_1": "Thanks, {first_name|friend}"}
    defaults = {
        "campaign_name": f"Campaign {uuid4().hex[:8]}",
        "campaign_type": "connector",
        "status": "running",
        "message_templates": templates,
        "linkedin_account_id": account_ids[0] if account_ids else None,
    }
    campaign_id: UUID = await insert(connection, "campaigns", workspace_id=workspace_id, **{**defaults, **values})
    for position, account_id in enumerate(account_ids, 1):
        await connection.execute(
            "INSERT INTO campaign_accounts (campaign_id, account_id, position) VALUES ($1, $2, $3)", campaign_id, account_id, position
        )
    workflow_id = await insert(connection, "workflows", campaign_id=campaign_id, version=1)
    for position, (message_type, template) in enumerate(values.get("message_templates", templates).items(), 1):
        invites = message_type == "connection_request"
        await connection.execute(
            """INSERT INTO workflow_steps (workflow_id, position, message_type, action, delay, requires_connection, template)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            workflow_id,
            position,
            message_type,
            "invitation" if invites else "message",
            timedelta(0) if position == 1 else timedelta(days=3),
            not invites,
            template,
        )
    return campaign_id


async def a_lead(connection: Connection, workspace_id: UUID, **values: Any) -> UUID:
    """A person known by a vanity."""
    vanity = values.get("linkedin_vanity", f"person-{uuid4().hex[:10]}")
    defaults = {"identity": f"in:{vanity}", "linkedin_vanity": vanity, "first_name": "Ana", "last_name": "Prova"}
    named: UUID = await insert(connection, "leads", workspace_id=workspace_id, **{**defaults, **values})
    return named


async def a_prospect(connection: Connection, campaign_id: UUID, lead_id: UUID, **values: Any) -> UUID:
    """A pending enrolment."""
    workspace_id = await connection.fetchval("SELECT workspace_id FROM campaigns WHERE id = $1", campaign_id)
    named: UUID = await insert(
        connection, "campaign_prospects", **{"workspace_id": workspace_id, "campaign_id": campaign_id, "lead_id": lead_id, **values}
    )
    return named


async def a_send(connection: Connection, prospect_id: UUID, account_id: UUID, **values: Any) -> UUID:
    """A dispatched invitation (dispatch 1) due at BASE, its recipient known."""
    prospect = await connection.fetchrow("SELECT workspace_id, campaign_id, lead_id FROM campaign_prospects WHERE id = $1", prospect_id)
    assert prospect is not None
    message = values.get("message", "Hi Ana")
    action = values.get("action", "invitation")
    defaults = {
        "id": uuid4(),
        "prospect_id": prospect_id,
        "account_id": account_id,
        "message_type": "connection_request" if action == "invitation" else "direct_message_1",
        "step_position": 1,
        "action": action,
        "next_action": action,
        "linkedin_user_id": f"ACoAA{uuid4().hex[:16]}",
        "message": message,
        "message_sha256": hashlib.sha256(message.encode()).digest(),
        "scheduled_for": BASE,
        "status": "dispatched",
        "dispatch_no": 1,
    }
    await connection.execute("UPDATE campaign_prospects SET account_id = $2 WHERE id = $1", prospect_id, account_id)
    named: UUID = await insert(connection, "send_queue", **dict(prospect), **{**defaults, **values})
    return named
