"""Rebuild of the derived rows: computed from the ledger and the topics, compared with the stored values, and corrected with `apply`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import Any, Final

import asyncpg

from operations.proof import projections
from operations.proof.projections import ComparedProjection
from operations.proof.topic_facts import TopicFacts, read_topic_facts

ROLE_OF: Final = {projections.COUNTERS: "tact_queuer", projections.USAGE: "tact_sender"}
"""The service that owns the rows of a projection, and so the role that corrects them."""

OpenDatabase = Callable[[str], AbstractAsyncContextManager[asyncpg.Pool]]
"""Opens a pool that works in the given role."""


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """The projections that were compared, what the topics say, and how many values were corrected."""

    projections: list[ComparedProjection]
    facts: TopicFacts
    mended: int

    @property
    def differing(self) -> int:
        """Values that differed before any correction."""
        return sum(len(each.differing) for each in self.projections)

    def as_json(self) -> dict[str, Any]:
        """What --json prints."""
        return {
            "compared": sum(each.compared for each in self.projections),
            "differing": self.differing,
            "mended": self.mended,
            "events": self.facts.events,
            "unreadable": self.facts.unreadable,
            "projections": [asdict(each) for each in self.projections],
        }


async def rebuild_projections(
    open_database: OpenDatabase, kafka: str, *, apply: bool, on_step: Callable[[str], None] = lambda _step: None
) -> RebuildReport:
    """Compare every projection and, with `apply`, correct counters and usage; `on_step` is called with what is done next."""
    on_step("reading the topics")
    facts = await read_topic_facts(kafka)
    on_step("comparing rows")
    # The rows are read after the topics, so a row that lacks an event that was read really is behind that event.
    async with (
        open_database("tact_queuer") as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        compared = await projections.compare_projections(connection, facts)
    mended = 0
    for name, role in ROLE_OF.items():
        wrong = [each for each in compared if each.name == name and each.differing]
        if apply and wrong:
            async with open_database(role) as pool, pool.acquire() as connection:
                mended += await projections.correct_projections(connection, wrong)
    return RebuildReport(compared, facts, mended)
