"""A prospect's next send as far as it is decided without looking at the account's time: the step, its words, or the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.next_step import Finished, Nothing, Plan, Planned, Step, next_step
from services.queuer.rules.planning.rendering import NoWords, Words, compose
from shared.policy import note_limit
from shared.vocabulary import CHANNEL_OF_ACTION, AccountType, Action, Channel, MissingValue, ProspectStatus, SendStatus
from shared.vocabulary.identity import send_id

NOT_ON_LINKEDIN: Final = "The lead has no LinkedIn address or id. Add one and reopen the send."
NO_ADDRESS: Final[Mapping[Channel, str]] = {
    Channel.LINKEDIN: NOT_ON_LINKEDIN,
    Channel.EMAIL: "The lead has no e-mail address. Add one and reopen the send.",
}
"""Why a send fails whose lead cannot be reached over its channel."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A prospect and what planning must know of its campaign and lead, as `load_prospects` reads it; schedules are JSON texts as stored."""

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
class Account:
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

    prospect: Prospect
    account_id: UUID
    step: Step
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
        """Whether the recipient must be found out before the step itself."""
        return self.next_action is Action.PROFILE_LOOKUP


@dataclass(frozen=True, slots=True)
class Ending:
    """A prospect whose sequence is over, from the status it was read in."""

    prospect: Prospect
    status: ProspectStatus
    outcome: str | None
    reason: str | None = None


@dataclass(slots=True)
class Draft:
    """What planning will write for one prospect. `wanted` still needs its moment; `ended` are rows that will never leave."""

    wanted: NewSend | None = None
    ended: list[NewSend] = field(default_factory=list)
    ending: Ending | None = None


def draft(prospect: Prospect, account: Account, steps: Sequence[Step], planned: Mapping[str, Planned], *, now: datetime) -> Draft:
    """Find the next step that has words for this lead, leaving out those a campaign with `on_missing: skip` cannot fill."""
    done = Draft()
    known = dict(planned)
    while True:
        found = next_step(prospect.status, prospect.connected_at, steps, known, now=now)
        match found:
            case Nothing():
                return done
            case Finished():
                done.ending = Ending(prospect, ProspectStatus.COMPLETED, "finished")
                return done
            case Plan():
                words = _words(prospect, account, found.step)
        if isinstance(words, Words):
            done.wanted = _send(prospect, account, found, words)
            return done
        done.ended.append(_send(prospect, account, found, words))
        if not words.skip or found.first:
            done.ending = give_up(prospect, "skipped" if words.skip else "blocked", words.reason)
            return done
        known[found.step.message_type] = Planned(SendStatus.SKIPPED)


def give_up(prospect: Prospect, outcome: str, reason: str) -> Ending:
    """Failed means never contacted; somebody who was contacted has completed."""
    status = ProspectStatus.FAILED if prospect.contacted_at is None else ProspectStatus.COMPLETED
    return Ending(prospect, status, outcome, reason)


def _words(prospect: Prospect, account: Account, step: Step) -> Words | NoWords:
    channel = CHANNEL_OF_ACTION[step.action]
    if channel not in prospect.channels:
        return NoWords(NO_ADDRESS[channel], skip=False)
    return compose(step, prospect.values, prospect.on_missing, note_limit=note_limit(account.account_type))


def _send(prospect: Prospect, account: Account, plan: Plan, words: Words | NoWords) -> NewSend:
    status, reason = SendStatus.PENDING, None
    if isinstance(words, NoWords):
        status, reason = SendStatus.SKIPPED if words.skip else SendStatus.FAILED, words.reason
    return NewSend(
        prospect=prospect,
        account_id=account.id,
        step=plan.step,
        text=words.text,
        sha256=words.sha256,
        due=plan.due,
        scheduled_for=plan.due,
        first=plan.first,
        next_action=plan.step.action,
        status=status,
        reason=reason,
    )
