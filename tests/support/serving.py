"""The queuer's and the healer's API behind one address, as `tact up` serves them, for commands that are clients of the API.

Both apps run in the test's own process on the test's database: a command asks them over real HTTP, and no service process is started.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from embedded.ports import LOOPBACK, free_port
from services.healer.http.mount import mount as mount_healer
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.queuer.http.dispatch import process
from services.queuer.http.mount import mount as mount_queuer
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.settings import QueuerSettings
from services.queuer.workflows.accounts import tokens
from services.queuer.workflows.dispatch.dispatch import Dispatcher, DispatchLimits
from services.queuer.workflows.dispatch.process import Processor
from services.queuer.workflows.planning.plan import Planner
from services.queuer.workflows.planning.plan_now import PlanNow
from shared.contracts.routes import find_target
from shared.db.pool import open_pool
from shared.kafka.publisher import Publisher
from shared.notices.sender import NoticeSender
from shared.notices.web import Web
from shared.runtime.clock import StackClock
from shared.runtime.settings import CallSettings, ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service
from shared.vocabulary import Role
from tests.support.facts import eventually

SECOND: Final = timedelta(seconds=1)
NOWHERE: Final = "127.0.0.1:1"
"""A broker that is not there: most commands ask for none."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where the API listens, and the token of an administrator of every workspace."""

    url: str
    token: str

    @property
    def env(self) -> dict[str, str]:
        """The settings with which a command calls it; times are printed in UTC."""
        return {"TACT_URL": self.url, "TACT_TOKEN": self.token, "TZ": "UTC"}


@asynccontextmanager
async def served(database: str, *, kafka: str = NOWHERE) -> AsyncIterator[Served]:
    """Serve the API on this database; `kafka` is for commands that send or read dead letters."""
    port = free_port()
    async with (
        await open_pool(database, role="tact_queuer", size=4) as queuer,
        await open_pool(database, role="tact_healer", size=4) as healer,
    ):
        services = {
            "queuer": Service("queuer", ServiceSettings(database_url=database, kafka=kafka), port=port),
            "healer": Service("healer", ServiceSettings(database_url=database, kafka=kafka), port=port),
        }
        services["queuer"].pool, services["healer"].pool = queuer, healer
        async with Web(timeout=5 * SECOND, private=True) as web, _publisher(kafka) as publisher:
            apps = {
                "queuer": await _queuer(services["queuer"], publisher),
                "healer": await _healer(services["healer"], web),
            }
            token = (await tokens.create_token(queuer, workspace_id=None, role=Role.ADMIN, name="a command")).token
            async with _listening(apps, port):
                yield Served(f"http://{LOOPBACK}:{port}", token)
            for service in services.values():
                await service.finish()
                await service.close()


@asynccontextmanager
async def _publisher(kafka: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(kafka, client_id="a-test", fatal=lambda _why: None)
    if kafka == NOWHERE:
        yield publisher
        return
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


async def _queuer(service: Service, publisher: Publisher) -> FastAPI:
    app = make_app(service, title="Tact queuer", description="")
    await mount_queuer(app, service, call_times=CallTimes.of(CallSettings()))
    settings = QueuerSettings(database_url=service.settings.database_url)
    dispatcher = Dispatcher(service.pool, publisher, DispatchLimits.of(settings))
    planner = Planner(service.pool, batch=settings.planning_batch, recipients_stay_fresh=settings.recipients_stay_fresh)
    processor = Processor(service.pool, dispatcher, wait=SECOND, call_times=CallTimes.of(CallSettings()))
    plan_now = PlanNow(service.pool, planner, batch=settings.planning_batch, within=5 * SECOND)
    app.include_router(process.routes(service, processor, plan_now))
    return app


async def _healer(service: Service, web: Web) -> FastAPI:
    service.clock = StackClock(service.pool)
    await service.clock.refresh()
    app = make_app(service, title="Tact healer", description="")
    await mount_healer(
        app,
        service,
        mend=Maintenance(service.pool, service.clock, call_time=5 * SECOND),
        deliver=Deliver(service.pool, NoticeSender(service.clock, web=web, mail=None), timeout=5 * SECOND),
        terms=ChannelPolicy(mail=False, private=True),
    )
    return app


@asynccontextmanager
async def _listening(apps: dict[str, FastAPI], port: int) -> AsyncIterator[None]:
    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        target = find_target(scope["path"])
        app = apps.get(target.service if target else "") or apps["queuer"]
        path = target.path if target else scope["path"]
        await app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    server = uvicorn.Server(uvicorn.Config(gateway, host=LOOPBACK, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, what="the API to listen")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
