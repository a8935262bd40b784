"""Builders for one batch of planning: a campaign of two steps, its accounts and its prospects, all readable and unplanned."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.queuer.rules.planning.account_calendar import A_LOCAL_DAY, CalendarFacts
from services.queuer.rules.planning.next_send import PlanningAccount, ProspectToPlan
from services.queuer.rules.planning.next_step import StepProgress, WorkflowStep
from services.queuer.rules.planning.plan import PlanDecisions, plan
from services.queuer.rules.planning.plan_input import CampaignRotation, PlanInput
from services.queuer.rules.planning.rotation import Capacity, RotationCandidate
from shared.vocabulary import AccountType, Action, MissingValue, ProspectStatus

NOW: Final = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, 11:00 in New York
NEW_YORK: Final = ZoneInfo("America/New_York")
NAMES: Final = UUID(int=11)
CAMPAIGN, WORKFLOW, WORKSPACE = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST_ACCOUNT, SECOND_ACCOUNT = UUID(int=21), UUID(int=22)
INVITE: Final = WorkflowStep(1, "connection_request", Action.INVITATION, timedelta(), False, "Hi {firstName}")
FOLLOW_UP: Final = WorkflowStep(2, "follow_up_1", Action.MESSAGE, timedelta(days=3), True, "Thanks {firstName}")
CAPS: Final = {Action.INVITATION: 40, Action.MESSAGE: 100, Action.PROFILE_LOOKUP: 100, Action.WITHDRAWAL: 40}


def a_prospect(name: str = "ana", **changes: Any) -> ProspectToPlan:
    """A prospect that is new to its campaign; `name` makes its ids."""
    values: dict[str, Any] = {
        "id": uuid5(NAMES, f"prospect {name}"),
        "workspace_id": WORKSPACE,
        "campaign_id": CAMPAIGN,
        "lead_id": uuid5(NAMES, f"lead {name}"),
        "status": ProspectStatus.PENDING,
        "account_id": None,
        "contacted_at": None,
        "connected_at": None,
        "hold_until": None,
        "resumed_at": None,
        "workflow_id": WORKFLOW,
        "on_missing": MissingValue.BLOCK,
        "campaign_schedule": "{}",
        "workspace_schedule": "{}",
        "first_name": name.title(),
        "last_name": None,
        "company": None,
        "title": None,
        "location": None,
        "timezone": None,
        "last_reply_at": None,
        "opted_out_at": None,
        "linkedin_id": f"AC-{name}",
        "channels": ["linkedin"],
        "invited_by_hand_at": None,
        "suppressed_by": None,
    }
    return ProspectToPlan(**(values | changes))


def a_connected_prospect(name: str = "ana", **changes: Any) -> ProspectToPlan:
    """A prospect that has accepted the invitation of its account a moment ago."""
    reached = {
        "status": ProspectStatus.CONNECTED,
        "account_id": FIRST_ACCOUNT,
        "contacted_at": NOW - timedelta(days=1),
        "connected_at": NOW,
    }
    return a_prospect(name, **(reached | changes))


def an_account(account_id: UUID = FIRST_ACCOUNT, **changes: Any) -> PlanningAccount:
    """An account in New York that is free and has all of its day."""
    values: dict[str, Any] = {
        "id": account_id,
        "account_type": AccountType.PREMIUM,
        "country": "US",
        "timezone": "America/New_York",
        "schedule": "{}",
        "caps": CAPS,
        "weekly_cap": 100,
        "warm_up_from": None,
        "next_free_at": None,
    }
    return PlanningAccount(**(values | changes))


def a_batch(
    *prospects: ProspectToPlan,
    accounts: Sequence[PlanningAccount] = (an_account(),),
    steps: Sequence[WorkflowStep] = (INVITE, FOLLOW_UP),
    progress: Mapping[UUID, Mapping[str, StepProgress]] | None = None,
    unusable: Sequence[UUID] = (),
    **changes: Any,
) -> PlanInput:
    """The input of one batch in a campaign with these accounts, each with its calendar loaded for a month."""
    capacities = {account.id: Capacity(40, 100) for account in accounts}
    values: dict[str, Any] = {
        "now": NOW,
        "prospects": prospects,
        "steps": {WORKFLOW: steps},
        "progress": progress or {},
        "accounts": {account.id: account for account in accounts},
        "rotations": {
            CAMPAIGN: CampaignRotation([RotationCandidate(each.id, each.id not in unusable) for each in accounts], {}),
        },
        "capacities": dict.fromkeys((Action.INVITATION, Action.MESSAGE), capacities),
        "calendars": {account.id: a_calendar() for account in accounts},
    }
    return PlanInput(**(values | changes))


def a_calendar(**changes: Any) -> CalendarFacts:
    """An empty calendar, loaded from yesterday for a month."""
    return CalendarFacts(**({"spans": ((NOW - 2 * A_LOCAL_DAY, NOW + timedelta(days=31)),)} | changes))


def planned(facts: PlanInput) -> PlanDecisions:
    """The plan of a batch whose calendars are long enough."""
    decisions = plan(facts)
    assert decisions.not_loaded == {}
    return decisions
