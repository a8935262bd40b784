"""tact forecast: a campaign's future by the rules of today, or by others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from cli.client import connect
from cli.completion import complete_account
from cli.console import AsJson, err, format_time, out, parse_time, print_json
from cli.errors import CommandError
from cli.resolve import CampaignArgument, find_campaign

MOST_COLUMNS: Final = 4
"""Accounts beside one another in 80 columns."""
ANSWER_SECONDS: Final = 300.0
FAR_DAYS: Final = 400
"""How far the API looks for the end of a campaign."""
DEFAULT_DAYS: Final = 30
WORDS: Final = "account, acceptance, daily_cap, end_hour, reply, skip_holidays, skip_weekends, spacing, start_hour, weekly_cap"
"""What may be supposed; a test compares it with the rules of the queuer."""
RULES: Final = {
    "daily_cap": "caps by day",
    "weekly_cap": "invitations in 7 days",
    "warm_up": "warm-up",
    "spacing": "spacing",
    "hours": "working hours",
    "weekends": "weekends",
    "holidays": "holidays",
    "other_campaigns": "other campaigns",
}


def forecast(
    campaign: CampaignArgument,
    days: Annotated[int, typer.Option(help="How many days to show.")] = DEFAULT_DAYS,
    sets: Annotated[list[str] | None, typer.Option("--set", help=f"Suppose word=value: {WORDS}.")] = None,
    holidays: Annotated[list[str] | None, typer.Option("--holiday", help="Suppose a day off: DE:2026-12-24.")] = None,
    accounts: Annotated[
        list[str] | None,
        typer.Option("--account", help="Show these day by day; otherwise the first four.", autocompletion=complete_account),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the real policy forward: what leaves on which day, when it ends, and what each rule costs. Changes nothing."""
    with connect(seconds=ANSWER_SECONDS) as api, err.status("running the policy forward …"):
        path = f"/api/campaigns/{find_campaign(api, campaign)}/forecast"
        found = api.get(path, days=days, set=sets or None, holiday=holidays or None)
    if as_json:
        print_json(found)
        return
    shown = _choose_accounts(found, accounts or [])
    for line in _opening(found):
        out.print(line, highlight=False)
    out.print(_days(found, shown))
    for line in _closing(found, shown):
        out.print(line, highlight=False)
    out.print("\n[bold]What each rule costs[/] (the end without it alone; they do not add up)", highlight=False, markup=True)
    out.print(_costs(found))


def _choose_accounts(found: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    known = {account["name"].casefold(): account for account in found["accounts"]}
    for name in names:
        if name.casefold() not in known:
            there_are = ", ".join(account["name"] for account in found["accounts"][:10])
            raise CommandError(f"The campaign has no account '{name}'. It has: {there_are}.")
    chosen: list[dict[str, Any]] = [known[name.casefold()] for name in names] or found["accounts"]
    return chosen[:MOST_COLUMNS]


def _opening(found: Mapping[str, Any]) -> list[str]:
    rates = found["rates"]
    hours = f"after {rates['accepted_after_hours'] / 24:.1f} days on average"
    source = f"measured on {rates['measured_on']:,} people" if rates["measured_on"] else "assumed, because its own past is too short"
    begins = format_time(found["begins"], "%Y-%m-%d %H:%M", zone=True)
    return [
        f"{found['campaign_name']}: {found['people']:,} people to contact, {found['days']} days from {begins}.",
        f"{rates['acceptance']:.0%} accept, {hours}; {rates['reply']:.0%} answer each message.",
        f"Both are {source}.",
        *([f"Supposed: {', '.join(found['supposed'])}."] if found["supposed"] else []),
        *found["notes"],
        "",
    ]


def _days(found: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> Any:
    """Invitations and messages, first of all accounts together."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", width=None)
    table.add_column("day", no_wrap=True)
    names = {"look_ups": "look-ups", "invitations": "invited", "messages": "messages"}
    if any(day["withdrawals"] for account in found["accounts"] for day in account["days"]):
        names["withdrawals"] = "taken back"
    for heading in names.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for account in shown:
        table.add_column(account["name"], justify="right", no_wrap=True, max_width=10, overflow="ellipsis")
    by_day: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for account in found["accounts"]:
        for day in account["days"]:
            by_day[day["day"]][account["id"]] = day
    for day_of, each in sorted(by_day.items()):
        total = [sum(day[name] for day in each.values()) for name in names]
        cells = [_cell(each.get(account["id"])) for account in shown]
        table.add_row(f"{date.fromisoformat(day_of):%a %d %b}", *(f"{number:,}" for number in total), *cells)
    return table


def _cell(day: Mapping[str, Any] | None) -> str:
    return "" if day is None else f"{day['invitations']}+{day['messages']}"


def _closing(found: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [""]
    if shown:
        lines.append("Beside the totals: invited+messages by account.")
    if len(shown) < len(found["accounts"]):
        lines.append(f"{len(found['accounts']) - len(shown):,} more accounts: --account NAME shows others, --json all.")
    lines.append(f"{found['contacted']:,} of {found['people']:,} are contacted within {found['days']} days.")
    zone = ZoneInfo(found["accounts"][0]["timezone"])
    lines.append(
        f"The last first contact: {_format_day(found['last_first_contact'], zone)}. The end: {_format_day(found['finishes'], zone)}."
    )
    lines += [
        f"{account['name']} is {account['status']} and gets no new person."
        for account in found["accounts"]
        if account["status"] != "usable"
    ]
    lines += [
        f"Starved: {each['campaign_name']} gets nothing from {each['account']} for {each['days']} of its sending days from "
        f"{each['since']} on."
        for each in found["starved"]
    ]
    lines += [f"Held: {each['people']:,} people of {each['account']} wait without a time ({each['reason']})." for each in found["held"]]
    return lines if found["starved"] else [*lines, "No campaign of these accounts starves."]


def _format_day(moment: str | None, zone: ZoneInfo) -> str:
    at = parse_time(moment)
    return f"{at.astimezone(zone):%a %Y-%m-%d}" if at is not None else f"not within {FAR_DAYS} days"


def _costs(found: Mapping[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("rule", "days", "the end without it"):
        table.add_column(heading, justify="right" if heading == "days" else "left", no_wrap=True)
    zone = ZoneInfo(found["accounts"][0]["timezone"])
    for cost in sorted(found["costs"], key=lambda each: -(each["days"] or 0)):
        table.add_row(RULES.get(cost["rule"], cost["rule"]), _cost(cost), _format_day(cost["finishes"], zone))
    return table


def _cost(cost: Mapping[str, Any]) -> str:
    if cost["days"] is None:
        return "?"
    return f"{cost['days']:.1f}{' or more' if cost['at_least'] else ''}"
