"""When the faults are over: every topic told three times from its first offset, beside running services. Nothing leaves, no row changes."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from embedded.chaos.quiescence import Digests, digests, under_way
from embedded.chaos.stack import ChaosStack
from operations.replay.arguments import BEGINNING
from operations.replay.engine import ReplayRequest, Servers, replay_range
from operations.replay.groups import wait_until_consumed
from shared.contracts.topics import MAIL_FEEDBACK, TOPICS
from shared.db.pool import open_pool

TIMES: Final = 3
REST_WITHIN: Final = 180.0
"""Real seconds; a lease that a healer's look left behind lasts two and a half minutes
(services/healer/workflows/unknown_attempts/look_up.py)."""
HEARD_WITHIN: Final = 600.0
"""Real seconds for the services to work off what was told again; then the run says who is behind."""
SLOWLY: Final = 1.000_001
"""As good as real time, and still a clock that processes read ten times a second."""
UNREAD: Final = MAIL_FEEDBACK.group("healer")
"""Declared, and not read yet."""


@dataclass(frozen=True, slots=True)
class ReplayCheck:
    """What came of it; `published` over all rounds, `would_act` of them as the dry looks said, `writes` are calls that are no reads."""

    published: int
    would_act: int
    writes: int
    changed: Sequence[str]
    behind: Sequence[str]
    seconds: float

    @property
    def ok(self) -> bool:
        """Nothing left, nothing changed, and every consumer has read all of it."""
        return self.published > 0 and not (self.would_act or self.writes or self.changed or self.behind)

    def document(self) -> dict[str, Any]:
        """For the verdict."""
        return asdict(self) | {"times": TIMES}


async def check_replays(stack: ChaosStack, pool: asyncpg.Pool, *, say: Callable[[str], None]) -> ReplayCheck:
    """Let everything come to rest, tell every topic again, and compare.

    The poller, which reads no topic and writes down what the provider shows by times of its own, is stopped first.
    """
    began = time.monotonic()
    await stack.stop_service("poller-1")
    await _run(pool)
    await _until_nothing_is_to_happen(pool)
    await _run(pool, speed=SLOWLY)
    before, written = await _at_rest(pool), _writes(stack.log)
    say(f"telling every topic again, {TIMES} times from its first offset")
    published = would_act = 0
    kafka = stack.cluster.bootstrap
    # Each replay holds one connection and borrows others, so the pool has more than one for each of them.
    async with await open_pool(stack.dsn, role="tact_queuer", size=3 * len(TOPICS), name="chaos-replay") as replaying:
        for _ in range(TIMES):
            requests = [ReplayRequest(topic=each, since=BEGINNING, reason="chaos", apply=True) for each in TOPICS.values()]
            for answer in await asyncio.gather(*(replay_range(each, Servers(replaying, kafka)) for each in requests)):
                would_act += answer["would_act"]
                published += (answer["applied"] or {"published": 0})["published"]
    left = [await wait_until_consumed(kafka, topic, within=HEARD_WITHIN) for topic in TOPICS.values() if topic.consumers]
    behind = sorted(group for each in left for group, records in each.items() if records != 0 and group != UNREAD)
    after = await _at_rest(pool)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    again = ReplayCheck(published, would_act, _writes(stack.log) - written, changed, behind, round(time.monotonic() - began, 1))
    say(f"{published} events told again: {again.writes} writes, {len(changed)} tables changed ({again.seconds:.0f} s)")
    return again


async def _run(pool: asyncpg.Pool, *, speed: float | None = None) -> None:
    """Let the stack's clock go on from where it is without a leap, as fast as before where no speed is given."""
    await pool.execute(
        """UPDATE stack_clock SET business_at = business_now(), speed = coalesce($1, speed), leaps = false,
                  anchored_at = clock_timestamp(), version = version + 1""",
        speed,
    )


async def _until_nothing_is_to_happen(pool: asyncpg.Pool) -> None:
    """What would happen by itself while topics are told again happens before, in the fast clock.

    The healer takes people out of campaigns that are over for them once an hour of the stack's, accounts wake when their rest is over,
    and an account that a stopped process held comes free by its lease.
    """
    deadline = time.monotonic() + REST_WITHIN
    waiting = """SELECT EXISTS (SELECT FROM get_leads_for_de_enrollment(1))
                     OR EXISTS (SELECT FROM accounts
                                WHERE lease_until IS NOT NULL OR (status = 'usable' AND wake_at <= business_now() + $1 * interval '1 s'))"""
    while time.monotonic() < deadline and await pool.fetchval(waiting, HEARD_WITHIN):  # noqa: ASYNC110 - only the database knows; there is no asyncio.Event
        await asyncio.sleep(0.5)


async def _at_rest(pool: asyncpg.Pool) -> Digests:
    """Once nothing is under way and two looks agree; what is seen last, if that does not come in time."""
    deadline = time.monotonic() + REST_WITHIN
    last: Digests = {}
    while True:
        busy = await under_way(pool)
        before, last = last, await digests(pool)
        if (not busy and before == last) or time.monotonic() > deadline:
            return last
        await asyncio.sleep(1)


def _writes(log: Path) -> int:
    """Calls in the simulator's own log that are no reads."""
    with log.open(encoding="utf-8") as lines:
        return sum(str(json.loads(line).get("route", "GET")).partition(" ")[0] != "GET" for line in lines if line.endswith("\n"))
