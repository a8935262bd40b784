"""Where a prospect goes when the policy ends one of its sends: no prospect may wait for ever for a message that never leaves.

The table for people is in docs/prospect_lifecycle.md. Sender and planner both use it, so that the one that notices the
stop first comes to the same result.
"""

from dataclasses import dataclass
from typing import Final

from shared.policy.verdict import Reason
from shared.vocabulary import ACTIVE, UNSTARTED, Action, ActionRole, ProspectStatus

ALREADY_INVITED: Final = "already_invited"
"""The ledger's index said it and not the policy: another send of the workspace has a live invitation to this person."""

_UNDER_WAY: Final = ACTIVE - UNSTARTED
_STAYS: Final = frozenset({Reason.CAMPAIGN_ENDED, Reason.ALREADY_CONTACTED})
"""A campaign that is over keeps its people as they were: started again by a copy, they are enrolled anew."""


@dataclass(frozen=True, slots=True)
class Move:
    """The status a prospect gets and, where its sequence is over, the outcome."""

    status: ProspectStatus
    outcome: str | None = None


def after_stop(reason: str, action: Action, status: ProspectStatus, *, contacted: bool) -> Move | None:
    """What becomes of a prospect in `status` whose `action` was stopped for good by `reason`; None: it stays.

    A prospect that stays either continues (contacted meanwhile), has a status that says why already, or needs an operator's decision:
    a prospect under way whose lead has answered in another campaign may be resumed.
    """
    if action.role is ActionRole.WITHDRAW or reason in _STAYS or status not in UNSTARTED | _UNDER_WAY:
        return None
    if reason == Reason.OPTED_OUT:
        return Move(ProspectStatus.OPTED_OUT)
    if status in UNSTARTED:
        connected = reason == Reason.ALREADY_CONNECTED
        return Move(ProspectStatus.CONNECTED) if connected else Move(ProspectStatus.FAILED, "stopped")
    if reason != Reason.SUPPRESSED:
        return None
    if contacted:
        return Move(ProspectStatus.COMPLETED, "undeliverable")
    return Move(ProspectStatus.FAILED, "stopped") if status is ProspectStatus.CONNECTED else None


def for_a_person(reason: str, action: Action, status: ProspectStatus, *, contacted: bool) -> bool:
    """Whether a sequence under way has stopped without an end of its own: only a person can say how it goes on."""
    stays = after_stop(reason, action, status, contacted=contacted) is None
    return stays and reason == Reason.REPLIED and status in _UNDER_WAY and action.role is not ActionRole.WITHDRAW
