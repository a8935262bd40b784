"""Mend what is wrong: corrupted prospects on request, what died in a process's hand by the clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog

from services.healer.metrics import (
    CLEANED_UP,
    CLEANUP_FAILURES,
    FINDINGS_OPEN,
    MENDED,
    UNKNOWN_FOR_PERSON,
    UNKNOWN_OLDEST,
    UNKNOWN_WAITING,
    VIOLATIONS,
    Mended,
)
from services.healer.rules.repairs.finding_kinds import VIEW
from services.healer.rules.unknown_attempts.evidence import EvidenceThresholds
from services.healer.store.maintenance import maintenance as upkeep
from services.healer.store.repairs import cleanup as integrity
from services.healer.store.repairs import findings
from services.healer.store.repairs.cleanup import CleanupBatch, Violations
from shared.db.errors import DATABASE_ERRORS
from shared.policy.limits import SPACING
from shared.runtime.clock import StackClock

log = structlog.get_logger()

SEVERITIES: Final = ("info", "warning", "critical")
MOST: Final = 500
BATCH: Final = 1_000
"""Prospects of one transaction of a clean-up: their accounts rest while it lasts."""
FORGOTTEN_AT_ONCE: Final = 5_000
"""Rows of history deleted in one transaction."""
MARGIN: Final = timedelta(seconds=10)
"""Technical: beyond act_by and the request's time-out, before a silent owner's intent is taken over."""
CONSUMER_SILENT: Final = timedelta(seconds=60)
"""Technical: a process says every two seconds that its consumer stands still; one that does not was ended or restarted."""
STUCK_AFTER: Final = timedelta(seconds=120)
"""Technical: a send without anything under way is the sender's own for as long; finish retries meanwhile."""


class CleanupError(Exception):
    """A clean-up run failed and changed nothing; the message is the database's."""


@dataclass(frozen=True, slots=True)
class FinishedCleanup:
    """All batches of one clean-up together; `before` and `after` are rows of prospect_data_integrity."""

    fixed_count: int
    campaign_ids: list[str]
    run_ids: list[int]
    before: dict[str, Any]
    after: dict[str, Any]


class Maintenance:
    """The workflows of mending; the small ones are jobs."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: StackClock,
        *,
        call_time: timedelta,
        terms: EvidenceThresholds | None = None,
        wake_relay: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._call_time = call_time
        self._terms = terms or EvidenceThresholds()
        self._wake_relay = wake_relay
        self._one_at_a_time = asyncio.Lock()
        self.all_right_at: datetime | None = None
        """Technical: when a look last saw nothing wrong. What is wrong now got so later, whatever its own row tells."""

    async def clean_up(self, *, actor: str, called_by: str) -> FinishedCleanup:
        """Mend corrupted prospects from the evidence, batch after batch, each all or nothing, until nothing is left.

        Calls run one after the other: the second finds what the first has left, and holds no connection while it waits.

        Raises:
            CleanupError: a batch failed and changed nothing; those before it stay.
        """
        async with self._one_at_a_time:
            log.info("clean-up starts", called_by=called_by)
            batches: list[CleanupBatch] = []
            while (batch := await self.clean_up_once(actor=actor, called_by=called_by, most=BATCH)) is not None:
                if not batches:
                    log.info("before the clean-up", called_by=called_by, **batch.counts.before)
                batches.append(batch)
                if batch.counts.chosen < BATCH or not batch.did_something:
                    break
            done = FinishedCleanup(
                fixed_count=sum(each.run.fixed_count for each in batches),
                campaign_ids=sorted({campaign for each in batches for campaign in each.run.campaign_ids}),
                run_ids=[each.run.run_id for each in batches],
                before=batches[0].counts.before,
                after=batches[-1].counts.after,
            )
            log.info("fixed", called_by=called_by, fixed_count=done.fixed_count)
            log.info("campaigns affected", called_by=called_by, campaigns=len(done.campaign_ids), campaign_ids=done.campaign_ids[:20])
            log.info("after the clean-up", called_by=called_by, **done.after)
        await self.take_stock()
        return done

    async def clean_up_once(self, *, actor: str, called_by: str, most: int, patience: timedelta | None = None) -> CleanupBatch | None:
        """One batch of at most so many; `patience` (technical): how long to wait for locked rows; None: without limit. Returns None
        where the rows stayed locked.

        Raises:
            CleanupError: it failed and changed nothing.
        """
        try:
            run = await integrity.run_cleanup(
                self._pool, actor=actor, called_by=called_by, most=most, patience=patience, all_right_at=self.all_right_at
            )
        except DATABASE_ERRORS as error:
            CLEANUP_FAILURES.inc()
            await self._note_failure(called_by, error)
            raise CleanupError(str(error) or type(error).__name__) from error
        CLEANED_UP.inc(run.run.fixed_count if run else 0)
        self._wake_relay()
        return run

    def wake(self) -> None:
        """Events were written: let the relay look now."""
        self._wake_relay()

    async def take_stock(self) -> Violations:
        """Look at what is wrong and say so in the metrics; returns the view's row."""
        row = await integrity.fetch_violations(self._pool)
        for rule in VIEW:
            VIOLATIONS.labels(rule=rule).set(getattr(row, rule))
        open_ones = await findings.count_open_by_severity(self._pool)
        for severity in SEVERITIES:
            FINDINGS_OPEN.labels(severity=severity).set(open_ones.get(severity, 0))
        unknown = await integrity.count_unknown_attempts(self._pool, now=self._clock.now())
        UNKNOWN_WAITING.set(unknown.waiting)
        UNKNOWN_FOR_PERSON.set(unknown.needs_person)
        UNKNOWN_OLDEST.set(unknown.oldest_seconds)
        return row

    async def expire_intents(self) -> bool:
        """Take over intents whose owner is gone or silent; True when there may be more."""
        doubted, released = await upkeep.expire_intents(
            self._pool,
            grace=self._call_time + MARGIN,
            lag=self._terms.lag,
            spacing=SPACING,
            most=MOST,
        )
        MENDED.labels(what=Mended.INTENT_UNKNOWN).inc(doubted)
        MENDED.labels(what=Mended.LOOKUP_RELEASED).inc(released)
        if doubted or released:
            log.warning("took over attempts whose sender gave no answer", unknown=doubted, released=released)
        return doubted + released == MOST

    async def clear_leases(self) -> bool:
        """Let go of accounts that a dead read or sender held; True when there may be more."""
        cleared = await upkeep.clear_leases(self._pool, most=MOST)
        MENDED.labels(what=Mended.LEASE_CLEARED).inc(cleared)
        return cleared == MOST

    async def unstick_sends(self) -> bool:
        """Return sends without a live attempt to pending; True when there may be more."""
        freed = await upkeep.unstick_sends(self._pool, grace=STUCK_AFTER, most=MOST)
        MENDED.labels(what=Mended.SEND_UNSTUCK).inc(freed)
        if freed:
            log.warning("sends without a live attempt were returned to pending", sends=freed)
        return freed == MOST

    async def watch_consumers(self) -> None:
        """A consumer that stopped is a finding until it goes on, or its process was ended."""
        await upkeep.watch_consumers(self._pool, silent=CONSUMER_SILENT)

    async def forget_history(self, kept: timedelta) -> bool:
        """Delete what was so longer ago than `kept` (business time); True when there may be more."""
        gone = await upkeep.delete_expired_history(self._pool, before=self._clock.now() - kept, most=FORGOTTEN_AT_ONCE)
        MENDED.labels(what=Mended.HISTORY_FORGOTTEN).inc(gone)
        return gone >= FORGOTTEN_AT_ONCE

    async def _note_failure(self, called_by: str, error: BaseException) -> None:
        log.error("clean-up failed, nothing was changed", called_by=called_by, error=repr(error))
        try:
            await integrity.record_failure(self._pool, called_by=called_by, error=str(error) or type(error).__name__)
        except DATABASE_ERRORS:
            log.warning("the failed run could not be recorded", called_by=called_by)
