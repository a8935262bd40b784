"""Prospects as planning reads them under lock, their workflows' steps, and what planning writes to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.queuer.rules.planning.next_send import NewSend, ProspectEnding, ProspectToPlan
from services.queuer.rules.planning.next_step import WorkflowStep
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, load
from shared.vocabulary import Action, ActionRole, ProspectStatus, SendStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class _StepRow:
    workflow_id: UUID
    position: int
    message_type: str
    action: Action
    delay: timedelta
    requires_connection: bool
    template: str


@dataclass(frozen=True, slots=True)
class SequencePosition:
    """Where a prospect stands in its sequence: enough to decide whether there is a step to plan."""

    id: UUID
    status: ProspectStatus
    connected_at: datetime | None
    workflow_id: UUID | None


async def load_positions(connection: Connection, prospect_ids: Sequence[UUID]) -> list[SequencePosition]:
    """Those of the prospects that may be planned, without locks and without what only the plan itself needs."""
    return await fetch_all(connection, queries.load_positions, SequencePosition, prospect_ids=prospect_ids)


async def load_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> list[ProspectToPlan]:
    """Those of the prospects that may be planned."""
    return await fetch_all(connection, queries.load_prospects, ProspectToPlan, prospect_ids=prospect_ids)


async def load_steps(connection: Connection, workflow_ids: Iterable[UUID]) -> Mapping[UUID, list[WorkflowStep]]:
    """The steps of each workflow, in order."""
    found: dict[UUID, list[WorkflowStep]] = {}
    for row in await fetch_all(connection, queries.load_steps, _StepRow, workflow_ids=list(set(workflow_ids))):
        step = WorkflowStep(row.position, row.message_type, row.action, row.delay, row.requires_connection, row.template)
        found.setdefault(row.workflow_id, []).append(step)
    return found


async def remember_plans(connection: Connection, sends: Sequence[NewSend]) -> None:
    """Keep each prospect's account, its version of the workflow, and when a planned follow-up is due.

    One row for each prospect: of several sends, steps that were left out and then the one that is planned, the last counts.
    """
    last = {send.prospect.id: send for send in sends}.values()
    await execute(
        connection,
        queries.remember_plans,
        prospect_ids=[send.prospect.id for send in last],
        account_ids=[send.account_id for send in last],
        workflow_ids=[send.prospect.workflow_id for send in last],
        follow_up_due_ats=[
            send.due if send.status is SendStatus.PENDING and send.step.action.role is not ActionRole.WITHDRAW else None for send in last
        ],
    )


async def end_prospects(connection: Connection, endings: Sequence[ProspectEnding], *, now: datetime) -> None:
    """End the sequences of these prospects, each from the status it was read in."""
    await execute(
        connection,
        queries.end_prospects,
        prospect_ids=[ending.prospect.id for ending in endings],
        was=[ending.prospect.status for ending in endings],
        statuses=[ending.status for ending in endings],
        outcomes=[ending.outcome for ending in endings],
        error_messages=[ending.reason for ending in endings],
        now=now,
    )
