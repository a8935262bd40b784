"""Serve all of the queuer's API on its application."""

from typing import Final

from fastapi import FastAPI

from services.queuer.http import retired
from services.queuer.http.accounts import accounts, hours, limits, tokens
from services.queuer.http.campaigns import campaigns
from services.queuer.http.insight import explain, failed_sends, forecast, queue, status
from services.queuer.http.people import people, suppressions
from services.queuer.rules.insight.call_times import CallTimes
from shared.service import auth
from shared.service.process import Service

READERS: Final = 5
"""Connections for requests that only read; a slow list never takes those that plan and dispatch."""
LARGEST_UPLOAD: Final = 200 * 1024**2
"""Bytes of one list."""


async def mount(app: FastAPI, service: Service, *, call_times: CallTimes, largest_upload: int = LARGEST_UPLOAD) -> None:
    """Serve the API on `app`, with a pool of its own for reading.

    Raises:
        OSError, asyncpg.PostgresError: the database is away.
    """
    readers = await service.open_readers(READERS)
    auth.install(app, readers)
    for router in (
        retired.routes(),
        campaigns.routes(service, readers),
        forecast.routes(service, readers),
        people.routes(service, readers, largest_upload=largest_upload),
        accounts.routes(service, readers),
        failed_sends.routes(service, readers),
        queue.routes(readers, call_times),
        hours.routes(service),
        explain.routes(readers, call_times),
        limits.routes(service, readers),
        tokens.routes(service),
        status.routes(service, readers, call_times),
        suppressions.routes(service, readers),
    ):
        app.include_router(router)
