"""tact forecast: a campaign's future by the rules of today, or by others."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from cli.console import err, out, print_json, run
from cli.errors import CommandError
from cli.find import find_campaign
from cli.target import database
from services.queuer.http.insight.forecast import AccountForecast, CostOut, DayOut, ForecastOut
from services.queuer.rules.insight.forecast import foretell
from services.queuer.rules.insight.forecast_model import FAR, Rule
from services.queuer.rules.insight.what_if import WORDS
from services.queuer.workflows.insight.forecast import DEFAULT_DAYS, Ready, prepare
from shared.vocabulary import AccountStatus

MOST_COLUMNS: Final = 4
"""Accounts beside one another in 80 columns."""
WIDTH: Final = 80

IN_WORDS: Final = {
    Rule.DAILY_CAP: "caps by day",
    Rule.WEEKLY_CAP: "invitations in 7 days",
    Rule.WARM_UP: "warm-up",
    Rule.SPACING: "spacing",
    Rule.HOURS: "working hours",
    Rule.WEEKENDS: "weekends",
    Rule.HOLIDAYS: "holidays",
    Rule.OTHER_CAMPAIGNS: "other campaigns",
}


def forecast(
    campaign: Annotated[str, typer.Argument(help="Its id or its name.")],
    days: Annotated[int, typer.Option(help="How many days to show.")] = DEFAULT_DAYS,
    sets: Annotated[list[str] | None, typer.Option("--set", help=f"Suppose word=value: {', '.join(WORDS)}.")] = None,
    holidays: Annotated[list[str] | None, typer.Option("--holiday", help="Suppose a day off: DE:2026-12-24.")] = None,
    accounts: Annotated[list[str] | None, typer.Option("--account", help="Show these day by day; otherwise the first four.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, every account in it.")] = False,
) -> None:
    """Run the real policy forward: what leaves on which day, when it ends, and what each rule costs. Changes nothing."""
    ready = run(_prepare(campaign, days, sets or [], holidays or []))
    with err.status("running the policy forward …"):
        found = ForecastOut.of(ready, foretell(ready.question), supposed=[*(sets or []), *(holidays or [])])
    if as_json:
        print_json(found)
        return
    shown = _chosen(found, accounts or [])
    for line in _opening(found):
        out.print(line, highlight=False)
    out.print(_days(found, shown))
    for line in _closing(found, shown):
        out.print(line, highlight=False)
    out.print("\n[bold]What each rule costs[/] (the end without it alone; they do not add up)", highlight=False, markup=True)
    out.print(_costs(found))


async def _prepare(campaign: str, days: int, sets: Sequence[str], holidays: Sequence[str]) -> Ready:
    async with database() as pool:
        found = await find_campaign(pool, campaign)
        async with pool.acquire() as connection, connection.transaction(readonly=True, isolation="repeatable_read"):
            return await prepare(connection, found.id, days=days, sets=sets, holidays=holidays)


def _chosen(found: ForecastOut, names: Sequence[str]) -> list[AccountForecast]:
    known = {account.name.casefold(): account for account in found.accounts}
    for name in names:
        if name.casefold() not in known:
            raise CommandError(f"The campaign has no account '{name}'. It has: {', '.join(a.name for a in found.accounts[:10])}.")
    chosen = [known[name.casefold()] for name in names] or found.accounts
    return chosen[:MOST_COLUMNS]


def _opening(found: ForecastOut) -> list[str]:
    rates = found.rates
    hours = f"after {rates.accepted_after_hours / 24:.1f} days on average"
    source = f"measured on {rates.measured_on:,} people" if rates.measured_on else "assumed, because its own past is too short"
    return [
        f"{found.campaign_name}: {found.people:,} people to contact, {found.days} days from {found.begins:%Y-%m-%d %H:%M} UTC.",
        f"{rates.acceptance:.0%} accept, {hours}; {rates.reply:.0%} answer each message.",
        f"Both are {source}.",
        *([f"Supposed: {', '.join(found.supposed)}."] if found.supposed else []),
        *found.notes,
        "",
    ]


def _days(found: ForecastOut, shown: Sequence[AccountForecast]) -> Table:
    """Invitations and messages, first of all accounts together."""
    table = Table(box=None, pad_edge=False, header_style="bold", width=None)
    table.add_column("day", no_wrap=True)
    names = {"look_ups": "look-ups", "invitations": "invited", "messages": "messages"}
    if any(day.withdrawals for account in found.accounts for day in account.days):
        names["withdrawals"] = "taken back"
    for heading in names.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for account in shown:
        table.add_column(account.name, justify="right", no_wrap=True, max_width=10, overflow="ellipsis")
    by_day: dict[date, dict[object, DayOut]] = defaultdict(dict)
    for account in found.accounts:
        for day in account.days:
            by_day[day.day][account.id] = day
    for day_of, each in sorted(by_day.items()):
        total = [sum(getattr(day, name) for day in each.values()) for name in names]
        cells = [_cell(each.get(account.id)) for account in shown]
        table.add_row(f"{day_of:%a %d %b}", *(f"{number:,}" for number in total), *cells)
    return table


def _cell(day: DayOut | None) -> str:
    return "" if day is None else f"{day.invitations}+{day.messages}"


def _closing(found: ForecastOut, shown: Sequence[AccountForecast]) -> list[str]:
    lines = [""]
    if shown:
        lines.append("Beside the totals: invited+messages by account.")
    if len(shown) < len(found.accounts):
        lines.append(f"{len(found.accounts) - len(shown):,} more accounts: --account NAME shows others, --json all.")
    lines.append(f"{found.contacted:,} of {found.people:,} are contacted within {found.days} days.")
    zone = ZoneInfo(found.accounts[0].timezone)
    lines.append(f"The last first contact: {_moment(found.last_first_contact, zone)}. The end: {_moment(found.finishes, zone)}.")
    lines += [
        f"{account.name} is {account.status} and gets nobody new."
        for account in found.accounts
        if account.status is not AccountStatus.USABLE
    ]
    lines += [
        f"Starved: {each.campaign_name} gets nothing from {each.account} for {each.days} of its sending days from {each.since} on."
        for each in found.starved
    ]
    lines += [f"Held: {each.people:,} people of {each.account} wait without a time ({each.reason})." for each in found.held]
    return lines if found.starved else [*lines, "No campaign of these accounts starves."]


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d}" if at is not None else f"not within {FAR.days} days"


def _costs(found: ForecastOut) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("rule", "days", "the end without it"):
        table.add_column(heading, justify="right" if heading == "days" else "left", no_wrap=True)
    zone = ZoneInfo(found.accounts[0].timezone)
    for cost in sorted(found.costs, key=lambda each: -(each.days or 0)):
        table.add_row(IN_WORDS[cost.rule], _cost(cost), _moment(cost.finishes, zone))
    return table


def _cost(cost: CostOut) -> str:
    if cost.days is None:
        return "?"
    return f"{cost.days:.1f}{' or more' if cost.at_least else ''}"
