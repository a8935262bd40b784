"""tact workspace limits, account limits, account exception: what an account may do, shown and set."""

from datetime import date
from typing import Annotated

import asyncpg
import typer

from cli.console import AsJson, out, print_json
from cli.errors import CommandError
from cli.find import find_account
from cli.work import do
from services.queuer.store.accounts import limits as verbs
from services.queuer.store.accounts.workspaces import get_workspace

DailyInvitations = Annotated[str | None, typer.Option("--daily-cr-limit", help="Invitations a day; 'default' gives it back.")]
WeeklyInvitations = Annotated[str | None, typer.Option("--weekly-cr-limit", help="Invitations in any 168 hours.")]
Messages = Annotated[str | None, typer.Option("--daily-message-limit", help="Messages a day.")]
Lookups = Annotated[str | None, typer.Option("--daily-lookup-limit", help="Profile look-ups a day.")]
Emails = Annotated[str | None, typer.Option("--daily-email-limit", help="E-mails a day.")]


DEFAULT = "default"


def of_workspace(
    workspace: Annotated[str, typer.Argument(help="Its id or its company's name.")],
    tier: Annotated[str | None, typer.Option(help="standard, growth or enterprise.")] = None,
    daily_cr_limit: DailyInvitations = None,
    weekly_cr_limit: WeeklyInvitations = None,
    daily_message_limit: Messages = None,
    daily_lookup_limit: Lookups = None,
    daily_email_limit: Emails = None,
    withdraw_after_days: Annotated[
        str | None, typer.Option("--withdraw-after-days", help="New campaigns take unanswered invitations back then; 'default': never.")
    ] = None,
) -> None:
    """Set what each account of a workspace may do, where the account has no number of its own."""
    numbers = _numbers(daily_cr_limit, weekly_cr_limit, daily_message_limit, daily_lookup_limit, daily_email_limit)
    if withdraw_after_days is not None:
        numbers["withdraw_after_days"] = _number("withdraw_after_days", withdraw_after_days)

    async def change(pool: asyncpg.Pool) -> bool:
        return await verbs.set_workspace(pool, (await get_workspace(pool, workspace)).id, numbers, tier=tier)

    if not numbers and tier is None:
        raise CommandError("Name what to change, as in --weekly-cr-limit 80 or --tier growth.")
    out.print("Changed." if do(change) else "It was so already.")


def of_account(
    account: Annotated[str, typer.Argument(help="Its id, the provider's id or its name.")],
    daily_cr_limit: DailyInvitations = None,
    weekly_cr_limit: WeeklyInvitations = None,
    daily_message_limit: Messages = None,
    daily_lookup_limit: Lookups = None,
    daily_email_limit: Emails = None,
    warm_up_from: Annotated[str | None, typer.Option(help="First day of its warm-up, as in 2026-06-01.")] = None,
    no_warm_up: Annotated[bool, typer.Option("--no-warm-up", help="An established account: its whole caps at once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an account may do; set it first where numbers are given."""
    numbers = _numbers(daily_cr_limit, weekly_cr_limit, daily_message_limit, daily_lookup_limit, daily_email_limit)
    if warm_up_from and no_warm_up:
        raise CommandError("Give either --warm-up-from or --no-warm-up, not both.")
    first = _day(warm_up_from) if warm_up_from else None if no_warm_up else verbs.KEEP

    async def change(pool: asyncpg.Pool) -> verbs.Limits:
        found = await find_account(pool, account)
        if numbers or first is not verbs.KEEP:
            await verbs.set_account(pool, found.id, numbers, warm_up_from=first)
        return await verbs.in_force(pool, found.id)

    _shown(do(change), as_json=as_json)


def exception(
    account: Annotated[str, typer.Argument(help="Its id, the provider's id or its name.")],
    by: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    most: Annotated[int | None, typer.Option(help="Invitations a day that may be set, up to 100.")] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="The exception is over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write down that an account may be set to more invitations a day than its type."""
    if (most is None) != take_back:
        raise CommandError("Give --most N, or --take-back.")

    async def change(pool: asyncpg.Pool) -> verbs.Limits:
        found = await find_account(pool, account)
        await verbs.except_account(pool, found.id, most, by=by, reason=reason)
        return await verbs.in_force(pool, found.id)

    _shown(do(change), as_json=as_json)


def _shown(found: verbs.Limits, *, as_json: bool) -> None:
    if as_json:
        print_json({name: getattr(found, name) for name in found.__dataclass_fields__})
        return
    out.print(f"{found.name}, tier {found.tier}", highlight=False)
    for action, cap in found.caps.items():
        today = f", {found.today[action]} of them today ({found.warm_up_percent} % of its warm-up)" if found.today[action] != cap else ""
        out.print(f"  {cap} a day: {action.value.replace('_', ' ')}{today}", highlight=False)
    out.print(f"  {found.weekly_invitations} invitations in any 168 hours", highlight=False)
    out.print(f"  {found.most_invitations} invitations a day may be set", highlight=False)
    if found.cr_exception is not None:
        out.print(f"  by the exception of {found.cr_exception_by}: {found.cr_exception_reason}", highlight=False)


def _numbers(*given: str | None) -> dict[str, verbs.Number]:
    return {name: _number(name, text) for name, text in zip(verbs.MOST, given, strict=True) if text is not None}


def _number(name: str, text: str) -> int | None:
    if text == DEFAULT:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise CommandError(f"--{name.replace('_', '-')} wants a number or '{DEFAULT}', not '{text}'.") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--warm-up-from wants a day like 2026-06-01, not '{text}'.") from error
