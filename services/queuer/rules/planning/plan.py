"""Plan a batch of prospects: for each the step, its text, its account and its moment, or its end.

A pure function of one `PlanInput`: the same rows give the same plan, in every process and at every repetition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from services.queuer.rules.planning.assignment import AccountAssignment
from services.queuer.rules.planning.next_send import NewSend, ProspectEnding, ProspectToPlan, SendDraft, draft_send
from services.queuer.rules.planning.placement import UnreadableHours, place_sends
from services.queuer.rules.planning.plan_input import PlanInput
from shared.vocabulary import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDecisions:
    """What to write: rows for send_queue, prospects whose sequence is over, and the rotation's credits by campaign and account.

    `finished` are sequences that planning itself ends, `stopped` those that a rule of the policy ends. `not_placed` sends have
    no moment because their hours cannot be read. Where `not_loaded` names accounts, nothing may be written yet: their
    calendars must be loaded around these moments as well, and the plan made again.
    """

    sends: Sequence[NewSend] = ()
    finished: Sequence[ProspectEnding] = ()
    stopped: Sequence[ProspectEnding] = ()
    credits: Mapping[UUID, Mapping[UUID, float]] = field(default_factory=dict)
    not_placed: int = 0
    unreadable: Sequence[UnreadableHours] = ()
    not_loaded: Mapping[UUID, datetime] = field(default_factory=dict)


def plan(facts: PlanInput) -> PlanDecisions:
    """Decide what comes next for every prospect of the batch."""
    assignment = AccountAssignment(facts)
    drafts = [draft for prospect in facts.prospects if (draft := _draft(prospect, facts, assignment)) is not None]
    wanted = [_address(draft.wanted, facts) for draft in drafts if draft.wanted]
    placement = place_sends(wanted, facts)
    return PlanDecisions(
        sends=[send for draft in drafts for send in draft.ended] + placement.sends,
        finished=[draft.ending for draft in drafts if draft.ending],
        stopped=placement.stopped,
        credits=assignment.changed_credits,
        not_placed=len(wanted) - len(placement.sends),
        unreadable=placement.unreadable,
        not_loaded=placement.not_loaded,
    )


def _draft(prospect: ProspectToPlan, facts: PlanInput, assignment: AccountAssignment) -> SendDraft | None:
    """The prospect's next send from its own account, or from the one that the rotation gives it."""
    steps = facts.steps_of(prospect)
    if not steps:
        return None
    draft = partial(draft_send, prospect, steps=steps, progress=facts.progress_of(prospect), now=facts.now)
    if prospect.account_id is None:
        return assignment.assign(prospect, steps[0].action, draft)
    account = facts.accounts.get(prospect.account_id)
    # None: the account came after the locks were taken, or its hours cannot be read; the next sweep finds the prospect again.
    return None if account is None else draft(account)


def _address(send: NewSend, facts: PlanInput) -> NewSend:
    """Say to whom the send goes, or that the recipient must be looked up first: a paced action of its own.

    A classic id that came with the import is used as it is; any other id and a vanity name may mean another person to another
    account.
    """
    recipient = facts.recipients.get((send.account_id, send.prospect.lead_id)) or send.prospect.linkedin_id
    return replace(send, recipient=recipient, next_action=send.step.action if recipient else Action.PROFILE_LOOKUP)
