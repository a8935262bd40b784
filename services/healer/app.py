"""The healer put together: settings, provider, workflows, what comes in; no logic."""

from fastapi import FastAPI

from services.healer import handlers, jobs
from services.healer.http import routes
from services.healer.settings import HealerSettings
from services.healer.workflows.look_up import LookUp
from services.healer.workflows.mend import Mend
from shared.runtime.http import make_app
from shared.runtime.service import Service
from shared.unipile.client import UnipileClient


async def build(service: Service) -> FastAPI:
    """Register handlers, jobs and routes on an open service."""
    settings = service.settings
    if not isinstance(settings, HealerSettings):
        raise TypeError("The healer is built on HealerSettings.")
    provider = UnipileClient(
        settings.unipile_url, settings.unipile_api_key, timeout=settings.unipile_timeout, max_connections=settings.unipile_connections
    )
    await provider.__aenter__()
    service.on_stop(lambda: provider.__aexit__(None, None, None))

    def wake() -> None:
        service.wake_relay()  # asked anew each time: the relay's job is declared after the application is built

    mend = Mend(service.pool, service.clock, call_time=settings.unipile_timeout, wake_relay=wake)
    look_up = LookUp(service.pool, provider, service.clock, call_time=settings.unipile_timeout, wake_relay=wake)
    handlers.register(service.inbox, service.pool)
    jobs.register(service, settings, mend=mend, look_up=look_up)
    app = make_app(service, title="Tact healer", description="What is wrong, and mending it.")
    app.include_router(routes(service, mend))
    return app
