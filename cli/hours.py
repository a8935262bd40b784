"""tact {account,campaign,workspace} hours: show hours, or change them key by key; and tact lead zone."""

import json
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer

from cli.console import AsJson, out, print_json
from cli.errors import CommandError
from cli.find import find_account, find_campaign
from cli.work import do
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.workflows.accounts import hours

T = TypeVar("T")
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="key=value: window_zone=both, working_hours_start=8, days=mon,tue, half_days=12-24,12-31."),
]
Takes = Annotated[list[str] | None, typer.Option("--unset", help="A key that is left to the wider level again.")]

leads = typer.Typer(help="People.", no_args_is_help=True)
_LISTS = frozenset({"days", "extra_days_off", "working_exceptions", "half_days"})


def of_account(
    account: Annotated[str, typer.Argument(help="Its id, provider's id or name.")],
    sets: Sets = None,
    unset: Takes = None,
    as_json: AsJson = False,
) -> None:
    """Show an account's hours, or change them key by key."""
    changes = _changes(sets, unset)

    async def work(pool: asyncpg.Pool) -> hours.Hours:
        return await hours.of_account(pool, (await find_account(pool, account)).id, changes)

    _told(do(work), changes, as_json=as_json)


def of_campaign(
    campaign: Annotated[str, typer.Argument(help="Its id or its name.")],
    sets: Sets = None,
    unset: Takes = None,
    as_json: AsJson = False,
) -> None:
    """Show a campaign's hours for each of its accounts, or change them key by key."""
    changes = _changes(sets, unset)

    async def work(pool: asyncpg.Pool) -> hours.Hours:
        return await hours.of_campaign(pool, (await find_campaign(pool, campaign)).id, changes)

    _told(do(work), changes, as_json=as_json)


def of_workspace(
    workspace: Annotated[str, typer.Argument(help="Its id or its company's name.")],
    sets: Sets = None,
    unset: Takes = None,
    as_json: AsJson = False,
) -> None:
    """Show a workspace's hours, or change them key by key; extra_days_off and working_exceptions are its own holidays."""
    changes = _changes(sets, unset)

    async def work(pool: asyncpg.Pool) -> hours.Hours:
        return await hours.of_workspace(pool, (await get_workspace(pool, workspace)).id, changes)

    _told(do(work), changes, as_json=as_json)


@leads.command("zone")
def of_lead(
    lead_id: UUID,
    timezone: Annotated[str | None, typer.Argument(help="Europe/Berlin; without it the lead's location decides again.")] = None,
) -> None:
    """Say whose clocks a lead lives by, for campaigns whose window_zone is prospect or both."""
    done = do(lambda pool: hours.of_lead(pool, lead_id, timezone))
    already = "" if done.changed else " already"
    shown = done.timezone or f"nobody's we know (location '{done.location}'), so the account's hours hold"
    out.print(f"The lead lives by {shown}{already}.", highlight=False)


def _changes(sets: list[str] | None, unset: list[str] | None) -> dict[str, Any]:
    changes: dict[str, Any] = dict.fromkeys(unset or [])
    for each in sets or []:
        key, equals, value = each.partition("=")
        if not equals:
            raise CommandError(f"--set wants key=value, as in --set window_zone=both, not '{each}'.")
        if key in changes:
            raise CommandError(f"'{key}' is named twice; set or unset each key once.")
        changes[key] = _value(key, value)
    return changes


def _value(key: str, text: str) -> Any:
    """JSON where it is any, else the text itself; lists may be written with commas."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    if key in _LISTS and not isinstance(value, list):
        return [each.strip() for each in text.split(",") if each.strip()]
    return value


def _told(found: hours.Hours, changes: dict[str, Any], *, as_json: bool) -> None:
    own = dict(found.schedule_settings)
    if as_json:
        in_force = [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in found.in_force]
        print_json({"id": found.id, "name": found.name, "schedule_settings": own, "in_force": in_force, "changed": found.changed})
        return
    if changes:
        out.print("Changed." if found.changed else "It was so already.")
    out.print(f"{found.name} says itself: {json.dumps(own) if own else 'nothing'}", highlight=False, soft_wrap=True)
    for each in found.in_force:
        whose = each.account or "an account that says nothing"
        follows = "" if each.window_zone == "account" else f", window_zone {each.window_zone}"
        out.print(f"  in force for {whose}: {each.hours}, {each.timezone}{follows}", highlight=False, soft_wrap=True)
