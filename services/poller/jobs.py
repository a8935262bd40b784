"""What the clock starts."""

from datetime import timedelta
from typing import Final

import structlog

from services.poller.settings import PollerSettings
from services.poller.workflows.rematch import rematch
from services.poller.workflows.rounds import Reader
from shared.fence import store as fences
from shared.fence.fence import FenceShut
from shared.fence.rules import FOREIGN_WEBHOOK
from shared.runtime.service import Service
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError

log = structlog.get_logger()

READS_EVERY: Final = timedelta(seconds=5)
REMATCH_EVERY: Final = timedelta(seconds=1)
INTRODUCE_EVERY: Final = timedelta(minutes=10)
REGISTER_EVERY: Final = timedelta(hours=1)
PATH: Final = "/webhooks/unipile"


def register(service: Service, reader: Reader, client: UnipileClient, settings: PollerSettings) -> None:
    """Declare the jobs; they start with the service."""

    async def look_again() -> bool:
        return await rematch(service.pool)

    service.jobs.add("introduce reads", INTRODUCE_EVERY, reader.introduce)
    reader.go_on = service.jobs.add("reads", READS_EVERY, reader.begin).wake
    service.jobs.add("insist on reads", READS_EVERY, reader.insist)
    service.jobs.add("rematch", REMATCH_EVERY, look_again)

    async def webhooks() -> None:
        await look_for_others(service, client, settings)
        try:
            await service.fence.ask(service.pool)
        except FenceShut as shut:
            if service.fence.read_only is not None:
                return  # a registration is a write; the next round after the adoption makes it
            raise ConnectionError(f"webhooks are registered a moment later: {shut}") from None
        await ensure_registered(client, settings)

    service.jobs.add("register webhooks", REGISTER_EVERY, webhooks)
    if settings.public_url is not None and settings.webhook_secret is not None:
        log.info("webhooks will be registered", url=settings.public_url)
    elif settings.public_url is not None:
        log.warning("no webhooks are registered: set TACT_WEBHOOK_SECRET, else anybody could send us events")


async def look_for_others(service: Service, client: UnipileClient, settings: PollerSettings) -> None:
    """A registration of another stack under our key: one of the two is a copy, and both would write to the same people.

    Raises:
        ConnectionError: the provider is away or refuses; the job tries again.
    """
    ours = settings.public_url.rstrip("/") + PATH if settings.public_url is not None else None
    row = await fences.read_fence(service.pool)
    try:
        found = await client.other_stacks(ours, row.neighbours)
    except ProviderError as error:
        raise ConnectionError(str(error)) from error
    if found:
        await fences.store_foreign_webhooks(service.pool, found)
        await service.fence.shut_for(f"{FOREIGN_WEBHOOK}, and leads to {', '.join(found)}: another stack runs on the same accounts.")


async def ensure_registered(client: UnipileClient, settings: PollerSettings) -> None:
    """Have the provider tell us of its own accord; until it does, the reads see everything later.

    Raises:
        ConnectionError: the provider is away or refuses; the job tries again.
    """
    if settings.public_url is None or settings.webhook_secret is None:
        return
    try:
        registrations = await client.ensure_webhooks(settings.public_url.rstrip("/") + PATH, settings.webhook_secret)
    except ProviderError as error:
        raise ConnectionError(str(error)) from error
    if registrations.missing or registrations.surplus:
        log.info("webhooks registered", made=[s.value for s in registrations.missing], removed=len(registrations.surplus))
