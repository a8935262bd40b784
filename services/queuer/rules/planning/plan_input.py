"""Everything that a plan is made from, loaded once per batch while its rows are locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.account_calendar import CalendarFacts
from services.queuer.rules.planning.next_send import PlanningAccount, ProspectToPlan
from services.queuer.rules.planning.next_step import StepProgress, WorkflowStep
from services.queuer.rules.planning.rotation import Capacity, RotationCandidate
from shared.vocabulary import Action

QueueKey = tuple[UUID, Action, str | None]
"""A queue of first steps: the account, the action and, where hours follow the prospect, the prospects' zone."""


@dataclass(frozen=True, slots=True)
class CampaignRotation:
    """A campaign's accounts in their order, and the credit each has (rules/planning/rotation.py)."""

    candidates: Sequence[RotationCandidate] = ()
    credits: Mapping[UUID, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """One batch: the prospects, what has become of their steps, and what their accounts may do.

    `steps` is keyed by workflow, `progress` by prospect and message type. `accounts` lacks those whose hours cannot be read.
    `queue_ends` holds the last planned first step of each queue, `recipients` the provider's ids that look-ups have found.
    """

    now: datetime
    prospects: Sequence[ProspectToPlan]
    steps: Mapping[UUID, Sequence[WorkflowStep]]
    progress: Mapping[UUID, Mapping[str, StepProgress]]
    accounts: Mapping[UUID, PlanningAccount]
    rotations: Mapping[UUID, CampaignRotation] = field(default_factory=dict)
    capacities: Mapping[Action, Mapping[UUID, Capacity]] = field(default_factory=dict)
    recipients: Mapping[tuple[UUID, UUID], str] = field(default_factory=dict)
    queue_ends: Mapping[QueueKey, datetime] = field(default_factory=dict)
    calendars: Mapping[UUID, CalendarFacts] = field(default_factory=dict)

    def steps_of(self, prospect: ProspectToPlan) -> Sequence[WorkflowStep]:
        """The steps of the prospect's workflow; none where the campaign has no workflow yet."""
        return self.steps.get(prospect.workflow_id, ()) if prospect.workflow_id else ()

    def progress_of(self, prospect: ProspectToPlan) -> Mapping[str, StepProgress]:
        """What has become of the prospect's steps, by message type."""
        return self.progress.get(prospect.id, {})
