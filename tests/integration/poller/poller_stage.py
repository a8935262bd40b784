"""A workspace with one account and people in a campaign, each in the state a test starts from."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

HASH = bytes(32)
SECRET = "secret-of-the-webhooks"
CRON = "secret-of-the-cron"
KEY = "key-of-the-simulator"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One person of the campaign."""

    person_id: str
    vanity: str
    lead_id: UUID
    prospect_id: UUID
    send_id: UUID
    attempt_id: int | None


class Stage:
    """Rows as the other services write them; `owner` may write every table."""

    def __init__(self, owner: asyncpg.Pool) -> None:
        self.owner = owner
        self.workspace_id = uuid4()
        self.account_id = uuid4()
        self.campaign_id = uuid4()
        self.provider_account_id = f"acc-{self.account_id.hex[:8]}"
        self.member_id = f"ACoAAMember{self.account_id.hex[:8]}"

    async def prepare(self, *, campaign_type: str = "connector", always_open: bool = True) -> None:
        """The workspace, its account and its campaign."""
        hours = {"working_hours_start": 0, "working_hours_end": 24, "skip_weekends": False, "skip_holidays": False} if always_open else {}
        await self.owner.execute(
            "INSERT INTO workspaces (id, company_name, email) VALUES ($1, $2, 'ops@example.com')",
            self.workspace_id,
            f"Acme {self.workspace_id}",
        )
        await self.owner.execute(
            """INSERT INTO accounts (id, workspace_id, provider_account_id, provider_user_id, name, schedule_settings)
               VALUES ($1, $2, $3, $4, 'Tom Reed', $5)""",
            self.account_id,
            self.workspace_id,
            self.provider_account_id,
            self.member_id,
            hours,
        )
        await self.owner.execute(
            "INSERT INTO campaigns (id, workspace_id, campaign_name, campaign_type, status) VALUES ($1, $2, 'Spring', $3, 'running')",
            self.campaign_id,
            self.workspace_id,
            campaign_type,
        )

    async def now(self) -> datetime:
        """Business time."""
        now: datetime = await self.owner.fetchval("SELECT business_now()")
        return now

    async def enrol(
        self,
        status: str = "connection_request_sent",
        *,
        contacted: timedelta | None = timedelta(days=1),
        attempt: str | None = "accepted",
        person_id: str | None = None,
        known: bool = True,
        picture: dict[str, Any] | None = None,
    ) -> Enrolled:
        """A prospect in `status`, contacted so long ago, with an invitation whose attempt is in that state."""
        name = uuid4().hex[:10]
        person_id, vanity = person_id or f"ACoAAPerson{name}", f"ana-{name}"
        lead_id, prospect_id, send_id = uuid4(), uuid4(), uuid4()
        decided_at = await self.now() - (contacted or timedelta(minutes=1))
        await self.owner.execute(
            "INSERT INTO leads (id, workspace_id, identity, campaign_id, linkedin_vanity) VALUES ($1, $2, $3, $4, $5)",
            lead_id,
            self.workspace_id,
            f"in:{vanity}",
            self.campaign_id,
            vanity,
        )
        if known:
            await self.owner.execute(
                """INSERT INTO recipients (account_id, lead_id, workspace_id, provider_id, public_identifier, resolved_at)
                   VALUES ($1, $2, $3, $4, $5, $6)""",
                self.account_id,
                lead_id,
                self.workspace_id,
                person_id,
                vanity,
                decided_at,
            )
        await self.owner.execute(
            """INSERT INTO campaign_prospects (id, workspace_id, campaign_id, lead_id, status, account_id, contacted_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            prospect_id,
            self.workspace_id,
            self.campaign_id,
            lead_id,
            status,
            self.account_id,
            decided_at if contacted else None,
        )
        one = Enrolled(person_id, vanity, lead_id, prospect_id, send_id, None)
        await self._send(one, decided_at, "sent" if attempt == "accepted" else "sending")
        return replace(one, attempt_id=await self._attempt(one, decided_at, attempt, picture)) if attempt else one

    async def finish(self, one: Enrolled) -> None:
        """The sender records that the provider took the invitation."""
        async with self.owner.acquire() as connection, connection.transaction():
            decided_at = await connection.fetchval(
                "UPDATE send_attempts SET state = 'accepted' WHERE id = $1 AND state = 'intent' RETURNING decided_at", one.attempt_id
            )
            await connection.execute("UPDATE send_queue SET status = 'sent', sent_at = $2 WHERE id = $1", one.send_id, decided_at)
            await connection.execute(
                """UPDATE campaign_prospects SET contacted_at = coalesce(contacted_at, $2),
                   status = CASE WHEN status IN ('pending', 'approved') THEN 'connection_request_sent' ELSE status END WHERE id = $1""",
                one.prospect_id,
                decided_at,
            )

    async def prospect(self, one: Enrolled) -> asyncpg.Record:
        """The prospect as it is."""
        row = await self.owner.fetchrow("SELECT * FROM campaign_prospects WHERE id = $1", one.prospect_id)
        assert row is not None
        return row

    async def status(self, one: Enrolled) -> str:
        """The prospect's status."""
        status: str = (await self.prospect(one))["status"]
        return status

    async def events(self, topic: str) -> list[dict[str, Any]]:
        """What the outbox holds for a topic, for this account."""
        rows = await self.owner.fetch(
            "SELECT payload::jsonb AS payload FROM outbox WHERE topic = $1 AND key = $2 ORDER BY id", topic, str(self.account_id)
        )
        return [row["payload"] for row in rows]

    async def observations(self, kind: str) -> list[asyncpg.Record]:
        """What is kept of a kind."""
        return list(
            await self.owner.fetch("SELECT * FROM observations WHERE account_id = $1 AND kind = $2 ORDER BY id", self.account_id, kind)
        )

    async def _send(self, one: Enrolled, at: datetime, status: str) -> None:
        await self.owner.execute(
            """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                       next_action, linkedin_user_id, message, message_sha256, scheduled_for, status)
               VALUES ($1, $2, $3, $4, $5, $6, 'connection_request', 1, 'invitation', 'invitation', $7, 'Hello Ana', $8, $9, $10)""",
            one.send_id,
            self.workspace_id,
            self.campaign_id,
            one.prospect_id,
            one.lead_id,
            self.account_id,
            one.person_id,
            HASH,
            at,
            status,
        )

    async def _attempt(self, one: Enrolled, at: datetime, state: str, picture: dict[str, Any] | None) -> int:
        attempt_id: int = await self.owner.fetchval(
            """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                          dispatch_no, recipient_id, decided_at, valid_until, act_by, counted_on, picture)
               VALUES ($1, $2, $3, $4, $5, $6, 'invitation', $7, 'sender-1', 1, $8, $9, $9, now(), current_date, $10) RETURNING id""",
            self.workspace_id,
            self.campaign_id,
            one.prospect_id,
            one.lead_id,
            self.account_id,
            one.send_id,
            state,
            one.person_id,
            at,
            picture,
        )
        return attempt_id
