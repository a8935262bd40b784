"""Settings → provider → reader → jobs → routes → app."""

from fastapi import FastAPI

from services.poller import http, jobs
from services.poller.settings import PollerSettings
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.service.http import make_app
from shared.service.process import Service
from shared.unipile.client import UnipileClient


async def build(service: Service, settings: PollerSettings) -> FastAPI:
    """The poller on an open service."""
    client = await service.enter(
        UnipileClient(
            settings.unipile_url, settings.unipile_api_key, timeout=settings.unipile_timeout, max_connections=settings.unipile_connections
        )
    )
    reader = ReadScheduler(service.pool, client, settings, instance=service.instance, fence=service.fence, wake_relay=service.wake)
    service.on_stop(reader.stop)
    jobs.register(service, reader, client, settings)
    app = make_app(service, title="Tact poller", description="What came back: accepted connections, replies, the state of accounts.")
    app.include_router(http.routes(service, reader, secret=settings.webhook_secret, away_for=settings.away_for))
    return app
