"""A server that answers before it has written down what it was told: what it says of itself, and what follows."""

from dataclasses import replace
from uuid import uuid4

import asyncpg

from services.queuer.http.insight.status import FenceOut
from shared.fence import store
from shared.fence.rules import FORGETFUL, SeenHeads, find_refusal


async def test_without_fsync_nothing_leaves_and_the_status_says_why(pool: asyncpg.Pool) -> None:
    """The tests' own server is such a one."""
    row = replace(await store.read_fence(pool), stack_id=uuid4(), seq=1)
    assert not row.durable
    assert find_refusal(row, SeenHeads(), mark=0, now=0.0, throw_away=False) == FORGETFUL
    assert FenceOut.of(row).line == f"nothing leaves: {FORGETFUL}"
