"""What the clock starts in the poller."""

from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from services.poller.settings import PollerSettings
from services.poller.workflows.match_again import match_again
from services.poller.workflows.register_webhooks import check_and_register
from services.poller.workflows.schedule_reads import ReadScheduler
from shared.service.process import Service
from shared.unipile.client import UnipileClient

log = structlog.get_logger()

READS_EVERY: Final = timedelta(seconds=5)
MATCH_AGAIN_EVERY: Final = timedelta(seconds=1)
PLAN_EVERY: Final = timedelta(minutes=10)
REGISTER_EVERY: Final = timedelta(hours=1)


def register(service: Service, reader: ReadScheduler, client: UnipileClient, settings: PollerSettings) -> None:
    """Declare the jobs; they start with the service."""
    service.jobs.add("introduce reads", PLAN_EVERY, reader.plan_first_reads)
    reader.on_free = service.jobs.add("reads", READS_EVERY, reader.begin_due_reads).wake
    service.jobs.add("insist on reads", READS_EVERY, reader.begin_starved_reads)
    service.jobs.add("rematch", MATCH_AGAIN_EVERY, partial(match_again, service.pool))
    service.jobs.add("register webhooks", REGISTER_EVERY, partial(check_and_register, service.pool, service.fence, client, settings))
    if settings.public_url is not None and settings.webhook_secret is not None:
        log.info("webhooks will be registered", url=settings.public_url)
    elif settings.public_url is not None:
        log.warning("no webhooks are registered: set TACT_WEBHOOK_SECRET, otherwise any caller could send us events")
