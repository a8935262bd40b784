"""tact approve: imported rows become prospects."""

from typing import Annotated
from uuid import UUID

import typer

from cli.console import AsJson, out, print_json, run
from cli.find import find_campaign
from cli.target import database
from services.queuer.workflows.people.approve import ApproveResult
from services.queuer.workflows.people.approve import approve as approve_rows
from shared.vocabulary import COMMAND_LINE

CampaignWord = Annotated[str, typer.Option("--campaign", "-c", help="Its id or its name.")]


def approve(
    campaign: CampaignWord,
    batch: Annotated[UUID | None, typer.Option(help="Only the rows of this import.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let imported rows become prospects."""
    result = run(_approve(campaign, batch))
    if as_json:
        print_json({name: getattr(result, name) for name in result.__dataclass_fields__})
        return
    could_not = f"{len(result.refused)} could not{':' if result.refused else '.'}"
    out.print(f"{result.approved} approved, {result.enrolled} became prospects, {could_not}", highlight=False)
    for lead, reason in list(result.refused)[:20]:
        out.print(f"  {lead}: {reason}", highlight=False)


async def _approve(campaign: str, batch: UUID | None) -> ApproveResult:
    async with database() as pool:
        found = await find_campaign(pool, campaign)
        now = await pool.fetchval("SELECT business_now()")
        return await approve_rows(pool, campaign_id=found.id, batch_id=batch, actor=COMMAND_LINE, now=now)
