"""Plan to take back invitations that have had no answer for as long as their campaign says.

A withdrawal goes the way of every send: a row with a moment of its account's time, which the sender decides on afresh. A prospect
that accepts before the withdrawal leaves is not affected.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg

from services.queuer import metrics
from services.queuer.rules.planning.calendar_spans import PlacementDemand, calendar_spans
from services.queuer.rules.planning.plan_input import PlanInput
from services.queuer.rules.planning.withdrawal import plan_withdrawals
from services.queuer.store.planning.accounts import load_accounts
from services.queuer.store.planning.calendars import load_calendars
from services.queuer.store.planning.prospects import load_prospects
from services.queuer.store.planning.withdrawals import (
    due_withdrawals,
    mark_withdrawals_planned,
    reopen_withdrawals,
    waiting_invitations,
)
from services.queuer.workflows.planning.load import lock_people
from services.queuer.workflows.planning.plan import decide_fully
from services.queuer.workflows.planning.record import record
from shared.db.pool import Connection

BATCH: Final = 200
"""Planned in one transaction, which holds their accounts."""


class WithdrawalPlanner:
    """Any number of these may run: the prospects are locked, and a send's id is the same in every process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def sweep(self) -> bool:
        """Plan one batch; True when there may be more."""
        async with self._pool.acquire() as connection:
            ids = await due_withdrawals(connection, most=BATCH)
            if ids:
                async with connection.transaction():
                    planned = await _plan_batch(connection, ids)
                metrics.PLANNED_SENDS.labels(outcome="withdrawal").inc(planned)
        return len(ids) == BATCH


async def _plan_batch(connection: Connection, ids: Sequence[UUID]) -> int:
    """Plan under the locks of all planning; an invitation that is planned already, or waits no more, is left alone."""
    now, locked = await lock_people(connection, ids)
    accounts = await load_accounts(connection, locked, now=now)
    waiting = await waiting_invitations(connection, ids, now=now)
    prospects = await load_prospects(connection, list(waiting))
    facts = PlanInput(now=now, prospects=prospects, steps={}, progress={}, accounts=accounts)
    demands = [PlacementDemand(each.account_id, False, now) for each in prospects if each.account_id and each.account_id in accounts]
    facts = replace(facts, calendars=await load_calendars(connection, calendar_spans(demands, accounts), accounts, now=now))
    decisions = await decide_fully(connection, facts, partial(plan_withdrawals, waiting=waiting))
    fresh = await record(connection, decisions, now=now)
    known = {send.id: send.scheduled_for for send in decisions.sends if send.id not in fresh}
    reopened = await reopen_withdrawals(connection, known)
    await mark_withdrawals_planned(connection, [send.prospect.id for send in decisions.sends], now=now)
    return len(fresh) + reopened
