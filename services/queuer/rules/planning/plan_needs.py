"""What a batch needs of its accounts before it can be planned: capacities, queues and calendars.

An account that the rotation may choose is loaded like one that a prospect already has, so that the plan itself is pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.calendar_spans import PlacementDemand
from services.queuer.rules.planning.next_send import ProspectToPlan
from services.queuer.rules.planning.next_step import StepDue, next_step
from services.queuer.rules.planning.placement import queue_zone
from services.queuer.rules.planning.plan_input import PlanInput, QueueKey
from services.queuer.rules.planning.rotation import able_accounts
from shared.vocabulary import Action


@dataclass(frozen=True, slots=True)
class PossibleSend:
    """A step that is due, and the accounts that may get it."""

    prospect: ProspectToPlan
    step: StepDue
    account_ids: Sequence[UUID]


def possible_sends(facts: PlanInput) -> list[PossibleSend]:
    """The prospects of the batch that have a step to plan."""
    found = []
    for prospect in facts.prospects:
        steps = facts.steps_of(prospect)
        step = next_step(prospect.status, prospect.connected_at, steps, facts.progress_of(prospect), now=facts.now) if steps else None
        accounts = _accounts_for(prospect, facts)
        if isinstance(step, StepDue) and accounts:
            found.append(PossibleSend(prospect, step, accounts))
    return found


def capacities_to_load(facts: PlanInput) -> set[tuple[UUID, Action]]:
    """The accounts among which new prospects are shared out, with the action of their first step."""
    return {
        (candidate.account_id, steps[0].action)
        for prospect in facts.prospects
        if prospect.account_id is None and (steps := facts.steps_of(prospect))
        for candidate in facts.rotations[prospect.campaign_id].candidates
    }


def queues_to_load(facts: PlanInput, sends: Sequence[PossibleSend]) -> set[QueueKey]:
    """The queues of first steps that the batch may join."""
    return {key for send in sends for key in _queues(facts, send)}


def placement_demands(facts: PlanInput, sends: Sequence[PossibleSend]) -> Iterator[PlacementDemand]:
    """From when on each account may have to place something: what `calendar_spans` is asked with."""
    for send in sends:
        likelihood = 1 / len(send.account_ids)
        if not send.step.first:
            yield from (PlacementDemand(each, False, send.step.due, likelihood) for each in send.account_ids)
            continue
        for key in _queues(facts, send):
            yield PlacementDemand(key[0], True, _behind(facts.queue_ends.get(key), send.step.due), likelihood)


def _queues(facts: PlanInput, send: PossibleSend) -> Iterator[QueueKey]:
    if send.step.first:
        for account_id in send.account_ids:
            yield account_id, send.step.step.action, queue_zone(send.prospect, facts.accounts[account_id])


def _behind(end: datetime | None, due: datetime) -> datetime:
    return due if end is None else max(end, due)


def _accounts_for(prospect: ProspectToPlan, facts: PlanInput) -> Sequence[UUID]:
    if prospect.account_id is None:
        rotation = facts.rotations.get(prospect.campaign_id)
        return able_accounts(rotation.candidates) if rotation else ()
    return (prospect.account_id,) if prospect.account_id in facts.accounts else ()
