"""Publish events again: the same key, value and headers, plus two headers that name the original record and the reason."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from aiokafka import ConsumerRecord

from operations.replay import runs
from operations.replay.inspection import REPLAY_OF, REPLAY_REASON, Skip, classify_record, original_record
from operations.replay.ranges import read_range
from operations.replay.runs import ReplayRun
from operations.replay.selection import EventSelection
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.db.pool import Connection
from shared.kafka.publisher import Publisher, PublishError, Raw
from shared.refusals import Refused

MOST_AT_ONCE: Final = 5_000
SAVE_EVERY: Final = 0.5
"""Seconds between two saves of the progress: a kill makes the events since the last save be published twice, which changes no row."""
STEPS_A_SECOND: Final = 10
"""A replay with a rate publishes ten batches a second, so that consumers do not see bursts."""


async def republish(
    bootstrap: str,
    connection: Connection,
    topic: Topic[Event],
    run: ReplayRun,
    selection: EventSelection,
    *,
    rate: float | None,
    progress: Callable[[int], None],
) -> None:
    """Publish the rest of the run, at most `rate` events a second; `progress` is called with the number of records handled.

    Raises:
        Refused: Kafka did not accept the events; the same command resumes the run.
    """
    fatal: list[str] = []
    publisher = Publisher(bootstrap, client_id="tact-replay", fatal=fatal.append)
    await publisher.start()
    pace, saved_at = _RateLimit(rate), time.monotonic()
    size = MOST_AT_ONCE if rate is None else max(1, min(MOST_AT_ONCE, int(rate / STEPS_A_SECOND)))
    try:
        async for batch in read_range(bootstrap, run.left):
            for start in range(0, len(batch), size):
                chunk = batch[start : start + size]
                copies = [_copy_record(record, run.reason) for record in chunk if _is_replayed(topic, record, run, selection)]
                await publisher.publish_raw(copies)
                run.published += len(copies)
                run.positions.update({record.partition: record.offset + 1 for record in chunk})
                if time.monotonic() - saved_at > SAVE_EVERY:
                    await runs.save_progress(connection, run)
                    saved_at = time.monotonic()
                progress(len(chunk))
                await pace.wait_after(len(copies))
        await runs.save_progress(connection, run)
    except PublishError as error:
        why = fatal[0] if fatal else str(error)
        raise Refused(
            f"Kafka did not accept all events: {why}. {run.published} are published; the same command resumes from there."
        ) from error
    finally:
        await publisher.stop()


class _RateLimit:
    """Keeps a replay at its rate, counted from its start: a slow step is made up for by at most one second's worth of events."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = time.monotonic()

    async def wait_after(self, published: int) -> None:
        """Wait until the rate allows that many events."""
        if self._rate is None:
            return
        now = time.monotonic()
        self._due = max(self._due, now - 1) + published / self._rate
        await asyncio.sleep(max(self._due - now, 0))


def _is_replayed(topic: Topic[Event], record: ConsumerRecord, run: ReplayRun, selection: EventSelection) -> bool:
    return not isinstance(classify_record(topic, record, run.range, selection), Skip)


def _copy_record(record: ConsumerRecord, reason: str) -> Raw:
    """The same bytes. A copy of a copy names the first record, so that the origin of any copy is found in one step."""
    topic, partition, offset = original_record(record) or (record.topic, record.partition, record.offset)
    kept: Sequence[tuple[str, bytes]] = [(str(n), bytes(v or b"")) for n, v in record.headers if n not in {REPLAY_OF, REPLAY_REASON}]
    added = [(REPLAY_OF, f"{topic}/{partition}/{offset}".encode()), (REPLAY_REASON, reason.encode())]
    return Raw(record.topic, record.key, record.value, [*kept, *added])
