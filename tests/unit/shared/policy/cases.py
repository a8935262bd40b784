"""A send nothing stands against, for tests to change one fact of."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.calendar import Schedule
from shared.policy import SPACING, Case, Decision, decide
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus

NEW_YORK = ZoneInfo("America/New_York")
TUESDAY = date(2026, 6, 2)
CALL = timedelta(seconds=30)
SEVEN_TO_SIX = Schedule(zone=NEW_YORK, opens=7 * 60, closes=18 * 60, country="US")


def new_york(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of June 2026 (the 1st is a Monday, the 19th a holiday) on New York's clocks."""
    return datetime(2026, 6, day, hour, minute, second, tzinfo=NEW_YORK).astimezone(UTC)


NOON = new_york(2, 12)


def a_case(**changed: Any) -> Case:
    """An invitation, due an hour ago, whose account is rested, on Tuesday noon."""
    facts: dict[str, Any] = {
        "action": Action.INVITATION,
        "scheduled_for": NOON - timedelta(hours=1),
        "campaign_status": CampaignStatus.RUNNING,
        "prospect_status": ProspectStatus.APPROVED,
        "account_status": AccountStatus.USABLE,
        "schedule": SEVEN_TO_SIX,
        "zone": NEW_YORK,
        "spacing": SPACING,
        "daily_cap": 20,
    }
    return Case(**(facts | changed))


def a_message(**changed: Any) -> Case:
    """A follow-up to somebody who accepted."""
    return a_case(**({"action": Action.MESSAGE, "prospect_status": ProspectStatus.CONNECTED, "requires_connection": True} | changed))


def a_withdrawal(**changed: Any) -> Case:
    """Of an invitation that has waited long enough."""
    facts = {
        "action": Action.WITHDRAWAL,
        "prospect_status": ProspectStatus.CONNECTION_REQUEST_SENT,
        "withdraw_at": NOON - timedelta(hours=1),
        "connected": False,
    }
    return a_case(**(facts | changed))


def decided(case: Case, now: datetime = NOON) -> Decision:
    """The decision alone."""
    return decide(case, now=now, call_time=CALL).decision
