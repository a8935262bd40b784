"""Load everything that a batch is planned from, under the locks of planning.

Locks are taken in the order that all services share: accounts, prospects, campaigns, each in id order. What is decided on is read
after the locks, so it includes what was committed while they were waited for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.queuer.rules.planning.account_calendar import CalendarFacts
from services.queuer.rules.planning.calendar_spans import calendar_spans, widened
from services.queuer.rules.planning.plan_input import PlanInput
from services.queuer.rules.planning.plan_needs import (
    PossibleSend,
    capacities_to_load,
    placement_demands,
    possible_sends,
    queues_to_load,
)
from services.queuer.store.planning.accounts import accounts_of_prospects, load_accounts
from services.queuer.store.planning.calendars import ends_of_queues, load_calendars, load_planned_sends
from services.queuer.store.planning.prospects import load_prospects, load_steps
from services.queuer.store.planning.rotations import load_capacities, lock_rotations
from services.queuer.store.planning.sends import known_recipients, load_progress
from shared.db.pool import Connection
from shared.db.statements import business_now, lock_accounts, lock_prospects


async def load_plan_input(connection: Connection, prospect_ids: Sequence[UUID], *, fresh_for: timedelta) -> PlanInput:
    """Lock and read one batch; look-ups older than `fresh_for` count as unknown recipients."""
    facts = await _load_prospects(connection, prospect_ids)
    sends = possible_sends(facts)
    if not sends:
        return facts
    facts = replace(
        facts,
        capacities=await load_capacities(connection, capacities_to_load(facts), facts.accounts, now=facts.now),
        recipients=await _load_recipients(connection, sends, fresh_since=facts.now - fresh_for),
        queue_ends=await ends_of_queues(connection, queues_to_load(facts, sends)),
    )
    spans = calendar_spans(placement_demands(facts, sends), facts.accounts)
    return replace(facts, calendars=await load_calendars(connection, spans, facts.accounts, now=facts.now))


async def lock_people(connection: Connection, prospect_ids: Sequence[UUID]) -> tuple[datetime, Sequence[UUID]]:
    """Lock the accounts that these prospects have or may get, then the prospects; returns business time and the locked accounts."""
    accounts = await lock_accounts(connection, await accounts_of_prospects(connection, prospect_ids))
    await lock_prospects(connection, prospect_ids)
    return await business_now(connection), accounts


async def extend_calendars(connection: Connection, facts: PlanInput, moments: Mapping[UUID, datetime]) -> PlanInput:
    """The same input with these accounts' calendars loaded around these moments as well."""
    known = {account_id: facts.calendars.get(account_id, CalendarFacts()) for account_id in moments}
    spans = {account_id: widened(known[account_id].spans, at) for account_id, at in moments.items()}
    planned = await load_planned_sends(connection, spans)
    longer = {
        account_id: replace(known[account_id], spans=spans[account_id], planned=tuple(planned.get(account_id, ())))
        for account_id in moments
    }
    return replace(facts, calendars={**facts.calendars, **longer})


async def _load_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> PlanInput:
    """The prospects, their steps, their accounts and the rotations of those that have no account yet."""
    now, locked = await lock_people(connection, prospect_ids)
    prospects = [prospect for prospect in await load_prospects(connection, prospect_ids) if prospect.workflow_id is not None]
    steps = await load_steps(connection, {prospect.workflow_id for prospect in prospects if prospect.workflow_id})
    progress = await load_progress(connection, [prospect.id for prospect in prospects])
    accounts = await load_accounts(connection, locked, now=now)
    shared_out = {prospect.campaign_id for prospect in prospects if prospect.account_id is None and prospect.workflow_id in steps}
    rotations = await lock_rotations(connection, shared_out, list(accounts)) if shared_out else {}
    return PlanInput(now=now, prospects=prospects, steps=steps, progress=progress, accounts=accounts, rotations=rotations)


async def _load_recipients(
    connection: Connection, sends: Sequence[PossibleSend], *, fresh_since: datetime
) -> Mapping[tuple[UUID, UUID], str]:
    account_ids = {account_id for send in sends for account_id in send.account_ids}
    return await known_recipients(connection, account_ids, {send.prospect.lead_id for send in sends}, fresh_since=fresh_since)
