"""Settings → ledger → channels → call pool → handlers → app."""

from fastapi import FastAPI

from services.sender import handlers, jobs
from services.sender.channels.registry import open_channels
from services.sender.settings import SenderSettings
from services.sender.store.answers import Answers
from services.sender.store.ledger import Ledger
from services.sender.workflows.call_pool import CallPool
from services.sender.workflows.circuit_breaker import CircuitBreaker
from services.sender.workflows.finish import Finisher
from services.sender.workflows.seal import Sealer
from services.sender.workflows.send import Sender
from shared.service.http import make_app
from shared.service.process import Service
from shared.unipile.client import UnipileClient


async def build(service: Service, settings: SenderSettings) -> FastAPI:
    """The sender on an open service."""
    client = await service.enter(
        UnipileClient(
            settings.unipile_url, settings.unipile_api_key, timeout=settings.unipile_timeout, max_connections=settings.unipile_connections
        )
    )
    breaker = CircuitBreaker(service.clock)
    finisher = Finisher(Answers(service.pool), breaker, on_written=service.wake)
    channels = open_channels(client, now=service.clock.now)
    calls = CallPool(channels, finisher, service.clock, calls=settings.sender_calls, fence=service.fence)
    ledger = Ledger(service.pool, owner=service.instance, fence=service.fence)
    # A window closes early by the longest time a call may take; in a fast stack that would leave no open window at all.
    call_time = settings.unipile_timeout if service.clock.speed <= 1 else settings.sender_call_time
    sender = Sender(ledger, calls, service.clock, breaker, act_within=settings.sender_act_within, call_time=call_time)
    finisher.start()
    handlers.register(service.inbox, sender)
    jobs.register(service.jobs, Sealer(service.pool), every=settings.sender_seal_every)
    service.on_stop(finisher.stop)
    service.on_stop(calls.drain)
    return make_app(service, title="Tact sender", description="May this message leave now; if so it leaves once.")
