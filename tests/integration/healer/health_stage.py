"""The healer's API on a real database, in its own role, with two workspaces and tokens of every kind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn

from embedded.ports import LOOPBACK, free_port
from services.healer.http.mount import mount
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.queuer.workflows.accounts.tokens import create_token
from shared.db.pool import open_pool
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.runtime.clock import StackClock
from shared.runtime.settings import ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service
from shared.vocabulary import Role
from tests.integration.healer.healer_rows import House, a_house
from tests.support.facts import eventually


@dataclass(frozen=True, slots=True)
class Stage:
    """`pool` is the healer's, `owner` the database's owner."""

    url: str
    pool: asyncpg.Pool
    owner: asyncpg.Pool
    clock: StackClock
    ours: House
    theirs: House
    viewer: str
    operator: str
    foreign: str
    platform: str

    def client(self, token: str | None) -> httpx.AsyncClient:
        """A client with a token, or with none."""
        return httpx.AsyncClient(base_url=self.url, headers={"authorization": f"Bearer {token}"} if token else {}, timeout=30)


@asynccontextmanager
async def a_stage(database: str, owner: asyncpg.Pool) -> AsyncIterator[Stage]:
    """The API, listening."""
    port = free_port()
    ours, theirs = await a_house(owner), await a_house(owner, provider_account="acc-theirs")

    async def token(workspace: UUID | None, role: Role) -> str:
        return (await create_token(owner, workspace_id=workspace, role=role, name="a test")).token

    service = Service("healer", ServiceSettings(database_url=database), port=port)
    async with await open_pool(database, role="tact_healer", size=5) as own, Web(timeout=timedelta(seconds=5), private=True) as web:
        service.pool = own
        service.clock = StackClock(own)
        await service.clock.refresh()
        app = make_app(service, title="Tact healer", description="")
        await mount(
            app,
            service,
            mend=Maintenance(own, service.clock, call_time=timedelta(seconds=5)),
            deliver=Deliver(own, NoticeSender(service.clock, web=web, mail=None), timeout=timedelta(seconds=5)),
            terms=ChannelPolicy(mail=False, private=True),
        )
        server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started, what="the API to listen")
        yield Stage(
            f"http://{LOOPBACK}:{port}",
            own,
            owner,
            service.clock,
            ours,
            theirs,
            viewer=await token(ours.workspace, Role.VIEWER),
            operator=await token(ours.workspace, Role.OPERATOR),
            foreign=await token(theirs.workspace, Role.ADMIN),
            platform=await token(None, Role.ADMIN),
        )
        server.should_exit = True
        await serving
        await service.finish()
        await service.close()


async def people(pool: asyncpg.Pool, house: House, many: int, *, status: str = "pending", contacted: bool = False) -> list[UUID]:
    """Prospects in that state, whatever the rules say: they come in around the trigger that refuses them, and are counted."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
        rows = await connection.fetch(
            """WITH people AS (INSERT INTO leads (workspace_id, identity, first_name)
                               SELECT $1, 'in:' || $5 || n, 'Ana' FROM generate_series(1, $2) n RETURNING id)
               INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, account_id, status, contacted_at)
               SELECT $1, $3, id, $4, $6, CASE WHEN $7 THEN business_now() END FROM people RETURNING id""",
            house.workspace,
            many,
            house.campaign,
            house.account,
            uuid4().hex,
            status,
            contacted,
        )
        await connection.execute("ALTER TABLE campaign_prospects ENABLE TRIGGER validate_prospect_status")
    return [row["id"] for row in rows]


async def sends(pool: asyncpg.Pool, house: House, prospects: list[UUID], *, status: str = "pending") -> list[UUID]:
    """The first step of each, in that state."""
    rows = await pool.fetch(
        """INSERT INTO send_queue (id, workspace_id, campaign_id, prospect_id, lead_id, account_id, message_type, step_position, action,
                                   next_action, message, message_sha256, scheduled_for, status)
           SELECT gen_random_uuid(), p.workspace_id, p.campaign_id, p.id, p.lead_id, $1, 'connection_request', 1, 'invitation',
                  'invitation', 'Hello', sha256('x'), business_now(), $3
             FROM campaign_prospects p WHERE p.id = ANY($2) RETURNING id""",
        house.account,
        prospects,
        status,
    )
    return [row["id"] for row in rows]
