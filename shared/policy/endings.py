"""The rules that end a send or hold it until something becomes true. No time enters them, so they are asked first.

A list of companies or domains that may not be contacted is one more `suppressed_by`: the store that loads the facts reads it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.policy.case import Case
from shared.policy.verdict import Condition, Hold, Reason, Scope, Stop
from shared.vocabulary import UNSTARTED, AccountStatus, ActionRole, CampaignStatus, ProspectStatus

_DONE_WITH: Final = {
    ProspectStatus.OPTED_OUT: Stop(Reason.OPTED_OUT),
    ProspectStatus.CONVERTED: Stop(Reason.CONVERTED),
    ProspectStatus.NOT_INTERESTED: Stop(Reason.NOT_INTERESTED),
    ProspectStatus.FAILED: Stop(Reason.FAILED),
    ProspectStatus.WITHDRAWN: Stop(Reason.WITHDRAWN),
    ProspectStatus.COMPLETED: Stop(Reason.COMPLETED),
}
_ENDED: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
_REACHED: Final = frozenset({ProspectStatus.CONNECTED, ProspectStatus.MESSAGING, ProspectStatus.REPLIED})


@dataclass(frozen=True, slots=True)
class Ending:
    """A rule without a time, and how it is shown."""

    name: str
    judge: Callable[[Case], Stop | Hold | None]
    value: Callable[[Case], str]
    limit: str


def _campaign_over(case: Case) -> Stop | None:
    return Stop(Reason.CAMPAIGN_ENDED) if case.campaign_status in _ENDED else None


def _suppressed(case: Case) -> Stop | None:
    return Stop(Reason.SUPPRESSED) if case.suppressed_by is not None else None


def _opted_out(case: Case) -> Stop | None:
    return Stop(Reason.OPTED_OUT) if case.lead_opted_out_at is not None else None


def _done_with(case: Case) -> Stop | None:
    return _DONE_WITH.get(case.prospect_status)


def _replied(case: Case) -> Stop | None:
    """A reply ends every step of the lead until a person resumes after it; a reply after that ends them again."""
    last = case.lead_last_reply_at
    if last is None and case.prospect_status is not ProspectStatus.REPLIED:
        return None
    resumed = case.resumed_at is not None and (last is None or case.resumed_at > last)
    return None if resumed else Stop(Reason.REPLIED)


def _first_contact(case: Case) -> Stop | None:
    """An invitation goes to people who were not contacted yet; a second one is refused by LinkedIn and looks like a machine."""
    if case.action.role is not ActionRole.CONNECT:
        return None
    if case.connected:
        return Stop(Reason.ALREADY_CONNECTED)
    if case.invited_by_hand_at is not None:
        return Stop(Reason.INVITED_BY_HAND)
    return None if case.prospect_status in UNSTARTED else Stop(Reason.ALREADY_CONTACTED)


def _withdrawal(case: Case) -> Stop | None:
    """Only an invitation that still waits is taken back: a person who accepted in between stays a connection."""
    if case.action.role is not ActionRole.WITHDRAW:
        return None
    if case.connected:
        return Stop(Reason.ALREADY_CONNECTED)
    if case.prospect_status is not ProspectStatus.CONNECTION_REQUEST_SENT:
        return Stop(Reason.NOT_INVITED)
    return Stop(Reason.WITHDRAWAL_OFF) if case.withdraw_at is None else None


def _can_connect(case: Case) -> Stop | None:
    """A person who turns out not to be connected, and was not invited, will not become a connection by waiting."""
    unreachable = _needs_connection(case) and case.connected is False and case.prospect_status in UNSTARTED
    return Stop(Reason.NOT_CONNECTED) if unreachable else None


def _other_sequence(case: Case) -> Hold | None:
    """One person gets one sequence at a time. Approval refuses a second one; this is for those who were reopened or resumed.

    The later one goes on when the other is over. An invitation may be taken back all the same.
    """
    if case.other_sequence is None or case.action.role is ActionRole.WITHDRAW:
        return None
    return Hold(Condition.OTHER_SEQUENCE, Reason.OTHER_SEQUENCE, Scope.SEND)


def _readable(case: Case) -> Hold | None:
    """Nothing may leave by default hours that no operator chose. Only this lane waits: lanes with readable settings go on."""
    return None if case.unreadable is None else Hold(Condition.SETTINGS, Reason.SCHEDULE_UNREADABLE, Scope.LANE)


def _campaign_running(case: Case) -> Hold | None:
    if case.campaign_status is CampaignStatus.RUNNING:
        return None
    return Hold(Condition.CAMPAIGN_RUNNING, Reason.CAMPAIGN_NOT_RUNNING, Scope.LANE)


def _account_usable(case: Case) -> Hold | None:
    if case.account_status is AccountStatus.USABLE:
        return None
    paused = case.account_status is AccountStatus.PAUSED
    return Hold(Condition.ACCOUNT_USABLE, Reason.ACCOUNT_PAUSED if paused else Reason.ACCOUNT_DISCONNECTED, Scope.ACCOUNT)


def _connection(case: Case) -> Hold | None:
    """An unknown connection is not enough, unless the prospect's status was set by evidence of a connection."""
    if not _needs_connection(case) or case.connected or (case.connected is None and case.prospect_status in _REACHED):
        return None
    return Hold(Condition.CONNECTION, Reason.NOT_CONNECTED, Scope.SEND)


def _needs_connection(case: Case) -> bool:
    """A look-up needs none: it is how we learn whether there is one."""
    return case.requires_connection and case.action.role is not ActionRole.RESOLVE


def _connection_shown(case: Case) -> str:
    known = {True: "connected", False: "not connected", None: "unknown"}[case.connected]
    return f"{known}, prospect {case.prospect_status}"


def _contact_shown(case: Case) -> str:
    by_hand = f", invited by hand {case.invited_by_hand_at}" if case.invited_by_hand_at else ""
    return f"{_connection_shown(case)}{by_hand}"


def _reply_shown(case: Case) -> str:
    replied = f"replied {case.lead_last_reply_at}" if case.lead_last_reply_at else "no reply known"
    return f"{replied}, resumed {case.resumed_at}" if case.resumed_at else replied


ENDINGS: Final = (
    Ending("campaign_over", _campaign_over, lambda case: str(case.campaign_status), "not completed or cancelled"),
    Ending("suppressed", _suppressed, lambda case: case.suppressed_by or "on no list", "on no do-not-contact list"),
    Ending("opted_out", _opted_out, lambda case: f"opted out {case.lead_opted_out_at}" if case.lead_opted_out_at else "no", "no opt-out"),
    Ending("status", _done_with, lambda case: str(case.prospect_status), "still on the way"),
    Ending("reply", _replied, _reply_shown, "no reply after a person resumed"),
    Ending("first_contact", _first_contact, _contact_shown, "an invitation only to pending or approved, not invited by hand"),
    Ending("withdrawal", _withdrawal, _connection_shown, "only an invitation that waits, where the campaign takes them back"),
    Ending("reachable", _can_connect, _connection_shown, "connected, or invited"),
    Ending("other_sequence", _other_sequence, lambda case: case.other_sequence or "none", "in no earlier sequence, or one allows two"),
    Ending("settings", _readable, lambda case: case.unreadable or "readable", "hours and zones that can be read"),
    Ending("campaign_running", _campaign_running, lambda case: str(case.campaign_status), "running"),
    Ending(
        "account_usable",
        _account_usable,
        lambda case: f"{case.account_status}: {case.account_status_reason}" if case.account_status_reason else str(case.account_status),
        "usable",
    ),
    Ending("connection", _connection, _connection_shown, "connected, where the step requires it"),
)
"""In the order they are asked: what ends a send for good stands before what only holds it."""
