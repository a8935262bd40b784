"""Why a person was not contacted, over HTTP."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from services.queuer.http.models import Success
from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.explanation import ExplainedAnswer
from services.queuer.workflows.insight.explain import PastEvent, explain_prospect
from services.queuer.workflows.insight.find_person import FoundPerson, find_person
from shared.policy import RuleLine
from shared.service.auth import Viewer, tenant_transaction
from shared.service.http import FAILURES, ApiError
from shared.vocabulary import Action, CampaignStatus, ProspectStatus, SendStatus


class ProspectExplained(Success):
    """Every rule in order, the first that says no, and the next possible moment; times are business times in UTC."""

    at: datetime
    now: datetime
    prospect_id: UUID | None = Field(description="Empty while an imported row waits for its approval.")
    lead_id: UUID
    person: str
    identity: str
    status: ProspectStatus | None
    campaign_id: UUID | None
    campaign: str | None
    campaign_status: CampaignStatus | None
    account_id: UUID | None
    account: str | None
    timezone: str | None = Field(description="The account's own; its day counts the limits.")
    step: str | None
    send_id: UUID | None
    send_status: SendStatus | None
    action: Action | None = Field(description="What would leave: a look-up until the recipient is known, then the step itself.")
    words: str | None
    words_frozen: bool
    decision: ExplainedAnswer = Field(validation_alias="answer")
    first_blocker: str | None
    next_possible_at: datetime | None
    rules: list[RuleLine]
    happened: list[PastEvent]
    notes: list[str]


class PeopleFound(Success):
    """The people whom the words may mean."""

    people: list[FoundPerson]


def routes(readers: asyncpg.Pool, call_times: CallTimes) -> APIRouter:
    """/api/prospects/{id}/explain."""
    router = APIRouter(prefix="/api/prospects", tags=["people"], responses=FAILURES)

    @router.get("", summary="The people whom an id, an address on LinkedIn, an e-mail address or a full name means")
    async def find(
        caller: Viewer, person: Annotated[str, Query(min_length=1, max_length=500)], campaign_id: UUID | None = None
    ) -> PeopleFound:
        async with tenant_transaction(readers, caller) as connection:
            return PeopleFound(people=await find_person(connection, person, campaign_id))

    @router.get("/{prospect_id}/explain", summary="Why this person is or was not contacted, at any moment")
    async def explain(
        prospect_id: UUID,
        caller: Viewer,
        at: Annotated[
            datetime | None,
            Query(description="Business time, with its offset; past moments are explained by what was so then. Absent: now."),
        ] = None,
    ) -> ProspectExplained:
        if at is not None and at.tzinfo is None:
            raise ApiError(
                422, "no_offset", f"at={at.isoformat()} has no offset; write {at.isoformat()}Z for UTC, or its own offset (as %2B02:00)."
            )
        async with tenant_transaction(readers, caller) as connection:
            found = await explain_prospect(connection, prospect_id, at=at and at.astimezone(UTC), call_times=call_times)
        return ProspectExplained.model_validate(found)

    return router
