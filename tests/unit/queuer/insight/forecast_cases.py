"""Campaigns to be forecast: small ones, in New York and Berlin, on the Tuesday of every test."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.insight.forecast_model import CampaignWork, ForecastAccount, ForecastQuestion, Rates
from shared.calendar import Schedule
from shared.policy import SPACING
from shared.vocabulary import AccountStatus, AccountType, Action

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, 11:00 in New York
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
OFFICE = Schedule(NEW_YORK, 7 * 60, 18 * 60, "US")
OURS, THEIRS = UUID(int=1), UUID(int=2)
NOBODY_ACCEPTS = Rates(acceptance=0.0)


def some_work(**changed: Any) -> CampaignWork:
    """An invitation and a message three days after the acceptance, which never comes unless a test says so."""
    facts: dict[str, Any] = {
        "campaign_id": OURS,
        "schedule": OFFICE,
        "first": Action.INVITATION,
        "delays": (timedelta(0), timedelta(days=3)),
        "rates": NOBODY_ACCEPTS,
    }
    return CampaignWork(**(facts | changed))


def a_forecast_account(*work: CampaignWork, number: int = 10, **changed: Any) -> ForecastAccount:
    """A premium account in New York that has done nothing yet."""
    facts: dict[str, Any] = {
        "id": UUID(int=number),
        "name": f"account {number}",
        "account_type": AccountType.PREMIUM,
        "zone": NEW_YORK,
        "status": AccountStatus.USABLE,
        "status_reason": None,
        "caps": {Action.INVITATION: 40, Action.MESSAGE: 100, Action.PROFILE_LOOKUP: 100, Action.EMAIL: 200},
        "weekly_cap": 100,
        "spacing": SPACING,
        "work": work,
    }
    return ForecastAccount(**(facts | changed))


def a_question(*accounts: ForecastAccount, days: int = 30) -> ForecastQuestion:
    """Our campaign's forecast."""
    return ForecastQuestion(campaign_id=OURS, now=NOW, days=days, accounts=accounts, names={OURS: "Ours", THEIRS: "Theirs"})
