"""The do-not-contact lists over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from services.queuer.http.models import Given, Success, Taken
from services.queuer.rules.people.suppression_entries import (
    DEFAULT_REASON,
    MOST_AT_ONCE,
    SuppressionEntry,
    check_entries,
    normalize,
)
from services.queuer.store.people.suppressions import list_entries
from services.queuer.workflows.people.suppress import suppress, unsuppress
from shared.service.auth import Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES, ApiError, DryRun
from shared.service.process import Service
from shared.vocabulary import SuppressionKind


class NewEntry(Taken):
    """Whom not to contact."""

    kind: SuppressionKind
    value: str = Field(
        description="A person's LinkedIn address or id, an e-mail address, a company's name, or a domain (with its sub-domains)."
    )
    reason: str = DEFAULT_REASON
    opted_out: bool = Field(False, description="They asked for it themselves: marked for good, and every campaign ends for them.")


class NewEntries(Taken):
    """Entries for one list."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"entries": [{"kind": "domain", "value": "example.com", "reason": "is a customer"}]}]}
    )

    workspace_id: UUID | None = Field(None, description="Only for tokens that are bound to no workspace.")
    everywhere: bool = Field(False, description="For every workspace; only for tokens that are bound to none.")
    entries: list[NewEntry] = Field(min_length=1, max_length=MOST_AT_ONCE)


class EntryOut(Given):
    """An entry; `workspace_id` null: everywhere."""

    id: UUID
    workspace_id: UUID | None
    kind: SuppressionKind
    value: str
    reason: str
    added_by: str | None
    created_at: datetime


class EntriesAdded(Success):
    """The new ones, how many were known, and how many planned sends were cancelled at once."""

    entries: list[EntryOut]
    known: int
    cancelled: int


class Entries(Success):
    """A page; `next` is the `after` of the page that follows."""

    entries: list[EntryOut]
    next: UUID | None


class EntryRemoved(Success):
    """What was taken back."""

    entry: EntryOut


def routes(service: Service, readers: asyncpg.Pool) -> APIRouter:
    """/api/suppressions."""
    router = APIRouter(prefix="/api/suppressions", tags=["do not contact"], responses=FAILURES)

    @router.get("", summary="The do-not-contact entries of the workspace; the platform's tokens see all")
    async def list_them(
        caller: Viewer,
        *,
        workspace_id: UUID | None = None,
        kind: SuppressionKind | None = None,
        value: Annotated[str | None, Query(max_length=2000, description="Only the entry of `kind` that names this.")] = None,
        everywhere: bool = False,
        after: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Entries:
        if everywhere:
            caller.require_platform("The list for every workspace")
        whose = caller.own(workspace_id) if workspace_id else caller.workspace_id
        if value is not None and kind is None:
            raise ApiError(422, "kind_missing", "Say with `kind` what the value is: person, email, company or domain.")
        value = normalize(kind, value) if kind is not None and value is not None else None
        async with tenant_transaction(readers, caller) as connection:
            found = await list_entries(
                connection, workspace_id=whose, everywhere=everywhere, kind=kind, value=value, after=after, most=limit
            )
        return Entries(entries=[EntryOut.model_validate(each) for each in found], next=found[-1].id if len(found) == limit else None)

    @router.post("", status_code=201, summary="Never contact these; what is planned for them is cancelled at once. Harmless to repeat")
    async def add(body: NewEntries, caller: Operator, dry_run: DryRun = False) -> EntriesAdded:
        if body.everywhere:
            caller.require_platform("The list for every workspace")
            if body.workspace_id is not None:
                raise ApiError(422, "contradiction", "Give either workspace_id or everywhere, not both.")
        workspace_id = None if body.everywhere else caller.own(body.workspace_id)
        entries = [SuppressionEntry(each.kind, each.value, each.reason, each.opted_out) for each in body.entries]
        if dry_run:
            check_entries(entries)
            return EntriesAdded(entries=[], known=0, cancelled=0)
        done = await suppress(service.pool, entries, workspace_id=workspace_id, actor=caller.actor)
        return EntriesAdded(entries=[EntryOut.model_validate(each) for each in done.entries], known=done.known, cancelled=done.cancelled)

    @router.delete("/{entry_id}", summary="Take an entry back; what was cancelled stays so until it is reopened")
    async def remove(entry_id: UUID, caller: Operator) -> EntryRemoved:
        done = await unsuppress(service.pool, entry_id, workspace_id=caller.workspace_id, actor=caller.actor)
        return EntryRemoved(entry=EntryOut.model_validate(done))

    return router
