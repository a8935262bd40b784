"""What planning would change, read before and after a planning that is rolled back."""

from collections.abc import Sequence
from uuid import UUID

from services.queuer.rules.replay_outcome import ProspectState
from shared.db.pool import Connection
from shared.db.queries import fetch_all, load

queries = load(__file__)


async def load_states(connection: Connection, prospect_ids: Sequence[UUID]) -> dict[UUID, ProspectState]:
    """Each prospect that is there."""
    return {state.id: state for state in await fetch_all(connection, queries.prospect_states, ProspectState, prospect_ids=prospect_ids)}
