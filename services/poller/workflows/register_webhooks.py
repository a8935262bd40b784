"""The provider's webhook registrations: ours are made, and another stack's on the same accounts shut the fence."""

import asyncpg
import structlog

from services.poller.settings import PollerSettings
from shared.fence import store as fences
from shared.fence.fence import Fence, FenceShut
from shared.fence.rules import FOREIGN_WEBHOOK
from shared.unipile.client import UnipileClient
from shared.unipile.errors import ProviderError

log = structlog.get_logger()

PATH = "/webhooks/unipile"


async def check_and_register(pool: asyncpg.Pool, fence: Fence, client: UnipileClient, settings: PollerSettings) -> None:
    """One round of the job: look for other stacks, then register our own webhooks.

    Raises:
        ConnectionError: the provider is away or refuses, or the fence is shut for a moment; the job tries again.
    """
    await detect_other_stacks(pool, fence, client, settings)
    try:
        await fence.ask(pool)
    except FenceShut as shut:
        if fence.read_only is not None:
            return  # a registration is a write; the next round after the adoption makes it
        raise ConnectionError(f"webhooks are registered a moment later: {shut}") from None
    await ensure_webhooks_registered(client, settings)


async def detect_other_stacks(pool: asyncpg.Pool, fence: Fence, client: UnipileClient, settings: PollerSettings) -> None:
    """A registration of another stack under our key: one of the two is a copy, and both would write to the same people.

    Raises:
        ConnectionError: the provider is away or refuses; the job tries again.
    """
    ours = settings.public_url.rstrip("/") + PATH if settings.public_url is not None else None
    row = await fences.read_fence(pool)
    try:
        found = await client.other_stacks(ours, row.neighbours)
    except ProviderError as error:
        raise ConnectionError(str(error)) from error
    if found:
        await fences.store_foreign_webhooks(pool, found)
        await fence.shut_for(f"{FOREIGN_WEBHOOK}, and leads to {', '.join(found)}: another stack runs on the same accounts.")


async def ensure_webhooks_registered(client: UnipileClient, settings: PollerSettings) -> None:
    """Have the provider deliver webhooks; until it does, the reads see everything later.

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
