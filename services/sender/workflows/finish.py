"""Finish: write what the provider answered, in small batches as answers come.

While PostgreSQL is away the answers are kept and written later: they are the only copy of what happened outside. Answers that a crash
loses are found again when the healer looks their intents up.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from services.sender.metrics import LATE_ANSWERS, REFUSED_ANSWERS, SENDS
from services.sender.rules.answer_events import WrittenOutcomes
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome
from services.sender.store.answers import Answers
from services.sender.workflows.circuit_breaker import CircuitBreaker
from shared.db.errors import AWAY

log = structlog.get_logger()

BATCH: Final = 128
WRITERS: Final = 2
"""While one writer waits for the disk the other works: one alone was the bottleneck of the pipeline (`make bench`). An account never has
two answers at once, so the writers lock different accounts, sends and prospects, each in order of id."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0


class Finisher:
    """Writes outcomes; few writers, so that batches form while the previous ones are being written."""

    def __init__(self, answers: Answers, breaker: CircuitBreaker, *, on_written: Callable[[], None]) -> None:
        self._answers = answers
        self._breaker = breaker
        self._on_written = on_written
        self._waiting: list[AttemptOutcome] = []
        self._added = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing = 0
        self._writers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start writing."""
        self._writers = [asyncio.create_task(self._write_batches(), name=f"finish {number}") for number in range(1, WRITERS + 1)]

    def add(self, outcome: AttemptOutcome) -> None:
        """Write this outcome soon."""
        if outcome.opens_circuit:
            self._breaker.open(outcome.detail or "")
        self._waiting.append(outcome)
        self._idle.clear()
        self._added.set()

    async def drain(self) -> None:
        """Wait until every added outcome is written."""
        await self._idle.wait()

    async def stop(self) -> None:
        """End the writers; call after drain."""
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)

    async def _write_batches(self) -> None:
        while True:
            await self._added.wait()
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._added.clear()
            if not batch:
                continue  # another writer was woken by the same answers
            self._writing += 1
            try:
                await self._write_until_done(batch)
            finally:
                self._writing -= 1
            if not self._waiting and not self._writing:
                self._idle.set()

    async def _write_until_done(self, batch: Sequence[AttemptOutcome]) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                written = await self._answers.write(batch)
            except AWAY as error:
                log.warning("answers could not be written yet", answers=len(batch), error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            except Exception as error:  # the writer must survive any error: every later answer would be lost with it
                await self._write_one_by_one(batch, error)
                return
            self._count(batch, written)
            self._on_written()
            return

    async def _write_one_by_one(self, batch: Sequence[AttemptOutcome], error: Exception) -> None:
        """The database refuses something: one answer must not keep the others. Its intent expires, and the healer looks it up."""
        if len(batch) > 1:
            for outcome in batch:
                await self._write_until_done([outcome])
            return
        REFUSED_ANSWERS.inc()
        log.error("the database refuses an answer; the healer will look the attempt up", attempt=batch[0].attempt.id, error=str(error))

    def _count(self, batch: Sequence[AttemptOutcome], written: WrittenOutcomes) -> None:
        for outcome in batch:
            SENDS.labels(kind=outcome.attempt.action.value, outcome=outcome.state.value).inc()
        LATE_ANSWERS.inc(len(written.late))
