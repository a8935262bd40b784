"""Serve all of the queuer's API on its application."""

from datetime import timedelta
from typing import Final

from fastapi import FastAPI

from services.queuer.http import accounts, campaigns, failed, forecasts, hours, limits, people, prospects, queue, retired, suppressions
from services.queuer.rules.call_times import CallTimes
from shared.runtime import auth
from shared.runtime.service import Service

READERS: Final = 5
"""Connections for requests that only read; a slow list never takes those that plan and dispatch."""
LARGEST_UPLOAD: Final = 200 * 1024**2
"""Bytes of one list."""
CALL_TIMES: Final = CallTimes(real=timedelta(seconds=20), fast=timedelta(seconds=1))
"""The defaults of the sender's settings."""


async def mount(app: FastAPI, service: Service, *, largest_upload: int = LARGEST_UPLOAD, call_times: CallTimes = CALL_TIMES) -> None:
    """Serve the API on `app`, with a pool of its own for reading.

    Raises:
        OSError, asyncpg.PostgresError: the database is away.
    """
    readers = await service.open_readers(READERS)
    auth.install(app, readers)
    for router in (
        retired.routes(),
        campaigns.routes(service, readers),
        forecasts.routes(service, readers),
        people.routes(service, readers, largest_upload=largest_upload),
        accounts.routes(service, readers),
        failed.routes(service, readers),
        queue.routes(readers, call_times),
        hours.routes(service),
        prospects.routes(readers, call_times),
        limits.routes(service, readers),
        suppressions.routes(service, readers),
    ):
        app.include_router(router)
