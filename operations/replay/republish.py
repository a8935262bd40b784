"""Publish events again: the same key, value and headers, and two headers more that say where they come from and why."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from aiokafka import ConsumerRecord

from operations.replay import runs
from operations.replay.look import REPLAY_OF, REPLAY_REASON, Skip, origin, sort_out
from operations.replay.ranges import read
from operations.replay.runs import Run
from operations.replay.where import Belongings
from shared.contracts.event import Event
from shared.contracts.topics import Topic
from shared.db.pool import Connection
from shared.kafka.publisher import Publisher, PublishError, Raw
from shared.refusals import Refused

MOST_AT_ONCE: Final = 5_000
REMEMBER_EVERY: Final = 0.5
"""Seconds between two notes of how far we are: what a kill makes us publish twice, which changes nothing."""
STEPS_A_SECOND: Final = 10
"""A slowed replay publishes in steps of a tenth of a second's worth, so that it does not come in bursts."""


async def republish(
    bootstrap: str,
    connection: Connection,
    topic: Topic[Event],
    run: Run,
    belongings: Belongings,
    *,
    rate: float | None,
    progress: Callable[[Run, int], None],
) -> None:
    """Publish what is left of the run, at most `rate` events a second; `progress` hears of every record that is behind us.

    Raises:
        Refused: Kafka did not take them; the run stands where it was and goes on with the same command.
    """
    fatal: list[str] = []
    publisher = Publisher(bootstrap, client_id="tact-replay", fatal=fatal.append)
    await publisher.start()
    pace, remembered = _Pace(rate), time.monotonic()
    size = MOST_AT_ONCE if rate is None else max(1, min(MOST_AT_ONCE, int(rate / STEPS_A_SECOND)))
    try:
        async for batch in read(bootstrap, run.left):
            for start in range(0, len(batch), size):
                chunk = batch[start : start + size]
                copies = [_copy(record, run.reason) for record in chunk if _wanted(topic, record, run, belongings)]
                await publisher.publish_raw(copies)
                run.published += len(copies)
                run.positions.update({record.partition: record.offset + 1 for record in chunk})
                if time.monotonic() - remembered > REMEMBER_EVERY:
                    await runs.get_on(connection, run)
                    remembered = time.monotonic()
                progress(run, len(chunk))
                await pace.after(len(copies))
        await runs.get_on(connection, run)
    except PublishError as error:
        why = fatal[0] if fatal else str(error)
        raise Refused(f"Kafka did not take them all: {why}. {run.published} are published; the same command goes on from there.") from error
    finally:
        await publisher.stop()


class _Pace:
    """Holds a replay back to its rate, counted from its start: a slow step is made up for, a burst never comes."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = time.monotonic()

    async def after(self, published: int) -> None:
        """Wait until so many may have left."""
        if self._rate is None:
            return
        now = time.monotonic()
        self._due = max(self._due, now - 1) + published / self._rate
        await asyncio.sleep(max(self._due - now, 0))


def _wanted(topic: Topic[Event], record: ConsumerRecord, run: Run, belongings: Belongings) -> bool:
    return not isinstance(sort_out(topic, record, run.range, belongings), Skip)


def _copy(record: ConsumerRecord, reason: str) -> Raw:
    """The same bytes. A copy of a copy names the first record, so that a chain of replays stays one step long."""
    topic, partition, offset = origin(record) or (record.topic, record.partition, record.offset)
    kept: Sequence[tuple[str, bytes]] = [(str(n), bytes(v or b"")) for n, v in record.headers if n not in {REPLAY_OF, REPLAY_REASON}]
    told = [(REPLAY_OF, f"{topic}/{partition}/{offset}".encode()), (REPLAY_REASON, reason.encode())]
    return Raw(record.topic, record.key, record.value, [*kept, *told])
