"""tact campaign: campaigns, made, shown, started and stopped; every verb is safe to repeat."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import hours
from cli.arguments import ScheduleOption, parse_hours, parse_pairs, parse_schedule, read_texts
from cli.campaign_options import with_campaign_options
from cli.client import connect
from cli.completion import complete_account
from cli.console import AsJson, out, print_added, print_json, show
from cli.listing import DEFAULT_LIMIT, Everything, Limit, read_pages
from cli.resolve import CampaignArgument, Workspace, find_campaign, find_workspace
from shared.contracts.campaign_fields import (
    LONGEST_TURN,
    MOST_WITHDRAW_AFTER_DAYS,
    WITHDRAW_AFTER_DAYS,
    CampaignSettings,
    settings_columns,
)
from shared.vocabulary import CampaignType

app = typer.Typer(help="Campaigns: make, start, pause, resume.", no_args_is_help=True)
Turn = Annotated[int, typer.Option("--turn-length", min=1, max=LONGEST_TURN, help="Actions of an account in a row.")]
COLUMNS = ["id", "campaign_name", "campaign_type", "status", "prospects_count", "active_leads_count", "completed_leads_count"]


@app.command("add")
@with_campaign_options
def add_campaign(
    campaign_name: str,
    workspace: Workspace,
    account: Annotated[
        list[str],
        typer.Option("--account", "-a", help="Provider's id or name of an account; several may be given.", autocompletion=complete_account),
    ],
    campaign_type: Annotated[CampaignType, typer.Option("--type", help="connector invites first, messenger writes to connections.")],
    message: Annotated[
        list[str] | None, typer.Option("--message", "-m", help="step=text, as in connection_request='Hi {first_name}'.")
    ] = None,
    templates: Annotated[Path | None, typer.Option(help="A JSON file: step -> text.")] = None,
    delay: Annotated[list[str] | None, typer.Option(help="step=hours after the acceptance or the step before.")] = None,
    schedule: ScheduleOption = None,
    as_json: AsJson = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Make a campaign; it starts with `tact campaign start`."""
    texts = read_texts(templates) | parse_pairs(message or [], "--message")
    body: dict[str, Any] = {
        "campaign_name": campaign_name,
        "campaign_type": campaign_type.value,
        "message_templates": texts,
        "step_delays": {step: parse_hours(hours_after) for step, hours_after in parse_pairs(delay or [], "--delay").items()},
        "accounts": account,
        "schedule_settings": parse_schedule(schedule) or {},
        **settings_columns(CampaignSettings(**settings)),
    }
    with connect() as api:
        answer, created = api.create("/api/campaigns", body | {"workspace_id": find_workspace(api, workspace)})
    campaign = answer["campaign"]
    print_added("campaign", campaign["campaign_name"], campaign, created=created, as_json=as_json)


@app.command("list")
def list_campaigns(limit: Limit = DEFAULT_LIMIT, everything: Everything = False, as_json: AsJson = False) -> None:
    """Every campaign."""
    with connect() as api:
        rows = read_pages(api, "/api/campaigns", "campaigns", limit=limit, everything=everything)
    show(rows, title="campaigns", as_json=as_json, columns=COLUMNS)


@app.command("show")
def show_campaign(campaign: CampaignArgument) -> None:
    """One campaign in full, as JSON."""
    with connect() as api:
        print_json(api.get(f"/api/campaigns/{find_campaign(api, campaign)}")["campaign"])


@app.command("start")
def start_campaign(campaign: CampaignArgument) -> None:
    """Let a campaign run."""
    _change_status(campaign, "start")


@app.command("pause")
def pause_campaign(campaign: CampaignArgument) -> None:
    """Let nothing more of a campaign leave."""
    _change_status(campaign, "pause")


@app.command("resume")
def resume_campaign(campaign: CampaignArgument) -> None:
    """Let a paused campaign run on."""
    _change_status(campaign, "resume")


@app.command("complete")
def complete_campaign(campaign: CampaignArgument) -> None:
    """End a campaign for good. A campaign that has done its work completes by itself; people added before then let it go on."""
    _change_status(campaign, "complete")


@app.command("turns")
def set_turns(campaign: CampaignArgument, turn_length: Turn) -> None:
    """Let a campaign make so many actions in a row of an account that works for several, before the next one's turn."""
    changed = _change(campaign, {"turn_length": turn_length})
    length = changed["turn_length"]
    actions = "one action" if length == 1 else f"{length} actions"
    out.print(f"A turn of {changed['campaign_name']} is {actions} of an account.", highlight=False)


@app.command("withdraw")
def withdraw_invitations(
    campaign: CampaignArgument,
    after_days: Annotated[int, typer.Option(min=1, max=MOST_WITHDRAW_AFTER_DAYS, help="Unanswered for so long.")] = WITHDRAW_AFTER_DAYS,
    off: Annotated[bool, typer.Option("--off", help="Take none back any more.")] = False,
) -> None:
    """Take unanswered invitations back, as paced actions of their accounts; the people are not invited again for 21 days then."""
    changed = _change(campaign, {"withdraw_after_days": None if off else after_days})
    days = changed["withdraw_after_days"]
    effect = "takes no invitation back" if days is None else f"takes invitations back that wait for {days} days"
    out.print(f"{changed['campaign_name']} {effect}.", highlight=False)


@app.command("hours")
def campaign_hours(campaign: CampaignArgument, sets: hours.Sets = None, unset: hours.Unsets = None, as_json: AsJson = False) -> None:
    """Show a campaign's hours for each of its accounts, or change them key by key."""
    with connect() as api:
        hours.show_or_change(api, f"/api/campaigns/{find_campaign(api, campaign)}/schedule", sets, unset, as_json=as_json)


def _change(campaign: str, body: dict[str, Any]) -> dict[str, Any]:
    with connect() as api:
        changed: dict[str, Any] = api.patch(f"/api/campaigns/{find_campaign(api, campaign)}", body)["campaign"]
    return changed


def _change_status(campaign: str, verb: str) -> None:
    with connect() as api:
        answer = api.post(f"/api/campaigns/{find_campaign(api, campaign)}/{verb}")
    changed = answer["campaign"]
    out.print(f"{changed['campaign_name']} is {changed['status']}{'' if answer['changed'] else ' already'}.", highlight=False)
