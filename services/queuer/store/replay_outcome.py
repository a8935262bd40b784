"""What planning would change, read before and after a planning that is rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db.pool import Connection
from shared.db.queries import load

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Standing:
    """A prospect's status and account, and its sends: message type -> status and words."""

    status: str
    account_id: UUID | None
    sends: dict[str, str]


async def standings(connection: Connection, prospect_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """Each prospect that is there."""
    rows = queries.standing(connection, prospect_ids=prospect_ids)
    return {row["id"]: Standing(row["status"], row["account_id"], row["sends"]) async for row in rows}
