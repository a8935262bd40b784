"""A sender on the real database and a simulator that lives in its clock; only Kafka is left out here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.sender.channels.linkedin import LinkedIn
from services.sender.store.answers import Answers
from services.sender.store.ledger import Ledger
from services.sender.workflows.call_pool import CallPool
from services.sender.workflows.circuit_breaker import CircuitBreaker
from services.sender.workflows.finish import Finisher
from services.sender.workflows.send import Sender
from shared.contracts.sends_due import SendDue
from shared.db.pool import open_pool
from shared.runtime.clock import StackClock
from shared.unipile.client import UnipileClient
from tests.integration.simulator.simulator_process import KEY, Simulator, running
from tests.support import builders
from tests.support.builders import BASE
from tests.support.facts import eventually


@dataclass
class Stage:
    """A sender, its rows and its outside world."""

    pool: asyncpg.Pool
    sender: Sender
    calls: CallPool
    finisher: Finisher
    simulator: Simulator
    workspace: UUID
    account: UUID
    campaign: UUID
    clock: StackClock

    async def at(self, moment: datetime) -> None:
        """The business clock shows that moment, here and at the provider, and the account has rested."""
        async with self.pool.acquire() as connection:
            await builders.set_clock(connection, moment)
        await self.clock.refresh()

        async def there() -> bool:
            shown = (await self.simulator.levers.get("/state")).json()["business_now"]
            return abs(datetime.fromisoformat(shown) - moment) < timedelta(minutes=1)

        await eventually(there, what="the provider's clock to show it too")
        await self.pool.execute("UPDATE accounts SET next_free_at = NULL")

    async def due(self, **values: Any) -> tuple[UUID, UUID]:
        """A dispatched send for somebody new whom the simulator knows; returns the send's and the prospect's id."""
        async with self.pool.acquire() as connection:
            lead = await builders.a_lead(connection, self.workspace)
            vanity = await connection.fetchval("SELECT linkedin_vanity FROM leads WHERE id = $1", lead)
            person = {"public_identifier": vanity, "first_name": "Ana", "last_name": "Prova", "accepts_after_s": None, "replies_to": None}
            known = await self.simulator.levers.post("/people", json=person | values.pop("person", {}))
            assert known.status_code == 200, known.text
            prospect = await builders.a_prospect(connection, self.campaign, lead, **values.pop("prospect", {}))
            recipient = values.pop("linkedin_user_id", known.json()["items"][0]["provider_id"])
            send = await builders.a_send(connection, prospect, values.pop("account", self.account), linkedin_user_id=recipient, **values)
        return send, prospect

    async def begin(self, *sends: UUID, dispatch_no: int = 1) -> None:
        """What the handler does with a batch of sends.due."""
        rows = await self.pool.fetch("SELECT id, account_id FROM send_queue WHERE id = ANY($1)", list(sends))
        events = [SendDue(send_id=row["id"], account_id=row["account_id"], dispatch_no=dispatch_no) for row in rows]
        await self.sender.send_batch(events)

    async def settled(self) -> None:
        """Every call under way is answered and written."""
        await self.calls.wait_until_idle()
        await self.finisher.drain()

    async def send_row(self, send: UUID) -> asyncpg.Record:
        """The send as it stands."""
        row = await self.pool.fetchrow("SELECT * FROM send_queue WHERE id = $1", send)
        assert row is not None
        return row

    async def prospect_row(self, prospect: UUID) -> asyncpg.Record:
        """The prospect as it stands."""
        row = await self.pool.fetchrow("SELECT * FROM campaign_prospects WHERE id = $1", prospect)
        assert row is not None
        return row

    async def effects(self) -> list[dict[str, Any]]:
        """What the simulator says has taken effect."""
        items: list[dict[str, Any]] = (await self.simulator.levers.get("/effects")).json()["items"]
        return items


@pytest.fixture
async def stage(database: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """One running campaign of one premium account in New York, on a Tuesday at 11:00 there."""
    pool = await open_pool(database, role="tact_sender")
    async with await open_pool(database, role=None, size=4) as owner:
        async with owner.acquire() as connection:
            await builders.set_clock(connection)
            workspace = await builders.a_workspace(connection)
            account = await builders.an_account(connection, workspace, provider_account_id="acc-premium")
            campaign = await builders.a_campaign(connection, workspace, [account])
        clock = StackClock(pool)
        await clock.start()
        async with running(tmp_path, "--clock-database", database) as simulator:
            client = UnipileClient(simulator.base, SecretStr(KEY), timeout=timedelta(seconds=3))
            async with client:
                breaker = CircuitBreaker(clock)
                finisher = Finisher(Answers(pool), breaker, on_written=lambda: None)
                finisher.start()
                calls = CallPool(LinkedIn(client, now=clock.now), finisher, clock, calls=8)
                ledger = Ledger(pool, owner="sender-of-the-test")
                sender = Sender(ledger, calls, clock, breaker, act_within=timedelta(seconds=10), call_time=timedelta(seconds=5))
                yield Stage(owner, sender, calls, finisher, simulator, workspace, account, campaign, clock)
                await calls.drain()
                await finisher.stop()
        await clock.stop()
    await pool.close()


__all__ = ["BASE", "Stage"]
