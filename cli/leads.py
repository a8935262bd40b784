"""tact lead: what is known of one person."""

from typing import Annotated
from uuid import UUID

import typer

from cli.client import connect
from cli.console import out

app = typer.Typer(help="People.", no_args_is_help=True)


@app.callback()
def leads() -> None:
    """People."""


@app.command("zone")
def set_zone(
    lead_id: UUID,
    timezone: Annotated[str | None, typer.Argument(help="Europe/Berlin; without it the lead's location decides again.")] = None,
) -> None:
    """Say whose clocks a lead lives by, for campaigns whose window_zone is prospect or both."""
    with connect() as api:
        answer = api.put(f"/api/leads/{lead_id}/timezone", {"timezone": timezone})
    lead = answer["lead"]
    zone = lead["timezone"] or f"no zone that is known (location '{lead['location']}'), so the account's hours hold"
    out.print(f"The lead lives by {zone}{'' if answer['changed'] else ' already'}.", highlight=False)
