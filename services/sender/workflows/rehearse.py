"""What these events would make the sender do if they were consumed again now. A dry replay calls it; nothing is changed."""

from collections.abc import Sequence

import asyncpg

from services.sender.store import rehearsals
from shared.contracts.rehearsals import About, Would
from shared.contracts.sends_due import SendDue


class SenderRehearsal:
    """An event acts while its send is dispatched under the event's own number; any other event finds that the row has moved on."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def decide_due(self, events: Sequence[SendDue]) -> list[Would | None]:
        """For each event what it would do now, None where that is done already."""
        due = await rehearsals.find_still_due(self._pool, events)
        return [
            Would(About.SEND, event.send_id, "decide whether it may leave now") if (event.send_id, event.dispatch_no) in due else None
            for event in events
        ]
