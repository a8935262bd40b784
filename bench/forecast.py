"""`python -m bench.forecast`: how long a forecast of 100,000 prospects over 30 days takes, the costs of the rules included."""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.insight.forecast import foretell
from services.queuer.rules.insight.forecast_model import CampaignWork, ForecastAccount, ForecastQuestion, Rates
from services.queuer.rules.insight.what_if import shares
from shared.calendar import resolve_schedule
from shared.policy import SPACING, daily_caps, weekly_invitations
from shared.vocabulary import AccountStatus, AccountType, Action

NOW: Final = datetime(2026, 3, 10, 15, tzinfo=UTC)
CAMPAIGN: Final = UUID(int=1)
PLACES: Final = (("America/New_York", "US"), ("Europe/Berlin", "DE-BY"), ("Asia/Riyadh", "SA"), ("Asia/Kolkata", "IN"))
DELAYS: Final = (timedelta(0), timedelta(hours=72), timedelta(hours=72), timedelta(hours=72))


def question(*, prospects: int, accounts: int, days: int) -> ForecastQuestion:
    """A campaign of four steps, its accounts of every type in four countries, every person to be looked up first."""
    return ForecastQuestion(
        campaign_id=CAMPAIGN,
        now=NOW,
        days=days,
        accounts=tuple(_supposed_account(number, people) for number, people in enumerate(shares(prospects, accounts))),
        names={CAMPAIGN: "bench"},
    )


def _supposed_account(number: int, people: int) -> ForecastAccount:
    zone, country = PLACES[number % len(PLACES)]
    account_type = list(AccountType)[number % len(AccountType)]
    schedule = resolve_schedule(None, None, None, account_timezone=zone, account_country=country)
    return ForecastAccount(
        id=UUID(int=number + 1000),
        name=f"account {number}",
        account_type=account_type,
        zone=ZoneInfo(zone),
        status=AccountStatus.USABLE,
        status_reason=None,
        caps=dict(daily_caps(account_type, workspace_daily_cr_limit=None, account_daily_cr_limit=None)),
        weekly_cap=weekly_invitations(),
        spacing=SPACING,
        work=(
            CampaignWork(campaign_id=CAMPAIGN, schedule=schedule, first=Action.INVITATION, delays=DELAYS, rates=Rates(), unknown=people),
        ),
    )


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=__doc__)
    parser.add_argument("--prospects", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=250)
    parser.add_argument("--days", type=int, default=30)
    chosen = parser.parse_args(arguments)
    if min(chosen.prospects, chosen.accounts, chosen.days) < 1:
        parser.error("--prospects, --accounts and --days are 1 or more.")
    asked = question(prospects=chosen.prospects, accounts=chosen.accounts, days=chosen.days)
    began, cpu = time.perf_counter(), time.process_time()
    found = foretell(asked)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    sends = sum(day.look_ups + day.invitations + day.messages for day in found.per_day)
    sys.stdout.write(
        f"{chosen.prospects:,} prospects, {chosen.accounts:,} accounts, {chosen.days} days: {sends:,} actions, "
        f"{found.decisions:,} decisions and the costs of {len(found.costs)} rules in {took:.1f} s ({used:.1f} s of CPU)\n"
        f"{found.contacted:,} contacted; first contacts end {found.last_first_contact}, everything {found.finishes}\n"
        + "".join(f"  without {cost.rule}: {cost.days} days sooner{' at least' if cost.at_least else ''}\n" for cost in found.costs)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
