"""What would leave, by the rules of today or by others: one campaign's forecast over HTTP."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from services.queuer.http.models import Given, Success
from services.queuer.rules.insight.forecast_model import Forecast, HeldPeople, RuleCost, StarvedCampaign
from services.queuer.rules.insight.what_if import WORDS
from services.queuer.workflows.insight.forecast import DEFAULT_DAYS, MOST_DAYS, Forecasts, Ready, prepare
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES, Failed
from shared.service.process import Service
from shared.vocabulary import AccountStatus, AccountType

Sets = Annotated[
    list[str],
    Query(alias="set", max_length=20, description=f"word=value with one of: {', '.join(WORDS)}.", examples=["daily_cap=25"]),
]
Holidays = Annotated[
    list[str],
    Query(
        alias="holiday", max_length=50, description="Another day off for the accounts that follow a country.", examples=["DE:2026-12-24"]
    ),
]


class DayOut(Given):
    """One of the account's own days; `others` counts actions for other campaigns."""

    day: date
    look_ups: int
    invitations: int
    messages: int
    withdrawals: int = 0
    others: int


class AccountForecast(Given):
    """What one account would do; days without anything are left out."""

    id: UUID
    name: str
    account_type: AccountType
    status: AccountStatus
    timezone: str
    days: list[DayOut]


class RatesOut(Given):
    """How people are taken to answer; `measured_on` 0: assumed."""

    acceptance: float
    reply: float
    accepted_after_hours: float
    measured_on: int


class ForecastOut(Success):
    """A forecast. `finishes` is null when the campaign does not end within 400 days, or nothing of it can leave."""

    campaign_id: UUID
    campaign_name: str
    begins: datetime
    days: int
    people: int = Field(description="They were not contacted yet.")
    contacted: int = Field(description="So many of them are contacted within those days.")
    last_first_contact: datetime | None
    finishes: datetime | None
    supposed: list[str]
    notes: list[str]
    rates: RatesOut
    accounts: list[AccountForecast]
    starved: list[StarvedCampaign]
    held: list[HeldPeople]
    costs: list[RuleCost]

    @classmethod
    def of(cls, ready: Ready, found: Forecast, *, supposed: Sequence[str]) -> Self:
        """The answer in the words of the API."""
        rates = ready.rates
        return cls(
            campaign_id=found.campaign_id,
            campaign_name=ready.campaign_name,
            begins=found.begins,
            days=found.days,
            people=found.people,
            contacted=found.contacted,
            last_first_contact=found.last_first_contact,
            finishes=found.finishes,
            supposed=list(supposed),
            notes=list(ready.notes),
            rates=RatesOut(
                acceptance=round(rates.acceptance, 3),
                reply=round(rates.reply, 3),
                accepted_after_hours=round(rates.accepted_after.total_seconds() / 3600, 1),
                measured_on=rates.contacted,
            ),
            accounts=_accounts(ready, found),
            starved=list(found.starved),
            held=list(found.held),
            costs=list(found.costs),
        )


def _accounts(ready: Ready, found: Forecast) -> list[AccountForecast]:
    days: dict[UUID, list[DayOut]] = {}
    for day in found.per_day:
        days.setdefault(day.account_id, []).append(DayOut.model_validate(day))
    return [
        AccountForecast(
            id=account.id,
            name=account.name,
            account_type=account.account_type,
            status=account.status,
            timezone=account.zone.key,
            days=days.get(account.id, []),
        )
        for account in ready.question.accounts
    ]


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/campaigns/{campaign_id}/forecast."""
    router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], responses={**FAILURES, 429: {"model": Failed}})
    forecasts = Forecasts()
    service.on_stop(forecasts.close)

    @router.get("/{campaign_id}/forecast", summary="What would leave on which day, when the campaign ends, and what each rule costs")
    async def forecast(
        campaign_id: UUID,
        caller: Viewer,
        sets: Sets = [],  # noqa: B006 - FastAPI copies it
        holidays: Holidays = [],  # noqa: B006 - the same
        days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS,
    ) -> ForecastOut:
        async with tenant_transaction(readers, caller) as connection:
            ready = await prepare(connection, campaign_id, workspace_id=caller.workspace_id, days=days, sets=sets, holidays=holidays)
        found = await forecasts.answer(ready.question)
        return ForecastOut.of(ready, found, supposed=[*sets, *holidays])

    return router
