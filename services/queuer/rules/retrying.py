"""May a person's retry of a failed send have any effect? Asked of the policy, so that nothing is reopened in vain."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.queuer.rules.causes import WAITING
from shared.calendar import read_settings, resolve_schedule
from shared.policy import SPACING, Case, Reason, Stop, decide
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus

_NOTHING_SAID: Final = read_settings({})
_UTC: Final = ZoneInfo("UTC")


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
    case = Case(
        action=Action(row["action"]),
        scheduled_for=row["now"],
        campaign_status=CampaignStatus(row["campaign_status"]),
        prospect_status=status_after(row),
        account_status=AccountStatus.USABLE,
        schedule=resolve_schedule(_NOTHING_SAID, _NOTHING_SAID, _NOTHING_SAID, account_timezone="UTC", account_country="US"),
        zone=_UTC,
        spacing=SPACING,
        daily_cap=1,
        requires_connection=row["requires_connection"],
        resumed_at=row["resumed_at"],
        lead_last_reply_at=row["last_reply_at"],
        lead_opted_out_at=row["opted_out_at"],
        suppressed_by=row["suppressed_by"],
    )
    decision = decide(case, now=row["now"], call_time=timedelta()).decision
    return decision.reason if isinstance(decision, Stop) else None
