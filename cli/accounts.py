"""tact account: LinkedIn accounts, what they may do and when."""

from typing import Annotated, Any

import typer

from cli import hours, limits
from cli.arguments import ScheduleOption, parse_schedule
from cli.client import connect
from cli.console import AsJson, format_time, out, print_added, print_json, show
from cli.errors import CommandError
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import AccountArgument, Workspace, find_account, find_workspace
from shared.vocabulary import AccountType

app = typer.Typer(help="LinkedIn accounts known to Unipile.", no_args_is_help=True)
COLUMNS = ["provider_account_id", "name", "account_type", "country", "timezone", "status", "status_reason"]


@app.command("add")
def add_account(
    provider_account_id: Annotated[str, typer.Argument(help="Unipile's account id.")],
    workspace: Workspace,
    name: Annotated[str, typer.Option(help="For people.")],
    account_type: Annotated[AccountType, typer.Option("--type", help="What the member pays for.")] = AccountType.FREE,
    country: Annotated[str, typer.Option(help="As in US, DE-BY, SA: its weekends and holidays.")] = "US",
    timezone: Annotated[str, typer.Option(help="Its own day.")] = "America/New_York",
    daily_cr_limit: Annotated[int | None, typer.Option(help="Invitations a day.")] = None,
    warm_up: Annotated[bool, typer.Option(help="Grow to the caps over 14 days; not for an account that has long been busy.")] = True,
    schedule: ScheduleOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a LinkedIn account to a workspace; adding the same again changes nothing."""
    body = {
        "provider_account_id": provider_account_id,
        "name": name,
        "account_type": account_type.value,
        "country": country,
        "timezone": timezone,
        "daily_cr_limit": daily_cr_limit,
        "schedule_settings": parse_schedule(schedule) or {},
        "warm_up": warm_up,
    }
    with connect() as api:
        answer, created = api.create("/api/accounts", body | {"workspace_id": find_workspace(api, workspace)})
    added = answer["account"]
    print_added("account", added["name"], added, created=created, as_json=as_json)


@app.command("list")
def list_accounts(limit: Limit = DEFAULT_LIMIT, everything: Everything = False, as_json: AsJson = False) -> None:
    """Every account."""
    with connect() as api:
        rows = read_pages(api, "/api/accounts", "accounts", limit=limit, everything=everything)
    show(rows, title="accounts", as_json=as_json, columns=COLUMNS)


@app.command("pause")
def pause_account(account: AccountArgument, reason: str | None = None) -> None:
    """Let nothing leave from an account."""
    with connect() as api:
        _print_status(api.post(f"/api/accounts/{find_account(api, account)}/pause", {"reason": reason}))


@app.command("resume")
def resume_account(account: AccountArgument) -> None:
    """Let an account act again, at its own spacing: nothing that piled up leaves in a burst."""
    with connect() as api:
        _print_status(api.post(f"/api/accounts/{find_account(api, account)}/resume"))


@app.command("change")
def change_account(
    account: AccountArgument,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    account_type: Annotated[AccountType | None, typer.Option("--type", help="What the member pays for; its limits follow.")] = None,
    country: Annotated[str | None, typer.Option(help="As in US, DE-BY, SA: its weekends and holidays.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Its own day; it holds once both zones have begun another day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change an account's name, type, country or time zone; the same again changes nothing."""
    facts = {"name": name, "account_type": account_type and account_type.value, "country": country, "timezone": timezone}
    body = {field: value for field, value in facts.items() if value is not None}
    if not body:
        raise CommandError("Name what to change, as in --timezone Europe/Berlin, --country DE-BY, --type premium or --name Ana.")
    with connect() as api:
        answer = api.patch(f"/api/accounts/{find_account(api, account)}", body)
    now = answer["account"]
    if as_json:
        print_json(now | {field: answer[field] for field in ("timezone_next", "timezone_from", "changed")})
        return
    out.print("Changed." if answer["changed"] else "It was so already.")
    out.print(f"{now['name']}: {now['account_type']}, {now['country']}, {now['timezone']}", highlight=False)
    if answer["timezone_from"] is not None:
        begins = format_time(answer["timezone_from"], "%a %Y-%m-%d %H:%M", zone=True)
        out.print(f"  {answer['timezone_next']} from {begins} on", highlight=False)


@app.command("hours")
def account_hours(account: AccountArgument, sets: hours.Sets = None, unset: hours.Unsets = None, as_json: AsJson = False) -> None:
    """Show an account's hours, or change them key by key."""
    with connect() as api:
        hours.show_or_change(api, f"/api/accounts/{find_account(api, account)}/schedule", sets, unset, as_json=as_json)


@app.command("limits")
def account_limits(
    account: AccountArgument,
    daily_cr_limit: limits.DailyInvitations = None,
    weekly_cr_limit: limits.WeeklyInvitations = None,
    daily_message_limit: limits.Messages = None,
    daily_lookup_limit: limits.Lookups = None,
    daily_email_limit: limits.Emails = None,
    warm_up_from: Annotated[str | None, typer.Option(help="First day of its warm-up, as in 2026-06-01.")] = None,
    no_warm_up: Annotated[bool, typer.Option("--no-warm-up", help="An established account: its whole caps at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an account may do; set it first where numbers are given."""
    if warm_up_from and no_warm_up:
        raise CommandError("Give either --warm-up-from or --no-warm-up, not both.")
    body: dict[str, Any] = limits.parse_numbers(
        daily_cr_limit=daily_cr_limit,
        weekly_cr_limit=weekly_cr_limit,
        daily_message_limit=daily_message_limit,
        daily_lookup_limit=daily_lookup_limit,
        daily_email_limit=daily_email_limit,
    )
    if warm_up_from or no_warm_up:
        body["warm_up_from"] = limits.parse_day(warm_up_from) if warm_up_from else None
    limits.show_or_change_account(account, body, as_json=as_json)


@app.command("exception")
def account_exception(
    account: AccountArgument,
    by: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    most: Annotated[int | None, typer.Option(help="Invitations a day that may be set, up to 100.")] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="The exception is over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write down that an account may be set to more invitations a day than its type."""
    if (most is None) != take_back:
        raise CommandError("Give --most N, or --take-back.")
    with connect() as api:
        answer = api.put(f"/api/accounts/{find_account(api, account)}/exception", {"most": most, "by": by, "reason": reason})
    limits.print_limits(answer["limits"], as_json=as_json)


def _print_status(answer: dict[str, Any]) -> None:
    account = answer["account"]
    out.print(f"{account['name']} is {account['status']}{'' if answer['changed'] else ' already'}.")
