"""tact approve: imported rows become prospects."""

from typing import Annotated
from uuid import UUID

import typer

from cli.client import connect
from cli.console import AsJson, out, print_json
from cli.resolve import Campaign, find_campaign

ANSWER_SECONDS = 600.0
SHOWN = 20


def approve(
    campaign: Campaign,
    batch: Annotated[UUID | None, typer.Option(help="Only the rows of this import.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let imported rows become prospects."""
    with connect(seconds=ANSWER_SECONDS) as api:
        body = {"batch_id": str(batch) if batch else None}
        done = api.post(f"/api/campaigns/{find_campaign(api, campaign)}/approve", body)
    refusals = [(each["lead"], each["reason"]) for each in done["refusals"]]
    if as_json:
        print_json({"approved": done["approved"], "already": done["already"], "enrolled": done["enrolled"], "refused": refusals})
        return
    could_not = f"{done['refused']} could not{':' if done['refused'] else '.'}"
    out.print(f"{done['approved']} approved, {done['enrolled']} became prospects, {could_not}", highlight=False)
    for lead, reason in refusals[:SHOWN]:
        out.print(f"  {lead}: {reason}", highlight=False)
