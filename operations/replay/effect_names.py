"""Names for the report: the person and campaign, or the account, that a replayed event would change."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from operations.replay.inspection import PendingEffect
from shared.contracts.rehearsals import About
from shared.db.queries import fetch_all, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class NamedEffect:
    """One change that a consumer would make, with the name of the row it concerns."""

    service: str
    about: str
    id: str
    name: str
    deed: str


@dataclass(frozen=True, slots=True)
class _NameRow:
    id: UUID
    person: str | None
    place: str


async def name_effects(pool: asyncpg.Pool, effects: Sequence[PendingEffect]) -> list[NamedEffect]:
    """Each distinct effect once, in the order of the events, with the name of the row it concerns."""
    distinct = list(dict.fromkeys((each.service, each.would) for each in effects))
    ids = {about: [UUID(str(would.id)) for _, would in distinct if would.about is about] for about in About if about is not About.ROW}
    rows = [
        *await fetch_all(pool, queries.load_prospect_names, _NameRow, ids=ids[About.PROSPECT]),
        *await fetch_all(pool, queries.load_send_names, _NameRow, ids=ids[About.SEND]),
        *await fetch_all(pool, queries.load_account_names, _NameRow, ids=ids[About.ACCOUNT]),
    ]
    names = {str(row.id): f"{row.person or 'a person without a name'} ({row.place})" for row in rows}
    return [
        NamedEffect(service, would.about, str(would.id), names.get(str(would.id), str(would.id)), would.deed) for service, would in distinct
    ]
