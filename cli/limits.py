"""What an account may do, for `tact workspace limits`, `tact account limits` and `tact account exception`."""

from datetime import date
from typing import Annotated, Any, Final

import typer

from cli.client import connect
from cli.console import out, print_json
from cli.errors import CommandError
from cli.resolve import find_account, find_workspace

DailyInvitations = Annotated[str | None, typer.Option("--daily-cr-limit", help="Invitations a day; 'default' gives it back.")]
WeeklyInvitations = Annotated[str | None, typer.Option("--weekly-cr-limit", help="Invitations in any 168 hours.")]
Messages = Annotated[str | None, typer.Option("--daily-message-limit", help="Messages a day.")]
Lookups = Annotated[str | None, typer.Option("--daily-lookup-limit", help="Profile look-ups a day.")]
Emails = Annotated[str | None, typer.Option("--daily-email-limit", help="E-mails a day.")]

DEFAULT: Final = "default"


def change_workspace(workspace: str, body: dict[str, Any]) -> None:
    """Change a workspace's limits and say whether they were different."""
    if not body:
        raise CommandError("Name what to change, as in --weekly-cr-limit 80 or --tier growth.")
    with connect() as api:
        answer = api.patch(f"/api/workspaces/{find_workspace(api, workspace)}/limits", body)
    out.print("Changed." if answer["changed"] else "It was so already.")


def show_or_change_account(account: str, body: dict[str, Any], *, as_json: bool) -> None:
    """Change an account's limits where the body names any, and show them."""
    with connect() as api:
        path = f"/api/accounts/{find_account(api, account)}/limits"
        answer = api.patch(path, body) if body else api.get(path)
    print_limits(answer["limits"], as_json=as_json)


def print_limits(found: dict[str, Any], *, as_json: bool) -> None:
    """What holds for an account now."""
    if as_json:
        print_json(found)
        return
    out.print(f"{found['name']}, tier {found['tier']}", highlight=False)
    for action, cap in found["caps"].items():
        left = found["today"][action]
        today = f", {left} of them today ({found['warm_up_percent']} % of its warm-up)" if left != cap else ""
        out.print(f"  {cap} a day: {action.replace('_', ' ')}{today}", highlight=False)
    out.print(f"  {found['weekly_invitations']} invitations in any 168 hours", highlight=False)
    out.print(f"  {found['most_invitations']} invitations a day may be set", highlight=False)
    if found["cr_exception"] is not None:
        out.print(f"  by the exception of {found['cr_exception_by']}: {found['cr_exception_reason']}", highlight=False)


def parse_numbers(**given: str | None) -> dict[str, Any]:
    """The numbers that were given; None gives a number back to the default."""
    return {name: _parse_number(name, text) for name, text in given.items() if text is not None}


def parse_day(text: str) -> str:
    """A day, as the API takes it.

    Raises:
        CommandError: it is none.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise CommandError(f"--warm-up-from wants a day like 2026-06-01, not '{text}'.") from error


def _parse_number(name: str, text: str) -> int | None:
    if text == DEFAULT:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise CommandError(f"--{name.replace('_', '-')} wants a number or '{DEFAULT}', not '{text}'.") from error
