"""What explaining reads: every row as it was at a moment, in a read-only transaction of whoever asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.queuer.rules.insight.explanation import Beside
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import NOT_RENDERED
from shared.db.pool import Connection
from shared.db.queries import fetch_one, load
from shared.policy import WeekUse, weekly_invitations
from shared.policy.rows import PolicyFacts
from shared.vocabulary import Action

queries = load(__file__)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """Business time now, how fast it runs, and the earliest moment of which everything is kept (None: all are)."""

    now: datetime
    speed: float
    floor: datetime | None


async def moment(connection: Connection) -> Moment:
    """The clock."""
    row = await queries.moment(connection)
    return Moment(row["now"], row["speed"], row["floor"])


async def person(connection: Connection, prospect_id: UUID, moment: datetime | None) -> Row | None:
    """The prospect with its campaign and lead."""
    row: Row | None = await queries.person(connection, prospect_id=prospect_id, moment=moment)
    return row


async def imported(connection: Connection, some_id: UUID, moment: datetime | None) -> Row | None:
    """The lead that this id (of a lead or an imported row) means, with its approval if it has one."""
    return next(iter([row async for row in queries.imported(connection, id=some_id, moment=moment)]), None)


async def steps(connection: Connection, workflow_id: UUID | None) -> list[WorkflowStep]:
    """The steps of a version."""
    return [
        WorkflowStep(row["position"], row["message_type"], Action(row["action"]), row["delay"], row["requires_connection"], row["template"])
        async for row in queries.steps(connection, workflow_id=workflow_id)
    ]


async def sends(connection: Connection, prospect_id: UUID, moment: datetime | None) -> list[Row]:
    """The prospect's sends in order of their steps."""
    return [row async for row in queries.sends(connection, prospect_id=prospect_id, moment=moment, not_rendered=NOT_RENDERED)]


async def attempts(connection: Connection, send_ids: Sequence[UUID], moment: datetime | None) -> list[Row]:
    """What was tried."""
    return [row async for row in queries.attempts(connection, send_ids=send_ids, moment=moment)]


async def replies(connection: Connection, lead_id: UUID, prospect_id: UUID, moment: datetime | None) -> list[Row]:
    """What came back in words."""
    return [row async for row in queries.replies(connection, lead_id=lead_id, prospect_id=prospect_id, moment=moment)]


async def likely_account(connection: Connection, campaign_id: UUID, moment: datetime | None) -> UUID | None:
    """Whose account a prospect without one would get."""
    found: UUID | None = await queries.likely_account(connection, campaign_id=campaign_id, moment=moment)
    return found


@dataclass(frozen=True, slots=True)
class FactsThen(PolicyFacts):
    """The facts of a step as they were at a moment."""

    account_name: str
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class StepInQuestion:
    """The step whose facts are asked for; `recipient` is the provider's id of the person, where it is known."""

    action: Action
    scheduled_for: datetime | None
    requires_connection: bool
    recipient: str | None


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


async def week(connection: Connection, account_id: UUID, facts: PolicyFacts, *, at: datetime, moment: datetime | None) -> WeekUse:
    """The account's invitations in the 168 hours before, and its limit of then."""
    cap = weekly_invitations(facts.weekly_limit, tier=facts.tier)
    row = await queries.week(connection, account_id=account_id, at=at, cap=cap, moment=moment)
    return WeekUse(row["used"], cap, row["frees_at"] if row["used"] >= cap else None)


async def beside(
    connection: Connection, who: Row, account_id: UUID, action: Action, send: Row | None, *, at: datetime, moment: datetime | None
) -> Beside:
    """What the policy is not asked about."""
    row = await queries.beside(
        connection,
        workspace_id=who["workspace_id"],
        campaign_id=who["campaign_id"],
        account_id=account_id,
        action=action.value,
        recipient=send["linkedin_user_id"] if send else None,
        send_id=send["id"] if send else None,
        at=at,
        moment=moment,
    )
    return Beside(row["invited_already"], row["calling_since"], row["lane_closed_until"], row["lane_reason"])


async def find_people(connection: Connection, *, most: int = 20, **words: Any) -> list[Row]:
    """Prospects, imported rows and leads that one of these names means: id, vanity, linkedin_id, email, name; in `campaign_id`."""
    asked = {name: words.get(name) for name in ("id", "vanity", "linkedin_id", "email", "name", "campaign_id")}
    return [row async for row in queries.find_people(connection, most=most, **asked)]
