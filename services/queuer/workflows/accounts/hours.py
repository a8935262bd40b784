"""Hours changed key by key on an account, a campaign or a workspace, and a lead's own zone.

A change opens the lanes that the old hours closed and frees the sends to which they left no moment; the sender, who asks
the policy anyway, closes again what must stay closed.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.views import CampaignAccount
from services.queuer.rules.people.location_timezone import zone_of_location
from services.queuer.store.accounts import hours as store
from services.queuer.store.accounts.accounts import unknown_account
from services.queuer.store.accounts.hours import AccountHours
from services.queuer.store.accounts.workspaces import get_workspace
from services.queuer.store.campaigns.campaigns import get_campaign
from services.queuer.workflows.campaigns.change import CampaignChanges, change_campaign
from shared.calendar import ScheduleError, read_settings, resolve_schedule
from shared.db.pool import Connection
from shared.db.statements import write_audit_line
from shared.refusals import NotFound, Refused

_BY_LOCATION: Final = "by its location"


@dataclass(frozen=True, slots=True)
class HoursInForce:
    """What holds in the end, where no place is known but the account's; `account` is None for a workspace alone."""

    account: str | None
    timezone: str
    hours: str
    window_zone: str


@dataclass(frozen=True, slots=True)
class Hours:
    """One level's own settings and what they come to; `changed` is false when it was so already."""

    id: UUID
    name: str
    schedule_settings: Mapping[str, Any]
    in_force: Sequence[HoursInForce]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class LeadZoneChange:
    """The time zone of a lead; None where it is unknown. `changed` is false when the zone was set already."""

    id: UUID
    location: str
    timezone: str | None
    changed: bool


async def change_account_hours(
    pool: asyncpg.Pool,
    account_id: UUID,
    changes: Mapping[str, Any] | None = None,
    *,
    workspace_id: UUID | None = None,
    actor: str = "command line",
) -> Hours:
    """Show an account's hours, changed first where `changes` says so: key -> value, None takes a key out.

    Raises:
        NotFound: there is none.
        Refused: a value cannot be used, or would contradict the hours of a campaign or the workspace.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.load_accounts(connection, account_id, workspace_id, locked=bool(changes))
        if not rows:
            raise unknown_account(account_id)
        account = rows[0]
        workspace = await get_workspace(connection, account.workspace_id)
        was = account.schedule_settings
        settings = _merge(was, changes)
        if changed := settings != was:
            await _check_agreement(connection, [replace(account, schedule_settings=settings)], workspace.schedule_settings)
            await store.set_account(connection, account_id, settings)
            await write_audit_line(
                connection, actor, "set hours", "account", account_id, workspace_id=workspace.id, details={"was": was, "is": settings}
            )
            await store.open_lanes(connection, [account_id])
        in_force = _in_force(account.name, None, settings, workspace.schedule_settings, account)
        return Hours(account_id, account.name, settings, [in_force], changed)


async def change_workspace_hours(
    pool: asyncpg.Pool, workspace_id: UUID, changes: Mapping[str, Any] | None = None, *, actor: str = "command line"
) -> Hours:
    """Show a workspace's hours, changed first where `changes` says so: key -> value, None takes a key out.

    Raises:
        NotFound: there is none.
        Refused: a value cannot be used, or would contradict the hours of an account or campaign.
    """
    async with pool.acquire() as connection, connection.transaction():
        accounts = await store.load_accounts(connection, None, workspace_id, locked=bool(changes))
        if changes:
            await store.lock_workspace(connection, workspace_id)
        workspace = await get_workspace(connection, workspace_id)
        was = workspace.schedule_settings
        settings = _merge(was, changes)
        if changed := settings != was:
            checks.schedules_agree(None, {}, settings, timezone=None, country=None, name=workspace.company_name)
            await _check_agreement(connection, accounts, settings)
            await store.set_workspace(connection, workspace_id, settings)
            await write_audit_line(
                connection, actor, "set hours", "workspace", workspace_id, workspace_id=workspace_id, details={"was": was, "is": settings}
            )
            await store.open_lanes(connection, [account.id for account in accounts])
        in_force = [_in_force(None, None, {}, settings, None)]
        in_force += [_in_force(account.name, None, account.schedule_settings, settings, account) for account in accounts]
        return Hours(workspace_id, workspace.company_name, settings, in_force, changed)


async def change_campaign_hours(
    pool: asyncpg.Pool,
    campaign_id: UUID,
    changes: Mapping[str, Any] | None = None,
    *,
    workspace_id: UUID | None = None,
    actor: str = "command line",
) -> Hours:
    """Show a campaign's hours for each of its accounts, changed first where `changes` says so; None takes a key out.

    Raises:
        NotFound: there is none.
        Refused: a value cannot be used, or would contradict the hours of an account or the workspace.
        Conflict: the campaign is over.
    """
    async with pool.acquire() as connection:
        campaign = await get_campaign(connection, campaign_id, workspace_id=workspace_id)
        workspace = await get_workspace(connection, campaign.workspace_id)
    settings, changed = _merge(campaign.schedule_settings, changes), False
    if changes:
        wanted = CampaignChanges(schedule_settings=settings)
        changed = (await change_campaign(pool, campaign_id, wanted, workspace_id=workspace_id, actor=actor)).changed
    in_force = [
        _in_force(account.name, settings, account.schedule_settings, workspace.schedule_settings, account) for account in campaign.accounts
    ]
    return Hours(campaign_id, campaign.campaign_name, settings, in_force, changed)


async def set_lead_zone(
    pool: asyncpg.Pool, lead_id: UUID, timezone: str | None, *, workspace_id: UUID | None = None, actor: str = "command line"
) -> LeadZoneChange:
    """Say whose clocks a lead lives by; None goes by the location again.

    Raises:
        NotFound: there is none.
        Refused: there is no such zone.
    """
    if timezone is not None:
        _check_zone(timezone)
    async with pool.acquire() as connection, connection.transaction():
        account_ids = await store.lock_accounts_of_lead(connection, lead_id)
        lead = await store.lock_lead(connection, lead_id, workspace_id=workspace_id)
        if lead is None:
            raise NotFound(f"There is no lead {lead_id} in this workspace; give the id of one that was imported.", code="unknown_lead")
        zone = timezone if timezone is not None else await asyncio.to_thread(zone_of_location, lead.location)
        if changed := (zone or "") != (lead.timezone or ""):
            await store.set_lead(connection, lead_id, zone or "")
            details = {"was": lead.timezone, "is": timezone or _BY_LOCATION}
            await write_audit_line(connection, actor, "set zone", "lead", lead_id, workspace_id=lead.workspace_id, details=details)
            await store.release_sends(connection, account_ids, lead_id=lead_id)
        return LeadZoneChange(lead_id, lead.location, zone, changed)


def _merge(was: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Stored settings are not checked for a request that only reads: the operator may be about to repair them."""
    if not changes:
        return dict(was)
    merged = {**was, **changes}
    # alone first, so that a misspelled key is refused even where it is to be taken out, unless it stands there
    checks.schedule({key: value for key, value in changes.items() if value is not None or key not in was})
    return checks.schedule({key: value for key, value in merged.items() if value is not None})


def _check_zone(timezone: str) -> None:
    try:
        read_settings({"timezone": timezone})
    except ScheduleError as error:
        raise Refused(str(error).replace("schedule_settings.", ""), code="schedule", details={"field": "timezone"}) from None


async def _check_agreement(connection: Connection, accounts: Iterable[AccountHours], workspace: Mapping[str, Any]) -> None:
    """Refuse what would leave one of these accounts, alone or in one of its campaigns, with hours that contradict each other."""
    by_id = {account.id: account for account in accounts}
    named: list[tuple[AccountHours, str, Mapping[str, Any] | None]] = [(each, each.name, None) for each in by_id.values()]
    for row in await store.load_open_campaigns(connection, list(by_id)):
        account = by_id[row.account_id]
        named.append((account, f"{account.name} in the campaign {row.campaign_name}", row.schedule_settings))
    for account, name, campaign in named:
        checks.schedules_agree(
            campaign, account.schedule_settings, workspace, timezone=account.timezone, country=account.country, name=name
        )


def _in_force(
    name: str | None,
    campaign: Mapping[str, Any] | None,
    account: Mapping[str, Any],
    workspace: Mapping[str, Any],
    place: AccountHours | CampaignAccount | None,
) -> HoursInForce:
    """Stored settings that cannot be read are shown as what is wrong with them: an operator who looks here is about to repair them."""
    timezone, country = (place.timezone, place.country) if place else (None, None)
    try:
        levels = [None if level is None else read_settings(dict(level)) for level in (campaign, account, workspace)]
        schedule = resolve_schedule(*levels, account_timezone=timezone, account_country=country)
    except ScheduleError as error:
        return HoursInForce(name, timezone or "", f"cannot be read, so nothing leaves ({str(error).removesuffix('.')})", "account")
    window_zone = next((level.window_zone for level in levels if level is not None and level.window_zone is not None), "account")
    return HoursInForce(name, schedule.zone.key, schedule.hours_shown(), window_zone)
