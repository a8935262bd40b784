"""tact workspace: tenants, their hours and their limits."""

from typing import Annotated

import typer

from cli import hours, limits
from cli.arguments import ScheduleOption, parse_schedule
from cli.client import connect
from cli.console import AsJson, print_added, show
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import WorkspaceArgument, find_workspace

app = typer.Typer(help="Tenants.", no_args_is_help=True)


@app.command("add")
def add_workspace(
    company_name: str,
    email: Annotated[str, typer.Option(help="Whom notices go to.")],
    tier: str = "standard",
    daily_cr_limit: Annotated[int | None, typer.Option(help="Invitations a day, for each of its accounts.")] = None,
    schedule: ScheduleOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a workspace; adding the same again changes nothing."""
    body = {
        "company_name": company_name,
        "email": email,
        "tier": tier,
        "daily_cr_limit": daily_cr_limit,
        "schedule_settings": parse_schedule(schedule) or {},
    }
    with connect() as api:
        answer, created = api.create("/api/workspaces", body)
    workspace = answer["workspace"]
    print_added("workspace", workspace["company_name"], workspace, created=created, as_json=as_json)


@app.command("list")
def list_workspaces(limit: Limit = DEFAULT_LIMIT, everything: Everything = False, as_json: AsJson = False) -> None:
    """Every workspace."""
    with connect() as api:
        rows = read_pages(api, "/api/workspaces", "workspaces", limit=limit, everything=everything)
    show(rows, title="workspaces", as_json=as_json, columns=["id", "company_name", "email", "tier", "daily_cr_limit"])


@app.command("hours")
def workspace_hours(workspace: WorkspaceArgument, sets: hours.Sets = None, unset: hours.Unsets = None, as_json: AsJson = False) -> None:
    """Show a workspace's hours, or change them key by key; extra_days_off and working_exceptions are its own holidays."""
    with connect() as api:
        hours.show_or_change(api, f"/api/workspaces/{find_workspace(api, workspace)}/schedule", sets, unset, as_json=as_json)


@app.command("limits")
def workspace_limits(
    workspace: WorkspaceArgument,
    tier: Annotated[str | None, typer.Option(help="standard, growth or enterprise.")] = None,
    daily_cr_limit: limits.DailyInvitations = None,
    weekly_cr_limit: limits.WeeklyInvitations = None,
    daily_message_limit: limits.Messages = None,
    daily_lookup_limit: limits.Lookups = None,
    daily_email_limit: limits.Emails = None,
    withdraw_after_days: Annotated[
        str | None, typer.Option("--withdraw-after-days", help="New campaigns take unanswered invitations back then; 'default': never.")
    ] = None,
) -> None:
    """Set what each account of a workspace may do, where the account has no number of its own."""
    body = limits.parse_numbers(
        daily_cr_limit=daily_cr_limit,
        weekly_cr_limit=weekly_cr_limit,
        daily_message_limit=daily_message_limit,
        daily_lookup_limit=daily_lookup_limit,
        daily_email_limit=daily_email_limit,
        withdraw_after_days=withdraw_after_days,
    )
    if tier is not None:
        body["tier"] = tier
    limits.change_workspace(workspace, body)
