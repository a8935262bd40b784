"""What a sweep has to plan: prospects without an account, and sequences whose next step no event announced."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, fetch_value, load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class SequenceUnderWay:
    """A prospect whose sequence is under way; `idle` when none of the prospect's sends is planned or on its way."""

    prospect_id: UUID
    idle: bool


async def campaign_with_unplanned(connection: Connection, after: UUID) -> UUID | None:
    """The next running campaign, in order of id, that has prospects to plan."""
    return await fetch_value(connection, queries.campaign_with_unplanned, UUID, after=after)


async def try_lock_sweep(connection: Connection, campaign_id: UUID) -> bool:
    """Reserve the sweep of this campaign until the transaction ends; False while another queuer holds it."""
    return bool(await fetch_value(connection, queries.try_lock_sweep, bool, campaign_id=campaign_id))


async def unplanned_prospects(connection: Connection, campaign_id: UUID, *, most: int) -> Sequence[UUID]:
    """Prospects of one campaign that have no account yet."""
    return await fetch_column(connection, queries.unplanned_prospects, UUID, campaign_id=campaign_id, most=most)


async def sequences_under_way(connection: Connection, after: UUID, *, most: int) -> Sequence[SequenceUnderWay]:
    """The next prospects, in order of id, whose sequence is under way."""
    return await fetch_all(connection, queries.sequences_under_way, SequenceUnderWay, after=after, most=most)
