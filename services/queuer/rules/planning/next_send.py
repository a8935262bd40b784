"""A prospect's next send as far as it is decided without the account's calendar: the step, its text, or the end of the sequence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.next_step import NothingToPlan, SequenceFinished, StepDue, StepProgress, WorkflowStep, next_step
from services.queuer.rules.planning.rendering import MessageText, NoMessageText, render_step
from shared.policy import note_limit
from shared.vocabulary import AccountType, Action, ActionRole, Channel, MissingValue, ProspectStatus, SendStatus
from shared.vocabulary.identity import send_id
from shared.vocabulary.transitions import status_when_given_up

NOT_ON_LINKEDIN: Final = "The lead has no LinkedIn address or id. Add one and reopen the send."
NO_ADDRESS: Final[Mapping[Channel, str]] = {
    Channel.LINKEDIN: NOT_ON_LINKEDIN,
    Channel.EMAIL: "The lead has no e-mail address. Add one and reopen the send.",
}
"""Why a send fails whose lead cannot be reached over its channel."""


@dataclass(frozen=True, slots=True)
class ProspectToPlan:
    """A prospect with what planning needs of its campaign and lead; the columns of `load_prospects`. Schedules are JSON texts as stored."""

    id: UUID
    workspace_id: UUID
    campaign_id: UUID
    lead_id: UUID
    status: ProspectStatus
    account_id: UUID | None
    contacted_at: datetime | None
    connected_at: datetime | None
    hold_until: datetime | None
    resumed_at: datetime | None
    workflow_id: UUID | None
    on_missing: MissingValue
    campaign_schedule: str
    workspace_schedule: str
    first_name: str | None
    last_name: str | None
    company: str | None
    title: str | None
    location: str | None
    timezone: str | None
    last_reply_at: datetime | None
    opted_out_at: datetime | None
    linkedin_id: str | None
    channels: Sequence[str]  # those for which the lead has an address
    invited_by_hand_at: datetime | None
    suppressed_by: str | None

    @property
    def values(self) -> Mapping[str, str | None]:
        """The lead's values for the placeholders of a template."""
        return {name: getattr(self, name) for name in ("first_name", "last_name", "company", "title", "location")}


@dataclass(frozen=True, slots=True)
class PlanningAccount:
    """An account and its limits: `caps` of a whole day, less while it warms up, and invitations in any 168 hours."""

    id: UUID
    account_type: AccountType
    country: str
    timezone: str
    schedule: str
    caps: Mapping[Action, int]
    weekly_cap: int
    warm_up_from: date | None
    next_free_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSend:
    """A row for send_queue: pending, or ended already with the reason."""

    prospect: ProspectToPlan
    account_id: UUID
    step: WorkflowStep
    text: str
    sha256: bytes
    due: datetime
    scheduled_for: datetime
    first: bool
    next_action: Action
    recipient: str | None = None
    status: SendStatus = SendStatus.PENDING
    reason: str | None = None

    @property
    def id(self) -> UUID:
        """The same in every process."""
        return send_id(self.prospect.id, self.step.message_type)

    @property
    def look_up(self) -> bool:
        """Whether the recipient must be looked up before the step itself."""
        return self.next_action.role is ActionRole.RESOLVE


@dataclass(frozen=True, slots=True)
class ProspectEnding:
    """A prospect whose sequence is over, from the status it was read in."""

    prospect: ProspectToPlan
    status: ProspectStatus
    outcome: str | None
    reason: str | None = None


@dataclass(slots=True)
class SendDraft:
    """What planning will write for one prospect: `wanted` still needs its moment; `ended` are rows that will never leave."""

    wanted: NewSend | None = None
    ended: list[NewSend] = field(default_factory=list)
    ending: ProspectEnding | None = None


def draft_send(
    prospect: ProspectToPlan,
    account: PlanningAccount,
    steps: Sequence[WorkflowStep],
    progress: Mapping[str, StepProgress],
    *,
    now: datetime,
) -> SendDraft:
    """Find the next step that has a text for this lead, leaving out steps that a campaign with `on_missing: skip` cannot fill."""
    done = SendDraft()
    known = dict(progress)
    while True:
        found = next_step(prospect.status, prospect.connected_at, steps, known, now=now)
        match found:
            case NothingToPlan():
                return done
            case SequenceFinished():
                done.ending = ProspectEnding(prospect, ProspectStatus.COMPLETED, "finished")
                return done
            case StepDue():
                rendered = _render(prospect, account, found.step)
        if isinstance(rendered, MessageText):
            done.wanted = _new_send(prospect, account, found, rendered)
            return done
        done.ended.append(_new_send(prospect, account, found, rendered))
        if not rendered.skip or found.first:
            done.ending = give_up(prospect, "skipped" if rendered.skip else "blocked", rendered.reason)
            return done
        known[found.step.message_type] = StepProgress(SendStatus.SKIPPED)


def give_up(prospect: ProspectToPlan, outcome: str, reason: str) -> ProspectEnding:
    """End the prospect's sequence without success."""
    return ProspectEnding(prospect, status_when_given_up(prospect.contacted_at), outcome, reason)


def _render(prospect: ProspectToPlan, account: PlanningAccount, step: WorkflowStep) -> MessageText | NoMessageText:
    channel = step.action.facts.channel
    if channel not in prospect.channels:
        return NoMessageText(NO_ADDRESS[channel], skip=False)
    return render_step(step, prospect.values, prospect.on_missing, note_limit=note_limit(account.account_type))


def _new_send(prospect: ProspectToPlan, account: PlanningAccount, plan: StepDue, rendered: MessageText | NoMessageText) -> NewSend:
    status, reason = SendStatus.PENDING, None
    if isinstance(rendered, NoMessageText):
        status, reason = SendStatus.SKIPPED if rendered.skip else SendStatus.FAILED, rendered.reason
    return NewSend(
        prospect=prospect,
        account_id=account.id,
        step=plan.step,
        text=rendered.text,
        sha256=rendered.sha256,
        due=plan.due,
        scheduled_for=plan.due,
        first=plan.first,
        next_action=plan.step.action,
        status=status,
        reason=reason,
    )
