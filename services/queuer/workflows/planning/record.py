"""Write down what planning decided: the sends, their lanes and wake-ups, what the prospects keep, and the events of what ended."""

from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.completion_events import ended_in_planning
from services.queuer.rules.planning.plan import PlanDecisions
from services.queuer.store.planning.accounts import open_lanes, wake_accounts_of_sends
from services.queuer.store.planning.prospects import end_prospects, remember_plans
from services.queuer.store.planning.rotations import keep_credits
from services.queuer.store.planning.sends import insert_sends
from shared.db.outbox import put
from shared.db.pool import Connection
from shared.vocabulary import SendStatus


async def record(connection: Connection, decisions: PlanDecisions, *, now: datetime) -> frozenset[UUID]:
    """Write the batch in the caller's transaction; returns the ids of the sends that were not planned before."""
    fresh = await insert_sends(connection, decisions.sends)
    waiting = [send for send in decisions.sends if send.id in fresh and send.status is SendStatus.PENDING]
    await open_lanes(connection, waiting)
    await wake_accounts_of_sends(connection, waiting)
    await remember_plans(connection, decisions.sends)
    await end_prospects(connection, [*decisions.finished, *decisions.stopped], now=now)
    await keep_credits(connection, decisions.credits)
    events = [event for send in decisions.sends if send.id in fresh and (event := ended_in_planning(send, now=now))]
    await put(connection, "queuer", events)
    return fresh
