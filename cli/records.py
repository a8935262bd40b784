"""tact workspace, account, campaign, token: the records people keep by hand; every verb is safe to press again."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer

from cli.campaign_options import with_campaign_options
from cli.console import AsJson, out, print_json, show
from cli.errors import CommandError
from cli.find import find_account, find_campaign
from cli.work import do as _do
from services.queuer.rules.campaigns.views import CampaignChanged
from services.queuer.store.accounts import accounts as account_store
from services.queuer.store.accounts import tokens as token_store
from services.queuer.store.accounts import workspaces as workspace_store
from services.queuer.store.campaigns import campaigns as campaign_store
from services.queuer.workflows.accounts import add_account as account_adding
from services.queuer.workflows.accounts import add_workspace as workspace_adding
from services.queuer.workflows.accounts import pause as account_pausing
from services.queuer.workflows.accounts import tokens as token_verbs
from services.queuer.workflows.campaigns import run as run_verbs
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from services.queuer.workflows.campaigns.create import create_campaign
from shared.contracts.campaign_fields import LONGEST_TURN, MOST_WITHDRAW_AFTER_DAYS, WITHDRAW_AFTER_DAYS, CampaignSettings
from shared.vocabulary import AccountType, CampaignType, Role

Settings = Annotated[str | None, typer.Option("--schedule", help="schedule_settings as JSON: '{\"working_hours_start\": 9}'.")]
Turn = Annotated[int, typer.Option("--turn-length", min=1, max=LONGEST_TURN, help="Actions of an account in a row.")]
WorkspaceWord = Annotated[str, typer.Option("--workspace", "-w", help="Its id or its company's name.")]
CampaignArgument = Annotated[str, typer.Argument(help="Its id or its name.")]

workspaces = typer.Typer(help="Tenants.", no_args_is_help=True)
accounts = typer.Typer(help="LinkedIn accounts known to Unipile.", no_args_is_help=True)
campaigns = typer.Typer(help="Campaigns: make, start, pause, resume.", no_args_is_help=True)
tokens = typer.Typer(help="Bearer tokens of the HTTP API.", no_args_is_help=True)


@workspaces.command("add")
def add_workspace(
    company_name: str,
    email: Annotated[str, typer.Option(help="Whom notices go to.")],
    tier: str = "standard",
    daily_cr_limit: Annotated[int | None, typer.Option(help="Invitations a day, for each of its accounts.")] = None,
    schedule: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Add a workspace; adding the same again changes nothing."""

    async def add(pool: asyncpg.Pool) -> workspace_adding.WorkspaceAdded:
        return await workspace_adding.add_workspace(
            pool, company_name=company_name, email=email, tier=tier, daily_cr_limit=daily_cr_limit, schedule_settings=_json(schedule)
        )

    added = _do(add)
    _told(added.workspace, "workspace", added.workspace.company_name, created=added.created, as_json=as_json)


@workspaces.command("list")
def list_workspaces(as_json: AsJson = False) -> None:
    """Every workspace."""
    rows = _do(workspace_store.list_workspaces)
    _show(rows, "workspaces", ["id", "company_name", "email", "tier", "daily_cr_limit"], as_json=as_json)


@accounts.command("add")
def add_account(
    provider_account_id: Annotated[str, typer.Argument(help="Unipile's account id.")],
    workspace: WorkspaceWord,
    name: Annotated[str, typer.Option(help="For people.")],
    account_type: Annotated[AccountType, typer.Option("--type", help="What the member pays for.")] = AccountType.FREE,
    country: Annotated[str, typer.Option(help="As in US, DE-BY, SA: its weekends and holidays.")] = "US",
    timezone: Annotated[str, typer.Option(help="Its own day.")] = "America/New_York",
    daily_cr_limit: Annotated[int | None, typer.Option(help="Invitations a day.")] = None,
    warm_up: Annotated[bool, typer.Option(help="Grow to the caps over 14 days; not for an account that has long been busy.")] = True,
    schedule: Settings = None,
    as_json: AsJson = False,
) -> None:
    """Add a LinkedIn account to a workspace; adding the same again changes nothing."""

    async def add(pool: asyncpg.Pool) -> account_adding.AccountAdded:
        return await account_adding.add_account(
            pool,
            workspace_id=(await workspace_store.get_workspace(pool, workspace)).id,
            provider_account_id=provider_account_id,
            name=name,
            account_type=account_type,
            country=country,
            timezone=timezone,
            daily_cr_limit=daily_cr_limit,
            schedule_settings=_json(schedule),
            warm_up=warm_up,
        )

    added = _do(add)
    _told(added.account, "account", added.account.name, created=added.created, as_json=as_json)


@accounts.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """Every account."""
    rows = _do(account_store.list_accounts)
    _show(
        rows, "accounts", ["provider_account_id", "name", "account_type", "country", "timezone", "status", "status_reason"], as_json=as_json
    )


@accounts.command("pause")
def pause_account(account: str, reason: str | None = None) -> None:
    """Let nothing leave from an account."""

    async def pause(pool: asyncpg.Pool) -> account_pausing.AccountMoved:
        return await account_pausing.pause_account(pool, (await find_account(pool, account)).id, reason=reason)

    changed = _do(pause)
    out.print(f"{changed.account.name} is {changed.account.status.value}{'' if changed.changed else ' already'}.")


@accounts.command("resume")
def resume_account(account: str) -> None:
    """Let an account act again, at its own spacing: nothing that piled up leaves in a burst."""

    async def resume(pool: asyncpg.Pool) -> account_pausing.AccountMoved:
        return await account_pausing.resume_account(pool, (await find_account(pool, account)).id)

    changed = _do(resume)
    out.print(f"{changed.account.name} is {changed.account.status.value}{'' if changed.changed else ' already'}.")


@campaigns.command("add")
@with_campaign_options
def add_campaign(
    campaign_name: str,
    workspace: WorkspaceWord,
    account: Annotated[list[str], typer.Option("--account", "-a", help="Provider's id or name of an account; several may be given.")],
    campaign_type: Annotated[CampaignType, typer.Option("--type", help="connector invites first, messenger writes to connections.")],
    message: Annotated[
        list[str] | None, typer.Option("--message", "-m", help="step=text, as in connection_request='Hi {first_name}'.")
    ] = None,
    templates: Annotated[Path | None, typer.Option(help="A JSON file: step -> text.")] = None,
    delay: Annotated[list[str] | None, typer.Option(help="step=hours after the acceptance or the step before.")] = None,
    schedule: Settings = None,
    as_json: AsJson = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Make a campaign; it starts with `tact campaign start`."""
    texts = _texts(templates) | _pairs(message or [], "--message")

    async def add(pool: asyncpg.Pool) -> Any:
        return await create_campaign(
            pool,
            workspace_id=(await workspace_store.get_workspace(pool, workspace)).id,
            campaign_name=campaign_name,
            campaign_type=campaign_type,
            message_templates=texts,
            accounts=account,
            schedule_settings=_json(schedule),
            step_delays={step: _hours(hours) for step, hours in _pairs(delay or [], "--delay").items()},
            settings=CampaignSettings(**settings),
        )

    added = _do(add)
    _told(added.campaign, "campaign", added.campaign.campaign_name, created=added.created, as_json=as_json)


@campaigns.command("list")
def list_campaigns(as_json: AsJson = False) -> None:
    """Every campaign."""
    rows = _do(lambda pool: campaign_store.list_campaigns(pool, most=200))
    columns = ["id", "campaign_name", "campaign_type", "status", "prospects_count", "active_leads_count", "completed_leads_count"]
    _show(rows, "campaigns", columns, as_json=as_json)


@campaigns.command("show")
def show_campaign(campaign: CampaignArgument) -> None:
    """One campaign in full, as JSON."""

    async def get(pool: asyncpg.Pool) -> Any:
        found = await find_campaign(pool, campaign)
        async with pool.acquire() as connection:
            return await campaign_store.get_campaign(connection, found.id)

    print_json(_fields(_do(get)))


@campaigns.command("start")
def start_campaign(campaign: CampaignArgument) -> None:
    """Let a campaign run."""
    _press(campaign, run_verbs.start)


@campaigns.command("pause")
def pause_campaign(campaign: CampaignArgument) -> None:
    """Let nothing more of a campaign leave."""
    _press(campaign, run_verbs.pause)


@campaigns.command("resume")
def resume_campaign(campaign: CampaignArgument) -> None:
    """Let a paused campaign run on."""
    _press(campaign, run_verbs.resume)


@campaigns.command("complete")
def complete_campaign(campaign: CampaignArgument) -> None:
    """End a campaign for good. One that has done its work is completed by itself, and goes on when somebody is added until then."""
    _press(campaign, run_verbs.complete)


@campaigns.command("turns")
def set_turns(campaign: CampaignArgument, turn_length: Turn) -> None:
    """Let a campaign make so many actions in a row of an account that works for several, before the next one's turn."""

    async def change(pool: asyncpg.Pool) -> CampaignChanged:
        return await change_campaign(pool, (await find_campaign(pool, campaign)).id, CampaignChanges(settings={"turn_length": turn_length}))

    changed = _do(change).campaign
    actions = "one action" if changed.turn_length == 1 else f"{changed.turn_length} actions"
    out.print(f"A turn of {changed.campaign_name} is {actions} of an account.", highlight=False)


@campaigns.command("withdraw")
def withdraw_invitations(
    campaign: CampaignArgument,
    after_days: Annotated[int, typer.Option(min=1, max=MOST_WITHDRAW_AFTER_DAYS, help="Unanswered for so long.")] = WITHDRAW_AFTER_DAYS,
    off: Annotated[bool, typer.Option("--off", help="Take none back any more.")] = False,
) -> None:
    """Take back invitations nobody answers, as paced actions of their accounts; nobody is invited again for 21 days then."""

    async def change(pool: asyncpg.Pool) -> CampaignChanged:
        changes = CampaignChanges(settings={"withdraw_after_days": 0 if off else after_days})
        return await change_campaign(pool, (await find_campaign(pool, campaign)).id, changes)

    changed = _do(change).campaign
    days = changed.withdraw_after_days
    said = "takes no invitation back" if days is None else f"takes invitations back that wait for {days} days"
    out.print(f"{changed.campaign_name} {said}.", highlight=False)


@tokens.command("create")
def create_token(
    name: str,
    workspace: Annotated[str | None, typer.Option("--workspace", "-w", help="Unset: every workspace.")] = None,
    role: Role = Role.OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token. It is shown once."""

    async def create(pool: asyncpg.Pool) -> token_verbs.NewToken:
        workspace_id = (await workspace_store.get_workspace(pool, workspace)).id if workspace is not None else None
        return await token_verbs.create_token(pool, workspace_id=workspace_id, role=role, name=name)

    made = _do(create)
    if as_json:
        print_json({"id": made.id, "token": made.token})
        return
    out.print(f"{made.token}\nIt is not stored and not shown again.", highlight=False, soft_wrap=True)


@tokens.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Every token, without its secret."""
    _show(_do(token_store.list_tokens), "tokens", ["id", "name", "role", "workspace_id", "revoked_at"], as_json=as_json)


@tokens.command("revoke")
def revoke_token(token_id: UUID) -> None:
    """Let a token open nothing any more."""
    revoked = _do(lambda pool: token_verbs.revoke_token(pool, token_id))
    out.print("Revoked." if revoked else "It was revoked already.")


def _press(campaign: str, verb: Callable[..., Awaitable[CampaignChanged]]) -> None:
    async def press(pool: asyncpg.Pool) -> CampaignChanged:
        return await verb(pool, (await find_campaign(pool, campaign)).id)

    changed = _do(press)
    out.print(
        f"{changed.campaign.campaign_name} is {changed.campaign.status.value}{'' if changed.changed else ' already'}.", highlight=False
    )


def _told(record: Any, what: str, name: str, *, created: bool, as_json: bool) -> None:
    if as_json:
        print_json(_fields(record) | {"created": created})
        return
    out.print(f"{what} {name} {'added' if created else 'is there already'}: {record.id}", highlight=False)


def _show(records: list[Any], title: str, columns: list[str], *, as_json: bool) -> None:
    show([_fields(record) for record in records], title=title, as_json=as_json, columns=columns)


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _json(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"--schedule is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CommandError("--schedule wants a JSON object, as in '{\"working_hours_start\": 9}'.")
    return value


def _texts(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise CommandError(f"{path} must hold a JSON object: step -> text.")
    return {str(step): str(text) for step, text in value.items()}


def _pairs(given: list[str], option: str) -> dict[str, str]:
    wrong = [each for each in given if "=" not in each]
    if wrong:
        raise CommandError(f"{option} wants step=value, not '{wrong[0]}'.")
    return dict(each.split("=", 1) for each in given)


def _hours(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise CommandError(f"--delay wants hours, not '{text}'.") from error
