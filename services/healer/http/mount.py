"""Serve all of the healer's API on its application."""

from datetime import timedelta
from typing import Final

from fastapi import FastAPI

from services.healer.http.health import overview as health_overview
from services.healer.http.health import pages as health_pages
from services.healer.http.health import score as health
from services.healer.http.notices import notices
from services.healer.http.repairs import cleanup as integrity
from services.healer.http.repairs import dead_letters, findings
from services.healer.http.unknown_attempts import unknown_attempts as unknown
from services.healer.workflows.maintenance.maintain import Maintenance
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from services.healer.workflows.unknown_attempts.resolve import CALL_TIME
from shared.service import auth
from shared.service.process import Service

OBJECTIVE: Final = timedelta(seconds=2)
READERS: Final = 3
"""Connections for requests that only read; a slow list never takes those that mend."""


async def mount(
    app: FastAPI,
    service: Service,
    *,
    mend: Maintenance,
    deliver: Deliver,
    terms: ChannelPolicy,
    call_time: timedelta = CALL_TIME,
    objective: timedelta = OBJECTIVE,
) -> None:
    """Serve the API on `app`, with a pool of its own for reading. `call_time` is the sender's time-out, `objective` how fast a
    repair should be where a workspace does not say.

    Raises:
        OSError, asyncpg.PostgresError: the database is away.
    """
    readers = await service.open_readers(READERS)
    auth.install(app, readers)
    app.include_router(health.routes(service, readers, mend))
    app.include_router(health_pages.routes(service, readers, objective=objective))
    app.include_router(health_overview.routes(readers, service.pool))
    app.include_router(integrity.routes(service, mend))
    app.include_router(dead_letters.routes(service))
    app.include_router(findings.routes(service, readers, wake=mend.wake))
    app.include_router(notices.routes(service, readers, deliver=deliver, terms=terms))
    app.include_router(unknown.routes(service, readers, call_time=call_time))
