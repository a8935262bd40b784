"""Which events belong to one account, campaign, prospect or workspace.

Events carry only the ids that their handlers need (a `sends.due` says neither campaign nor prospect), so what belongs to
whom is read from the rows once; an event is then compared with what it does say, the most particular id first.
"""

from dataclasses import dataclass
from uuid import UUID

from operations.replay.words import Where
from shared.contracts.event import Event
from shared.db.pool import Connection
from shared.db.queries import load
from shared.refusals import Refused

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class Belongings:
    """The ids of everything that is of the one asked for; `kind` None: everybody's."""

    kind: str | None = None
    id: UUID | None = None
    prospects: frozenset[UUID] = frozenset()
    leads: frozenset[UUID] = frozenset()
    sends: frozenset[UUID] = frozenset()
    accounts: frozenset[UUID] = frozenset()

    def hold(self, event: Event) -> bool:
        """Whether the event is about them."""
        if self.kind is None:
            return True
        own: UUID | None = getattr(event, f"{self.kind}_id", None)
        if own is not None:
            return own == self.id
        for name, ids in (("send_id", self.sends), ("prospect_id", self.prospects), ("lead_id", self.leads), ("account_id", self.accounts)):
            if (value := getattr(event, name, None)) is not None:
                return value in ids
        row = getattr(event, "row_id", None)  # an integrity event names a row of any table
        return row is not None and _uuid(row) in {self.id} | self.prospects | self.sends | self.leads | self.accounts


async def belongings(connection: Connection, wanted: Where | None) -> Belongings:
    """What is of the one asked for.

    Raises:
        Refused: there is no such one, or several have that name.
    """
    if wanted is None:
        return Belongings()
    meant = await _meant(connection, wanted)
    asked = {"kind": wanted.kind, "id": meant}
    prospects = [row async for row in queries.its_prospects(connection, **asked)]
    return Belongings(
        wanted.kind,
        meant,
        frozenset(row["id"] for row in prospects),
        frozenset(row["lead_id"] for row in prospects),
        frozenset([row["id"] async for row in queries.its_sends(connection, **asked)]),
        frozenset([row["id"] async for row in queries.its_accounts(connection, **asked)]),
    )


async def _meant(connection: Connection, wanted: Where) -> UUID:
    """The one that the word means: an id with a slip in it must not read as "nothing to replay"."""
    found = [row["id"] async for row in queries.meant(connection, kind=wanted.kind, word=wanted.word)]
    if len(found) == 1:
        id_: UUID = found[0]
        return id_
    if found:
        raise Refused(f"Several {wanted.kind}s are called '{wanted.word}'; give the id: {', '.join(map(str, found))}.")
    listed = "`tact explain` finds a prospect's id" if wanted.kind == "prospect" else f"`tact {wanted.kind} list` shows those there are"
    raise Refused(f"There is no {wanted.kind} '{wanted.word}', so no event can be about it; {listed}.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
