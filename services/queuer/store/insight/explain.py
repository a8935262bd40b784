"""What an explanation reads: every row as it was at a moment, in a read-only transaction of the caller's tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.queuer.rules.insight.explanation import Beside, SendThen
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_one, fetch_value, load
from shared.policy import WeekUse
from shared.policy.rows import PolicyFacts
from shared.vocabulary import Action, AttemptState, CampaignStatus, MissingValue, ProspectStatus

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class ExplainClock:
    """Business time now, how fast it runs, and the earliest moment of which everything is kept (None: all are)."""

    now: datetime
    speed: float
    floor: datetime | None


@dataclass(frozen=True, slots=True)
class ProspectThen:
    """A prospect with its campaign and lead."""

    prospect_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    lead_id: UUID
    account_id: UUID | None
    status: ProspectStatus
    connected_at: datetime | None
    enrolled_at: datetime
    campaign_name: str
    campaign_status: CampaignStatus
    on_missing: MissingValue
    first_name: str
    last_name: str
    company: str
    title: str
    location: str
    identity: str
    linkedin_id: str | None
    workflow_id: UUID | None


@dataclass(frozen=True, slots=True)
class ImportedPerson:
    """A lead, and its approval if it has one."""

    lead_id: UUID
    first_name: str
    last_name: str
    identity: str
    campaign_id: UUID | None
    campaign_name: str | None
    campaign_status: CampaignStatus | None
    approval: str | None


@dataclass(frozen=True, slots=True)
class AttemptThen:
    """An attempt as it was at the moment."""

    send_id: UUID
    action: Action
    decided_at: datetime
    http_status: int | None
    error_type: str | None
    error_detail: str | None
    withdrawn_at: datetime | None
    state: AttemptState


@dataclass(frozen=True, slots=True)
class ReplyThen:
    """How the person answered."""

    reply: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class FactsThen(PolicyFacts):
    """The facts of a step as they were at a moment."""

    account_name: str
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class StepInQuestion:
    """The step whose facts are needed; `recipient` is the provider's id of the person, where it is known."""

    action: Action
    scheduled_for: datetime | None
    requires_connection: bool
    recipient: str | None


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A person in a campaign, as prospect, as imported row or as lead."""

    prospect_id: UUID | None
    approval_id: UUID | None
    lead_id: UUID
    first_name: str
    last_name: str
    company: str
    identity: str
    campaign_name: str | None


@dataclass(frozen=True, slots=True)
class _WeekUseRow:
    used: int
    frees_at: datetime | None


async def load_clock(connection: Connection) -> ExplainClock:
    """Business time and what is kept of the past."""
    [clock] = await fetch_all(connection, queries.clock, ExplainClock)
    return clock


async def load_prospect(connection: Connection, prospect_id: UUID, moment: datetime | None) -> ProspectThen | None:
    """The prospect with its campaign and lead."""
    return await fetch_one(connection, queries.prospect, ProspectThen, prospect_id=prospect_id, moment=moment)


async def load_imported(connection: Connection, some_id: UUID, moment: datetime | None) -> ImportedPerson | None:
    """The lead that this id (of a lead or an imported row) means."""
    return await fetch_one(connection, queries.imported, ImportedPerson, id=some_id, moment=moment)


async def load_steps(connection: Connection, workflow_id: UUID | None) -> list[WorkflowStep]:
    """The steps of a version."""
    return await fetch_all(connection, queries.steps, WorkflowStep, workflow_id=workflow_id)


async def load_sends(connection: Connection, prospect_id: UUID, moment: datetime | None) -> list[SendThen]:
    """The prospect's sends in order of their steps."""
    return await fetch_all(connection, queries.sends, SendThen, prospect_id=prospect_id, moment=moment, not_rendered=NOT_RENDERED)


async def load_attempts(connection: Connection, send_ids: Sequence[UUID], moment: datetime | None) -> list[AttemptThen]:
    """The attempts of these sends, in order."""
    return await fetch_all(connection, queries.attempts, AttemptThen, send_ids=send_ids, moment=moment)


async def load_replies(connection: Connection, prospect: ProspectThen, moment: datetime | None) -> list[ReplyThen]:
    """How the person answered, in order."""
    return await fetch_all(
        connection, queries.replies, ReplyThen, lead_id=prospect.lead_id, prospect_id=prospect.prospect_id, moment=moment
    )


async def likely_account(connection: Connection, campaign_id: UUID, moment: datetime | None) -> UUID | None:
    """The account that a prospect without one would most likely get."""
    return await fetch_value(connection, queries.likely_account, UUID, campaign_id=campaign_id, moment=moment)


async def load_facts(
    connection: Connection, prospect_id: UUID, account_id: UUID, step: StepInQuestion, *, at: datetime, moment: datetime | None
) -> FactsThen | None:
    """The facts of the prospect's step from that account; None when there is no such account."""
    return await fetch_one(
        connection,
        queries.facts,
        FactsThen,
        prospect_id=prospect_id,
        account_id=account_id,
        action=step.action,
        scheduled_for=step.scheduled_for,
        requires_connection=step.requires_connection,
        recipient=step.recipient,
        at=at,
        moment=moment,
    )


async def load_week(connection: Connection, account_id: UUID, facts: PolicyFacts, *, at: datetime, moment: datetime | None) -> WeekUse:
    """The account's invitations in the 168 hours before, and its limit of then."""
    cap = facts.weekly_cap
    [week] = await fetch_all(connection, queries.week, _WeekUseRow, account_id=account_id, at=at, cap=cap, moment=moment)
    return WeekUse(week.used, cap, week.frees_at if week.used >= cap else None)


async def load_beside(
    connection: Connection,
    prospect: ProspectThen,
    account_id: UUID,
    action: Action,
    send: SendThen | None,
    *,
    at: datetime,
    moment: datetime | None,
) -> Beside:
    """What the policy is not asked about."""
    [beside] = await fetch_all(
        connection,
        queries.beside,
        Beside,
        workspace_id=prospect.workspace_id,
        campaign_id=prospect.campaign_id,
        account_id=account_id,
        action=action,
        recipient=send.linkedin_user_id if send else None,
        send_id=send.id if send else None,
        at=at,
        moment=moment,
    )
    return beside


async def find_people(
    connection: Connection,
    *,
    most: int,
    campaign_id: UUID | None,
    some_id: UUID | None = None,
    vanity: str | None = None,
    linkedin_id: str | None = None,
    email: str | None = None,
    name: str | None = None,
) -> list[FoundRow]:
    """Prospects, imported rows and leads that one of these means, those of the campaign if one is given."""
    return await fetch_all(
        connection,
        queries.find_people,
        FoundRow,
        most=most,
        campaign_id=campaign_id,
        id=some_id,
        vanity=vanity,
        linkedin_id=linkedin_id,
        email=email,
        name=name,
    )
