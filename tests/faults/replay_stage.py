"""A stack that has played a day of outreach and then stands still, so that whatever changes is the doing of who looks."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx

from embedded.chaos.quiescence import COUNTED, MARKED, MAY_CHANGE, under_way
from embedded.ports import free_ports
from embedded.settings import StackSettings
from embedded.stack import Stack
from operations.replay.engine import Servers
from services.queuer.workflows.accounts.pause import pause_account, resume_account
from shared.contracts.envelope import enclose
from shared.contracts.event import Event
from shared.contracts.integrity_events import IntegrityEvent
from shared.contracts.mail_feedback import Feedback, MailFeedback
from shared.contracts.prospects_left import ProspectLeft
from shared.contracts.prospects_ready import ProspectReady
from shared.contracts.topics import INTEGRITY_EVENTS, MAIL_FEEDBACK, PROSPECTS_LEFT, PROSPECTS_READY, TOPICS, Topic
from shared.db.pool import open_pool
from shared.kafka.publisher import Publisher
from tests.support import builders
from tests.support.facts import eventually

TUESDAY: Final = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
NIGHT: Final = "01:00"
SPEED: Final = 600.0
REAL: Final = 1.000_001
"""As good as real time, and still a clock that processes read ten times a second."""
ACCOUNTS: Final = 3
TEMPLATES: Final = {
    "connection_request": "Hi {first_name|there}",
    "direct_message_1": "Thanks, {first_name|friend}",
    "direct_message_2": "A last word",
}

Rows = Mapping[str, Counter[str]]
"""By table; equal rows are counted."""
PEOPLE: Final[Mapping[str, dict[str, Any]]] = {
    **{f"quiet-{n}": {"accepts_after_s": 600, "replies_to": None} for n in range(5)},
    **{f"answers-{n}": {"accepts_after_s": 600, "replies_to": {"1": 300}, "reply_text": "Gladly, tell me more"} for n in range(3)},
    **{f"declines-{n}": {"accepts_after_s": 600, "replies_to": {"1": 300}, "reply_text": "Please unsubscribe me"} for n in range(2)},
    **{f"silent-{n}": {"accepts_after_s": None, "replies_to": None} for n in range(2)},
    "locked-0": {"locked": True},
}


@dataclass
class Stage:
    """The stack, its database as the owner sees it, and who takes part."""

    stack: Stack
    pool: asyncpg.Pool
    workspace: UUID
    accounts: list[UUID]
    campaign: UUID
    prospects: dict[str, UUID]
    servers: Servers

    @property
    def env(self) -> dict[str, str]:
        """What makes `tact` speak to this stack."""
        a = self.stack.addresses
        return {"TACT_DATABASE_URL": a.database_url, "TACT_KAFKA": a.kafka}

    async def lever(self, path: str, body: object | None = None) -> Any:
        """Press a lever of the simulator."""
        async with httpx.AsyncClient(base_url=f"{self.stack.addresses.unipile_url}/_sim") as client:
            answer = await client.post(path, json=body)
            answer.raise_for_status()
            return answer.json()

    def writes(self) -> int:
        """Calls in the simulator's own log that were not reads."""
        lines = [json.loads(line) for line in self.stack.simulator_log.read_text().splitlines()]
        return len([line for line in lines if str(line.get("route", "GET")).partition(" ")[0] != "GET"])

    async def rows(self) -> Rows:
        """Every row of every table but those of MAY_CHANGE, as PostgreSQL writes it; without the healer's mark that it was counted."""
        tables = await self.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {
            name: Counter(row for (row,) in await self.pool.fetch(f"SELECT {MARKED if name in COUNTED else 't'}::text FROM {name} t"))  # noqa: S608 - its own name
            for (name,) in tables
            if name not in MAY_CHANGE
        }
        kept = await self.pool.fetch("SELECT t::text FROM history t WHERE table_name <> ALL($1::text[])", list(MAY_CHANGE))
        return found | {"history": Counter(row for (row,) in kept)}

    async def stand_still(self) -> Rows:
        """Leap to the night, let everything come to rest while minutes still pass quickly, slow down, and return all rows.

        What the poller reads of itself waits for another day: an account rests two to four minutes after each.
        """
        await self._read_later()
        await self._set_clock(SPEED, f"date_trunc('day', business_now()) + interval '1 day {NIGHT}'")
        await eventually(self._at_rest, within=120, what="the stack to come to rest")
        await self._read_later()  # what was under way may have wanted a further page
        await self._set_clock(REAL, "business_now()")
        last: Rows = {}

        async def nothing_changes() -> bool:
            nonlocal last
            before, last = last, await self.rows()
            return await self._at_rest() and before == last

        await eventually(nothing_changes, within=120, what="the stack to stand still")
        return last

    async def _at_rest(self) -> bool:
        busy = await under_way(self.pool)
        assert not busy, busy
        return True

    async def _read_later(self) -> None:
        await self.pool.execute("UPDATE account_reads SET next_at = business_now() + interval '10 days'")

    async def _set_clock(self, speed: float, moment: str, *, leaps: bool = False) -> None:
        said = f"business_at = {moment}, speed = $1, leaps = $2, anchored_at = clock_timestamp(), version = version + 1"
        await self.pool.execute(f"UPDATE stack_clock SET {said}", speed, leaps)  # noqa: S608 - our own words

    async def run_on(self) -> None:
        """Let business time pass again, from the next morning."""
        await self._set_clock(SPEED, "date_trunc('day', business_now()) + interval '14 hours'", leaps=True)

    async def publish(self, topic: Topic[Any], *events: Event, key: UUID | None = None) -> None:
        """What a producer of another version, or one still to come, would publish."""
        publisher = Publisher(self.stack.addresses.kafka, client_id="test", fatal=lambda _why: None)
        await publisher.start()
        envelopes = [enclose(topic, event, source="test", key=key or self.accounts[0], at=TUESDAY) for event in events]
        await publisher.publish(envelopes)
        await publisher.stop()

    async def enrol_late(self, many: int) -> list[UUID]:
        """People who join when the day is over."""
        async with self.pool.acquire() as connection, connection.transaction():
            leads = [await builders.a_lead(connection, self.workspace, linkedin_vanity=f"late-{n}") for n in range(many)]
            return [await builders.a_prospect(connection, self.campaign, lead) for lead in leads]

    async def invited(self) -> list[str]:
        """Recipients of every invitation that took effect at the provider."""
        async with httpx.AsyncClient(base_url=f"{self.stack.addresses.unipile_url}/_sim") as client:
            items = (await client.get("/effects", params={"action": "invitation"})).json()["items"]
            return [item["recipient"] for item in items]

    async def statuses(self) -> dict[str, str]:
        """The status of every prospect."""
        rows = await self.pool.fetch("SELECT id, status FROM campaign_prospects")
        by_id = {row["id"]: row["status"] for row in rows}
        return {name: by_id[id_] for name, id_ in self.prospects.items()}


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Stage]:
    """A stack with one campaign whose day has been played."""
    names = StackSettings().ports()
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    settings = StackSettings().moved_to(ports, start=TUESDAY, speed=SPEED)  # it leaps over nights, so a slow machine loses nothing
    stack = Stack(settings, folder / "stack", say=lambda _: None)
    stack.environment["TACT_HEALER_STOCK_EVERY"] = "PT1H"  # it counts late what changed, and would do so while others compare
    try:
        await stack.up()
        database = stack.addresses.database_url
        async with (
            await open_pool(database, role=None, size=4) as pool,
            await open_pool(database, role="tact_queuer", size=3 * len(TOPICS)) as replaying,
        ):
            servers = Servers(replaying, stack.addresses.kafka)
            stage = Stage(stack, pool, *await _enrol(pool, stack.addresses.unipile_url), servers)
            await _say_the_rest(stage)
            await eventually(lambda: _played(stage), within=240, what="the day to be played")
            yield stage
    finally:
        await stack.down()


async def _enrol(pool: asyncpg.Pool, simulator: str) -> tuple[UUID, list[UUID], UUID, dict[str, UUID]]:
    async with httpx.AsyncClient(base_url=f"{simulator}/_sim") as levers:
        accounts = [{"id": f"acc-{n}", "type": "premium"} for n in range(ACCOUNTS)]
        (await levers.post("/accounts", json=accounts)).raise_for_status()
        people = [{"public_identifier": name, **traits} for name, traits in PEOPLE.items()]
        (await levers.post("/people", json=people)).raise_for_status()
    async with pool.acquire() as connection, connection.transaction():
        workspace = await builders.a_workspace(connection)
        named = [{"provider_account_id": f"acc-{n}", "name": f"Account {n}"} for n in range(ACCOUNTS)]
        ids = [await builders.an_account(connection, workspace, **names) for names in named]
        campaign = await builders.a_campaign(connection, workspace, ids, message_templates=TEMPLATES, campaign_name="Spring")
        await connection.execute("UPDATE workflow_steps SET delay = interval '30 min' WHERE position > 1")
        prospects = {}
        for name in PEOPLE:
            lead = await builders.a_lead(connection, workspace, linkedin_vanity=name, first_name=name, last_name="Prova")
            prospects[name] = await builders.a_prospect(connection, campaign, lead)
    return workspace, ids, campaign, prospects


async def _say_the_rest(stage: Stage) -> None:
    """What a day like this one leaves silent: approvals, an account that was paused, and topics whose producers are still to come."""
    await pause_account(stage.pool, stage.accounts[0])
    await resume_account(stage.pool, stage.accounts[0])
    ready = [
        ProspectReady(prospect_id=each, campaign_id=stage.campaign, workspace_id=stage.workspace, reason="approved")
        for each in stage.prospects.values()
    ]
    await stage.publish(PROSPECTS_READY, *ready)
    silent = stage.prospects["silent-0"]
    lead = await stage.pool.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", silent)
    left = ProspectLeft(prospect_id=silent, campaign_id=stage.campaign, workspace_id=stage.workspace, reason="test")
    bounced = MailFeedback(
        lead_id=lead,
        workspace_id=stage.workspace,
        account_id=stage.accounts[0],
        address="a@b.example",
        feedback=Feedback.BOUNCED,
        at=TUESDAY,
    )
    finding = IntegrityEvent(workspace_id=stage.workspace, kind="a_test", table_name="leads", row_id=str(uuid4()), evidence={"why": "test"})
    for topic, event in ((PROSPECTS_LEFT, left), (MAIL_FEEDBACK, bounced), (INTEGRITY_EVENTS, finding)):
        await stage.publish(topic, event)


async def _played(stage: Stage) -> bool:
    wanted = {"quiet": "completed", "answers": "replied", "declines": "opted_out", "silent": "connection_request_sent", "locked": "failed"}
    now = await stage.statuses()
    assert now == {name: wanted[name.partition("-")[0]] for name in now}, now
    return True


def every_topic() -> list[Topic[Event]]:
    """All that are declared."""
    return list(TOPICS.values())
