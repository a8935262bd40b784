"""Taking an invitation back: a send like any other, though no step of a campaign."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from services.queuer.rules.planning.next_send import NewSend, Prospect
from services.queuer.rules.planning.next_step import Step
from shared.vocabulary import Action

WITHDRAWAL: Final = Step(1000, "withdrawal", Action.WITHDRAWAL, timedelta(), requires_connection=False, template="")
"""Behind every step there can be: nobody takes it for the first one."""


def withdrawal(prospect: Prospect, *, recipient: str, waited_until: datetime, now: datetime) -> NewSend | None:
    """The send that takes this prospect's invitation back, due since `waited_until`; None for one without an account."""
    if prospect.account_id is None:
        return None
    due = max(now, waited_until)
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
        recipient=recipient,
    )
