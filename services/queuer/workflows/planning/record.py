"""Write down what planning decided: the sends, their lanes and wake-ups, what the prospects keep, and the events of what ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.completion_events import ended_in_planning
from services.queuer.rules.planning.next_send import Ending, NewSend
from services.queuer.store.planning.accounts import open_lanes, wake_accounts
from services.queuer.store.planning.prospects import end_prospects, remember_plans
from services.queuer.store.planning.sends import insert_sends
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.vocabulary import SendStatus


async def record(connection: Connection, sends: Sequence[NewSend], endings: Sequence[Ending], *, now: datetime) -> frozenset[UUID]:
    """Write the batch in the caller's transaction; returns the ids of the sends that were not planned before."""
    fresh = await insert_sends(connection, sends)
    waiting = [send for send in sends if send.id in fresh and send.status is SendStatus.PENDING]
    await open_lanes(connection, waiting)
    await wake_accounts(connection, waiting)
    await remember_plans(connection, sends)
    await end_prospects(connection, endings, now=now)
    events = [event for send in sends if send.id in fresh and (event := ended_in_planning(send, now=now))]
    await put(connection, "queuer", events)
    return fresh
