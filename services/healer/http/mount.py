"""Serve all of the healer's API on its application."""

from datetime import timedelta
from typing import Final

from fastapi import FastAPI

from services.healer.http import findings, health, health_pages, integrity, notices, unknown
from services.healer.workflows.ambiguity import CALL_TIME
from services.healer.workflows.deliver import Deliver
from services.healer.workflows.keep_channels import Terms
from services.healer.workflows.mend import Mend
from shared.runtime import auth
from shared.runtime.service import Service

OBJECTIVE: Final = timedelta(seconds=2)
READERS: Final = 3
"""Connections for requests that only read; a slow list never takes those that mend."""


async def mount(
    app: FastAPI,
    service: Service,
    *,
    mend: Mend,
    deliver: Deliver,
    terms: Terms,
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
    app.include_router(integrity.routes(service, mend))
    app.include_router(findings.routes(service, readers, wake=mend.wake))
    app.include_router(notices.routes(service, readers, deliver=deliver, terms=terms))
    app.include_router(unknown.routes(service, readers, call_time=call_time))
