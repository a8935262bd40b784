"""tact import and approve: a file becomes prospects."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.console import AsJson, err, out, print_json, run
from cli.errors import CommandError
from cli.find import find_campaign
from cli.target import database, folder
from services.queuer.workflows.people.approve import ApproveResult
from services.queuer.workflows.people.approve import approve as approve_rows
from services.queuer.workflows.people.import_leads import ImportProgress, ImportResult
from services.queuer.workflows.people.import_leads import import_file as import_people
from shared.vocabulary import COMMAND_LINE

CampaignWord = Annotated[str, typer.Option("--campaign", "-c", help="Its id or its name.")]


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV: LinkedIn's Connections export, a Sales Navigator list, or any with headers.")],
    campaign: CampaignWord,
    approve: Annotated[bool, typer.Option("--approve", help="Let every row become a prospect at once.")] = False,
    column: Annotated[list[str] | None, typer.Option(help="Name a column by hand: linkedin_url='Profil-Adresse'.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where refused rows are written.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import people into a campaign. Rows wait for approval unless --approve is given."""
    place = report or folder("imports") / f"{file.stem}.refused.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    result = run(_import(file, campaign, place, approve=approve, columns=_columns(column or [])))
    if as_json:
        print_json({name: getattr(result, name) for name in result.__dataclass_fields__})
        return
    known = f"{result.known} of them known already"
    out.print(f"{result.rows_in} rows in: {result.stored} stored ({known}), {result.refused} refused.", highlight=False)
    if result.refused:
        out.print(f"Why each was refused stands in {result.report_path}", highlight=False)
    if approve:
        out.print(f"{result.enrolled} became prospects, {result.refused_approval} could not.", highlight=False)
    else:
        out.print(f"They wait for approval: tact approve --campaign '{campaign}'", highlight=False)


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


async def _import(file: Path, campaign: str, report: Path, *, approve: bool, columns: dict[str, str]) -> ImportResult:
    bar = Progress(TextColumn("importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=err, transient=True)
    async with database() as pool:
        found = await find_campaign(pool, campaign)
        with bar:
            task = bar.add_task("import", total=None)

            def progress(so_far: ImportProgress) -> None:
                bar.update(task, completed=so_far.bytes_read, total=so_far.bytes_total)

            return await import_people(
                pool,
                workspace_id=found.workspace_id,
                campaign_id=found.id,
                source=file,
                report_path=report,
                progress=progress,
                approve=approve,
                actor=COMMAND_LINE,
                columns=columns or None,
            )


async def _approve(campaign: str, batch: UUID | None) -> ApproveResult:
    async with database() as pool:
        found = await find_campaign(pool, campaign)
        now = await pool.fetchval("SELECT business_now()")
        return await approve_rows(pool, campaign_id=found.id, batch_id=batch, actor=COMMAND_LINE, now=now)


def _columns(given: list[str]) -> dict[str, str]:
    pairs = dict(each.split("=", 1) for each in given if "=" in each)
    if len(pairs) != len(given):
        raise CommandError("--column wants field=Header, as in --column linkedin_url='Profil-Adresse'.")
    return pairs
