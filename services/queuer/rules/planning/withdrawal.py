"""Taking an invitation back: a send like any other, though no step of a campaign."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.next_send import NewSend, ProspectToPlan
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.placement import place_sends
from services.queuer.rules.planning.plan import PlanDecisions
from services.queuer.rules.planning.plan_input import PlanInput
from shared.vocabulary import Action

WITHDRAWAL: Final = WorkflowStep(1000, "withdrawal", Action.WITHDRAWAL, timedelta(), requires_connection=False, template="")
"""Its position is beyond that of every step of a workflow, so that it is never taken for the first step."""


@dataclass(frozen=True, slots=True)
class WaitingInvitation:
    """An invitation without an answer: the prospect's, to whom it went, and until when it had to wait."""

    prospect_id: UUID
    recipient: str
    waited_until: datetime


def plan_withdrawals(facts: PlanInput, *, waiting: Mapping[UUID, WaitingInvitation]) -> PlanDecisions:
    """Give the withdrawal of each of these prospects' invitations a moment; prospects without a readable account are left out."""
    found = [withdrawal(prospect, waiting[prospect.id], now=facts.now) for prospect in facts.prospects]
    placement = place_sends([send for send in found if send is not None and send.account_id in facts.accounts], facts)
    return PlanDecisions(sends=placement.sends, unreadable=placement.unreadable, not_loaded=placement.not_loaded)


def withdrawal(prospect: ProspectToPlan, invitation: WaitingInvitation, *, now: datetime) -> NewSend | None:
    """The send that takes this prospect's invitation back, due since it has waited long enough; None without an account."""
    if prospect.account_id is None:
        return None
    due = max(now, invitation.waited_until)
    return NewSend(
        prospect=prospect,
        account_id=prospect.account_id,
        step=WITHDRAWAL,
        text="",
        sha256=hashlib.sha256(b"").digest(),
        due=due,
        scheduled_for=due,
        first=False,
        next_action=Action.WITHDRAWAL,
        recipient=invitation.recipient,
    )
