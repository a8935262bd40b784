"""May a person's retry of a failed send have any effect? Asked of the policy, so that nothing is reopened in vain."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.queuer.rules.insight.failure_reasons import WAITING
from shared.policy import Reason, Stop, after_stop, decide
from shared.policy.rows import case_of
from shared.vocabulary import Action, ProspectStatus


def refusal(row: Mapping[str, Any]) -> str | None:
    """Why a retry would lead to nothing, as a sentence with what to do; None when it may be reopened.

    `row` is one of load_for_retry. Only what ends a send is asked here: what merely delays it, the sender waits for.
    """
    who = f"{row['first_name']} {row['last_name']}".strip() or "This person"
    if row["live"]:
        return "An attempt of this send has left or may have left; nothing may be sent twice. Look at its evidence."
    if row["busy_in"] is not None:
        return f"{who} is on the way in the campaign '{row['busy_in']}'; drop this send, or end that one first."
    end = _end(row)
    return f"{WAITING[end]} Nothing more of this enrolment can leave; drop this send." if end is not None else None


def status_after(row: Mapping[str, Any]) -> ProspectStatus:
    """Where the prospect stands once the send is pending again."""
    status = ProspectStatus(row["prospect_status"])
    return ProspectStatus.PENDING if status is ProspectStatus.FAILED and row["contacted_at"] is None else status


def _end(row: Mapping[str, Any]) -> Reason | None:
    """What would end it again; not what the sequence goes on after, as it does for whoever turns out to be connected."""
    status, action = status_after(row), Action(row["action"])
    case = replace(case_of({**row, "next_action": action.value, "scheduled_for": row["now"]}, None), prospect_status=status)
    decision = decide(case, now=row["now"], call_time=timedelta()).decision
    if not isinstance(decision, Stop):
        return None
    move = after_stop(decision.reason, action, status, contacted=row["contacted_at"] is not None)
    return None if move is not None and move.status is ProspectStatus.CONNECTED else decision.reason
