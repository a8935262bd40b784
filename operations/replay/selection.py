"""The events of one account, campaign, prospect or workspace.

Events carry only the ids that their handlers need (a `sends.due` names neither campaign nor prospect), so the ids of all rows
of the selection are read once; each event is then compared by the most specific id that it carries.
"""

from dataclasses import dataclass
from uuid import UUID

from operations.replay.arguments import SelectionWord
from shared.contracts.event import Event
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, load
from shared.refusals import Refused

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class EventSelection:
    """The ids of every row that belongs to the selected one; `kind` None selects every event."""

    kind: str | None = None
    id: UUID | None = None
    prospects: frozenset[UUID] = frozenset()
    leads: frozenset[UUID] = frozenset()
    sends: frozenset[UUID] = frozenset()
    accounts: frozenset[UUID] = frozenset()

    def includes(self, event: Event) -> bool:
        """Whether the event belongs to the selection."""
        if self.kind is None:
            return True
        own: UUID | None = getattr(event, f"{self.kind}_id", None)
        if own is not None:
            return own == self.id
        for name, ids in (("send_id", self.sends), ("prospect_id", self.prospects), ("lead_id", self.leads), ("account_id", self.accounts)):
            if (value := getattr(event, name, None)) is not None:
                return value in ids
        row = getattr(event, "row_id", None)  # an integrity event names a row of any table
        return row is not None and _parse_uuid(row) in {self.id} | self.prospects | self.sends | self.leads | self.accounts


@dataclass(frozen=True, slots=True)
class _ProspectRow:
    id: UUID
    lead_id: UUID


async def load_selection(connection: Connection, wanted: SelectionWord | None) -> EventSelection:
    """The ids of every row that belongs to the one that the word names.

    Raises:
        Refused: the word names no row, or several.
    """
    if wanted is None:
        return EventSelection()
    selected = await _find_selected(connection, wanted)
    prospects = await fetch_all(connection, queries.load_prospects, _ProspectRow, kind=wanted.kind, id=selected)
    return EventSelection(
        wanted.kind,
        selected,
        frozenset(row.id for row in prospects),
        frozenset(row.lead_id for row in prospects),
        frozenset(await fetch_column(connection, queries.load_send_ids, UUID, kind=wanted.kind, id=selected)),
        frozenset(await fetch_column(connection, queries.load_account_ids, UUID, kind=wanted.kind, id=selected)),
    )


async def _find_selected(connection: Connection, wanted: SelectionWord) -> UUID:
    """The one row that the word names: a mistyped id must not read as "nothing to replay"."""
    found = await fetch_column(connection, queries.find_selected, UUID, kind=wanted.kind, word=wanted.word)
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"Several {wanted.kind}s are called '{wanted.word}'; give the id: {', '.join(map(str, found))}.")
    listed = "`tact explain` prints a prospect's id" if wanted.kind == "prospect" else f"`tact {wanted.kind} list` lists them"
    raise Refused(f"There is no {wanted.kind} '{wanted.word}', so no event can belong to it; {listed}.")


def _parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
