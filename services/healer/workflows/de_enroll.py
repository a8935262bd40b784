"""Take leads out of campaigns that have nothing more to say to them."""

from collections.abc import Callable
from typing import Any, Final

import asyncpg
import structlog

from services.healer.store.repairs import cleanup as integrity

log = structlog.get_logger()

BATCH: Final = 500


async def de_enroll(pool: asyncpg.Pool, *, wake_relay: Callable[[], None] = lambda: None) -> dict[str, Any] | None:
    """One run over all leads that are to leave, in batches ordered by lead; each batch commits by itself. None when no lead is to leave.

    Raises:
        asyncpg.PostgresError, OSError: the run failed where it stands and says so; what was committed stays.
    """
    if not await integrity.has_leads_to_leave(pool):
        return None
    run = await integrity.begin_de_enrollment(pool)
    total = {"candidates": 0, "de_enrolled": 0, "skipped": 0}
    after = None
    try:
        while True:
            batch = await integrity.de_enroll_batch(pool, run, most=BATCH, after_lead=after)
            if batch.last_lead is None:
                break
            after = batch.last_lead
            total["candidates"] += batch.candidates
            total["de_enrolled"] += batch.de_enrolled
            total["skipped"] += batch.skipped
    except Exception as error:
        await integrity.end_de_enrollment(pool, run, error=repr(error)[:500])
        raise
    await integrity.end_de_enrollment(pool, run, error=None)
    wake_relay()
    log.info("de-enrolled", run_id=str(run), **total)
    return {"run_id": str(run), **total}
