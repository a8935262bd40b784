"""Prospects as planning reads them under lock, their workflows' steps, and what planning writes to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.queuer.rules.planning.next_send import Ending, NewSend, Prospect
from services.queuer.rules.planning.next_step import Step
from shared.db.pool import Connection
from shared.db.queries import execute, fetch_all, fetch_column, load
from shared.vocabulary import Action, SendStatus

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


async def lock_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> None:
    """Lock these prospects in id order."""
    await fetch_column(connection, queries.lock_prospects, UUID, prospect_ids=prospect_ids)


async def load_prospects(connection: Connection, prospect_ids: Sequence[UUID]) -> list[Prospect]:
    """Those of the prospects that may be planned."""
    return await fetch_all(connection, queries.load_prospects, Prospect, prospect_ids=prospect_ids)


async def load_steps(connection: Connection, workflow_ids: Iterable[UUID]) -> Mapping[UUID, list[Step]]:
    """The steps of each workflow, in order."""
    found: dict[UUID, list[Step]] = {}
    for row in await fetch_all(connection, queries.load_steps, _StepRow, workflow_ids=list(set(workflow_ids))):
        step = Step(row.position, row.message_type, row.action, row.delay, row.requires_connection, row.template)
        found.setdefault(row.workflow_id, []).append(step)
    return found


async def remember_plans(connection: Connection, sends: Sequence[NewSend]) -> None:
    """Keep each prospect's account, its version of the workflow, and when a planned follow-up is due."""
    await execute(
        connection,
        queries.remember_plans,
        prospect_ids=[send.prospect.id for send in sends],
        account_ids=[send.account_id for send in sends],
        workflow_ids=[send.prospect.workflow_id for send in sends],
        follow_up_due_ats=[
            send.due if send.status is SendStatus.PENDING and send.step.action is not Action.WITHDRAWAL else None for send in sends
        ],
    )


async def end_prospects(connection: Connection, endings: Sequence[Ending], *, now: datetime) -> None:
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
