"""The people of a campaign over HTTP: a list comes in, and a person approves it."""

import csv
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from services.queuer.http.models import Given, Success, Taken
from services.queuer.http.people.import_lines import MEDIA_TYPE, RunningImport, result_fields
from services.queuer.http.people.uploads import receive
from services.queuer.store.campaigns.campaigns import get_campaign
from services.queuer.workflows.people.approve import approve
from services.queuer.workflows.people.import_leads import ImportProgress, ImportResult, import_file
from shared.db.statements import business_now
from shared.service.auth import Caller, Operator, tenant_transaction
from shared.service.http import FAILURES, ApiError, Failed
from shared.service.process import Service

SHOWN: Final = 100
"""Refused rows and leads in an answer; the rest is in the report."""

UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
            },
            "text/csv": {
                "schema": {"type": "string"},
                "example": "First Name,Last Name,URL\nAna,Núñez,https://www.linkedin.com/in/ana-nunez\n",
            },
        },
    }
}


class RefusedRow(Given):
    """A row that was not stored."""

    line: int
    reason: str
    row: str


class Imported(Success):
    """`rows_in` = `stored` + `refused`; `known` of the stored ones were here already."""

    batch_id: UUID
    rows_in: int
    stored: int
    known: int
    refused: int
    enrolled: int
    refused_approval: int
    file_format: str
    encoding: str
    refusals: list[RefusedRow] = Field(description=f"The first {SHOWN}; import again with answer=report for all of them as CSV.")


class Approval(Taken):
    """What to approve: everything that waits in the campaign, or one import."""

    batch_id: UUID | None = None


class RefusedLead(Given):
    """A lead that may not be enrolled now."""

    lead: str
    reason: str


class Approved(Success):
    """What the approval came to."""

    approved: int
    already: int
    enrolled: int
    refused: int
    refusals: list[RefusedLead] = Field(description=f"The first {SHOWN}.")


def routes(service: Service, readers: asyncpg.Pool, *, largest_upload: int) -> APIRouter:
    """/api/campaigns/{id}/import and …/approve."""
    router = APIRouter(prefix="/api/campaigns", tags=["people"], responses=FAILURES)

    async def workspace_of(caller: Caller, campaign_id: UUID) -> UUID:
        async with tenant_transaction(readers, caller) as connection:
            return (await get_campaign(connection, campaign_id, workspace_id=caller.workspace_id)).workspace_id

    @router.post(
        "/{campaign_id}/import",
        summary="Import a list of people, as a form's `file` or as the body itself",
        openapi_extra=UPLOAD,
        response_model=Imported,
        responses={413: {"model": Failed, "description": "The list is too large"}},
    )
    async def import_list(
        campaign_id: UUID,
        request: Request,
        caller: Operator,
        *,
        file_name: Annotated[str | None, Query(max_length=200, description="Of the list, where the body is the list itself.")] = None,
        approved: Annotated[bool, Query(description="Enrol the people at once, without waiting for an approval.")] = False,
        answer: Annotated[
            Literal["json", "report", "lines"],
            Query(
                description="report: the refused rows as CSV instead of JSON. lines: JSON lines while the import runs (`line_type` "
                "progress, refused_row, then done or failed); the import goes on when the caller disconnects."
            ),
        ] = "json",
        column: Annotated[
            list[str] | None,
            Query(max_length=50, description="Names a column by hand, as field=Header: linkedin_url=Profil-Adresse."),
        ] = None,
    ) -> Any:
        columns = _columns(column or [])
        workspace_id = await workspace_of(caller, campaign_id)
        async with AsyncExitStack() as files:
            folder = Path(files.enter_context(tempfile.TemporaryDirectory(prefix="tact-import-")))
            upload = await receive(request, folder / "list", largest=largest_upload, file_name=file_name)
            report = folder / "report.csv"

            async def import_upload(progress: Callable[[ImportProgress], None] | None = None) -> ImportResult:
                done = await import_file(
                    service.pool,
                    workspace_id=workspace_id,
                    campaign_id=campaign_id,
                    source=upload.path,
                    file_name=upload.file_name,
                    report_path=report,
                    progress=progress,
                    approve=approved,
                    actor=caller.actor,
                    columns=columns or None,
                )
                service.wake()
                return done

            if answer == "lines":
                running = RunningImport(import_upload, report, files.pop_all())
                await running.started()
                return StreamingResponse(running.lines(), media_type=MEDIA_TYPE)
            done = await import_upload()
            return _report(done, report) if answer == "report" else _imported(done, report)

    @router.post("/{campaign_id}/approve", summary="Let imported people become prospects; harmless to repeat")
    async def approve_waiting(campaign_id: UUID, caller: Operator, body: Approval | None = None) -> Approved:
        await workspace_of(caller, campaign_id)
        now = await business_now(service.pool)
        done = await approve(service.pool, campaign_id=campaign_id, batch_id=body.batch_id if body else None, actor=caller.actor, now=now)
        service.wake()
        return Approved(
            approved=done.approved,
            already=done.already,
            enrolled=done.enrolled,
            refused=len(done.refused),
            refusals=[RefusedLead(lead=lead, reason=reason) for lead, reason in done.refused[:SHOWN]],
        )

    return router


def _imported(done: ImportResult, report: Path) -> Imported:
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        refusals = [RefusedRow(line=int(row["line"]), reason=row["reason"], row=row["row"]) for row in islice(rows, SHOWN)]
    return Imported(**result_fields(done), refusals=refusals)


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if any(not separator or not field or not header for field, separator, header in pairs):
        raise ApiError(422, "unreadable_column", "column wants field=Header, as in column=linkedin_url=Profil-Adresse.")
    return {field: header for field, _, header in pairs}


def _report(done: ImportResult, report: Path) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="refused-{done.batch_id}.csv"',
        "x-tact-batch-id": str(done.batch_id),
        "x-tact-rows-in": str(done.rows_in),
        "x-tact-stored": str(done.stored),
        "x-tact-refused": str(done.refused),
    }
    return Response(report.read_bytes(), media_type="text/csv; charset=utf-8", headers=headers)
