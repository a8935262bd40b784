"""What people call whom an event would touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from operations.replay.look import Acting
from shared.contracts.rehearsals import About
from shared.db.queries import load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Named:
    """One deed: who would do it, to whom, and what."""

    service: str
    about: str
    id: str
    name: str
    deed: str


async def named(pool: asyncpg.Pool, acting: Sequence[Acting]) -> list[Named]:
    """Each deed once, in the order of the events, with the name of whom it concerns."""
    once = list(dict.fromkeys((each.service, each.would) for each in acting))
    names: dict[str, str] = {}
    for about, query in ((About.PROSPECT, queries.of_prospects), (About.SEND, queries.of_sends), (About.ACCOUNT, queries.of_accounts)):
        ids = [UUID(str(would.id)) for _, would in once if would.about is about]
        if ids:
            names |= {
                str(row["id"]): f"{row['person'] or 'somebody without a name'} ({row['place']})" async for row in query(pool, ids=ids)
            }
    return [Named(service, would.about, str(would.id), names.get(str(would.id), str(would.id)), would.deed) for service, would in once]
