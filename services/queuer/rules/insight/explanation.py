"""Why a prospect's next send leaves, waits or never comes: the policy's own answer, and where the prospect stands around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.queuer.rules.planning.next_step import NothingToPlan, SequenceFinished, StepDue, StepProgress, WorkflowStep, next_step
from shared.policy import Case, Condition, Decision, Hold, Outcome, Reason, RuleLine, SendNow, Stop, Wait, decide
from shared.policy.words import CONDITIONS, REASONS
from shared.vocabulary import OPEN, AccountStatus, AttemptState, CampaignStatus, ProspectStatus, SendStatus


class Place(StrEnum):
    """Where a prospect stands when it is not the policy that says why nothing leaves."""

    NOT_ENROLLED = "not_enrolled"
    WAITS_FOR_APPROVAL = "waits_for_approval"
    REJECTED = "rejected"
    NO_STEPS = "no_steps"
    NO_ACCOUNT = "no_account"
    NOT_PLANNED = "not_planned"
    WAITS_FOR_ACCEPTANCE = "waits_for_acceptance"
    WORDS_MISSING = "words_missing"
    IN_HAND = "in_hand"
    LOOKED_UP = "looked_up"
    INVITED_ALREADY = "invited_already"
    ACCOUNT_BUSY = "account_busy"
    LANE_CLOSED = "lane_closed"
    HELD = "held"
    ENDED = "ended"
    FINISHED = "finished"


PLACES: Final = {
    Place.NOT_ENROLLED: "The person is in no campaign. Import the list again, or enrol them.",
    Place.WAITS_FOR_APPROVAL: "The imported row waits for a person's approval: `tact approve` lets it become a prospect.",
    Place.REJECTED: "A person rejected the imported row, so it never became a prospect.",
    Place.NO_STEPS: "The campaign has no messages yet. Give it templates.",
    Place.NO_ACCOUNT: "The campaign has no account to send from. Give it one of the workspace's accounts.",
    Place.NOT_PLANNED: "The step is not planned yet; the planner finds it within seconds.",
    Place.WAITS_FOR_ACCEPTANCE: "The invitation is out; what follows is planned when the person accepts it.",
    Place.WORDS_MISSING: "The message has no words for this person yet; the planner writes them, or says what is missing.",
    Place.IN_HAND: "It is in the sender's hand: the call to the provider is under way.",
    Place.LOOKED_UP: "Nobody knows whether it left: the provider gave no clear answer, and the healer looks it up before anything else.",
    Place.INVITED_ALREADY: "Another send of the workspace has invited this person already.",
    Place.ACCOUNT_BUSY: "The account makes another call at this moment, and never two at once.",
    Place.LANE_CLOSED: "The account's queue for this campaign is looked at again at a set moment.",
    Place.HELD: "The send is held until its condition comes true.",
    Place.ENDED: "The step ended without being sent.",
    Place.FINISHED: "Every step has left; nothing more is planned.",
}

SHORT: Final = {
    "allowed": "its turn now",
    Place.NOT_ENROLLED: "in no campaign",
    Place.WAITS_FOR_APPROVAL: "approval",
    Place.REJECTED: "rejected",
    Place.NO_STEPS: "no messages",
    Place.NO_ACCOUNT: "no account",
    Place.NOT_PLANNED: "being planned",
    Place.WAITS_FOR_ACCEPTANCE: "acceptance",
    Place.WORDS_MISSING: "words missing",
    Place.IN_HAND: "being sent",
    Place.LOOKED_UP: "looked up",
    Place.INVITED_ALREADY: "invited",
    Place.ACCOUNT_BUSY: "another call",
    Place.LANE_CLOSED: "queue closed",
    Place.HELD: "held",
    Place.ENDED: "ended",
    Place.FINISHED: "finished",
}
"""The answers beside the policy's for a column of 14 characters; the policy's own stand in shared/policy/words.py."""

_GIVEN_UP: Final = frozenset({Reason.FAILED, Reason.COMPLETED})


@dataclass(frozen=True, slots=True)
class Send:
    """A step that has a row, as it was at the moment; `state` is its last attempt's, if it has any."""

    message_type: str
    status: SendStatus
    scheduled_for: datetime
    needs_words: bool
    held_for: str | None
    error_message: str | None
    sent_at: datetime | None
    dispatched: bool
    state: AttemptState | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The step that is next, when, and what lies before the policy: `place` is None when the policy alone decides."""

    step: WorkflowStep | None
    due: datetime
    lines: Sequence[RuleLine]
    place: Place | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What the database says besides the policy at that moment."""

    invited_already: bool
    calling_since: datetime | None
    lane_closed_until: datetime | None
    lane_reason: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision in words. `until` is known for waits; a hold has its condition, and `then` is what the rules would say
    if it came true at once."""

    verdict: str  # send_now, wait, hold, stop
    reason: str
    sentence: str
    until: datetime | None = None
    condition: str | None = None
    then: datetime | None = None

    @property
    def next_possible_at(self) -> datetime | None:
        """The next moment at which it may leave, as far as one is known."""
        return self.until


@dataclass(frozen=True, slots=True)
class Explained:
    """An answer, every rule's line in order, and the first of them that says no."""

    answer: Answer
    rules: Sequence[RuleLine]

    @property
    def first_blocker(self) -> RuleLine | None:
        """None when nothing stands in the way."""
        return next((line for line in self.rules if line.verdict is not Outcome.PASS), None)


def stand(
    status: ProspectStatus,
    connected_at: datetime | None,
    steps: Sequence[WorkflowStep],
    sends: Sequence[Send],
    *,
    campaign: CampaignStatus,
    has_account: bool,
    at: datetime,
) -> Standing:
    """Which step is next, and what stands before the rules: planned, with words, in whose hand."""
    by_type = {step.message_type: step for step in steps}
    waiting = next((send for send in sends if send.status in OPEN), None)
    if waiting is not None:
        return _waiting(waiting, by_type.get(waiting.message_type))
    if not steps:
        return Standing(None, at, [_line("planned", "the campaign has no messages", Outcome.HOLD)], Place.NO_STEPS)
    planned = {send.message_type: StepProgress(send.status, send.sent_at, send.dispatched, send.needs_words) for send in sends}
    found = next_step(status, connected_at, steps, planned, now=at)
    match found:
        case StepDue(step, due, _):
            return _to_plan(step, due, campaign, has_account=has_account)
        case SequenceFinished():
            return Standing(steps[-1], at, [_line("planned", "every step has left", Outcome.STOP)], Place.FINISHED)
        case NothingToPlan(reason):
            return _nothing(status, steps, sends, reason, at)


def _waiting(send: Send, step: WorkflowStep | None) -> Standing:
    lines = [_line("planned", f"{send.message_type} for {_said(send.scheduled_for)}", Outcome.PASS)]
    if send.needs_words:
        lines.append(_line("words", send.error_message or "none", Outcome.HOLD, limit="rendered for the person"))
        return Standing(step, send.scheduled_for, lines, Place.WORDS_MISSING, send.error_message)
    lines.append(_line("words", "rendered", Outcome.PASS, limit="rendered for the person"))
    if send.state is AttemptState.INTENT:
        lines.append(_line("in_hand", "call under way", Outcome.PASS, limit="one call at a time"))
        return Standing(step, send.scheduled_for, lines, Place.IN_HAND)
    if send.state is AttemptState.UNKNOWN:
        lines.append(_line("in_hand", "the last attempt is being looked up", Outcome.HOLD, limit="one call at a time"))
        return Standing(step, send.scheduled_for, lines, Place.LOOKED_UP)
    if send.held_for is not None:
        lines.append(_line("held", send.held_for, Outcome.HOLD, limit="no condition"))
        return Standing(step, send.scheduled_for, lines, Place.HELD, send.held_for)
    return Standing(step, send.scheduled_for, lines)


def _to_plan(step: WorkflowStep, due: datetime, campaign: CampaignStatus, *, has_account: bool) -> Standing:
    if not has_account:
        return Standing(step, due, [_line("planned", "the campaign has no account", Outcome.HOLD)], Place.NO_ACCOUNT)
    if campaign is not CampaignStatus.RUNNING:
        # Only what runs is planned; the policy's own line says that it does not run.
        return Standing(step, due, [_line("planned", f"no: the campaign is {campaign}", Outcome.HOLD)])
    return Standing(step, due, [_line("planned", f"{step.message_type}, not yet", Outcome.WAIT, until=due)], Place.NOT_PLANNED)


def _nothing(status: ProspectStatus, steps: Sequence[WorkflowStep], sends: Sequence[Send], reason: str, at: datetime) -> Standing:
    reached = {send.message_type for send in sends}
    left = [step for step in steps if step.message_type not in reached]
    if status is ProspectStatus.CONNECTION_REQUEST_SENT and left:
        line = _line("planned", f"{left[0].message_type} after the acceptance", Outcome.HOLD)
        return Standing(left[0], at, [line], Place.WAITS_FOR_ACCEPTANCE)
    ended = next((send for send in sends if send.status in {SendStatus.FAILED, SendStatus.SKIPPED, SendStatus.CANCELLED}), None)
    if ended is not None:
        step = next((step for step in steps if step.message_type == ended.message_type), steps[0])
        became = "failed" if ended.status is SendStatus.FAILED else f"was {ended.status}"
        detail = f"the step {ended.message_type} {became}: {ended.error_message or 'no reason was written'}"
        return Standing(step, at, [_line("planned", detail, Outcome.STOP)], Place.ENDED, detail)
    if not left:
        return Standing(steps[-1], at, [_line("planned", reason, Outcome.STOP)], Place.FINISHED, reason)
    return Standing(left[0], at, [_line("planned", f"no: {reason}", Outcome.STOP)], Place.ENDED, reason)


def explain(standing: Standing, case: Case, beside: Beside, *, at: datetime, call_time: timedelta, margin: timedelta) -> Explained:
    """The whole answer: what lies before the policy, the policy as the sender asks it, and what lies behind it."""
    verdict = decide(case, now=at, call_time=call_time, margin=margin)
    rules = [*standing.lines, *verdict.trace, *_beside_shown(beside)]
    if standing.place is Place.IN_HAND:
        return Explained(Answer("send_now", Place.IN_HAND.value, PLACES[Place.IN_HAND], until=at), rules)
    lifted = decide(_lifted(case), now=at, call_time=call_time, margin=margin).decision
    return Explained(_named(_answer(standing, verdict.decision, beside, at, lifted), case), rules)


def _named(answer: Answer, case: Case) -> Answer:
    """The other campaign by its name: whoever asks has to look there next."""
    if answer.reason != Reason.OTHER_SEQUENCE:
        return answer
    return replace(answer, sentence=f"The person is in the sequence of '{case.other_sequence}'; this one goes on when that is over.")


def _answer(standing: Standing, decision: Decision, beside: Beside, at: datetime, lifted: Decision) -> Answer:
    """What ends a send comes before where it stands, and that before what only delays it."""
    place = standing.place
    over = place in {Place.ENDED, Place.FINISHED}
    if isinstance(decision, Stop) and not (over and decision.reason in _GIVEN_UP):
        return _of(decision, at, lifted)
    if place is None:
        return _behind(beside, at) if isinstance(decision, SendNow) else _of(decision, at, lifted)
    if over:
        return Answer("stop", place.value, _as_sentence(standing.detail) or PLACES[place])
    if place in {Place.HELD, Place.NOT_PLANNED} and isinstance(decision, Hold):
        return _of(decision, at, lifted)
    if place is Place.NOT_PLANNED:
        return Answer("wait", place.value, PLACES[place], until=_moment(decision, at))
    return Answer("hold", place.value, PLACES[place], condition=_condition(standing), then=_moment(lifted, at))


def _of(decision: Decision, at: datetime, lifted: Decision) -> Answer:
    match decision:
        case SendNow():
            return Answer("send_now", "allowed", "Every rule lets it leave now.", until=at)
        case Wait(until, reason, _):
            return Answer("wait", reason.value, REASONS[reason].sentence, until=until)
        case Hold(condition, reason, _):
            sentence = REASONS[reason].sentence if condition is not Condition.OPENING else f"It waits {CONDITIONS[condition]}."
            return Answer("hold", reason.value, sentence, condition=condition.value, then=_moment(lifted, at))
        case Stop(reason):
            return Answer("stop", reason.value, REASONS[reason].sentence)


def _behind(beside: Beside, at: datetime) -> Answer:
    if beside.invited_already:
        return Answer("stop", "already_invited", PLACES[Place.INVITED_ALREADY])
    if beside.lane_closed_until is not None:
        words = REASONS[Reason(beside.lane_reason)].sentence if beside.lane_reason in set(Reason) else PLACES[Place.LANE_CLOSED]
        return Answer("wait", beside.lane_reason or Place.LANE_CLOSED.value, words, until=beside.lane_closed_until)
    if beside.calling_since is not None:
        return Answer("wait", Place.ACCOUNT_BUSY.value, PLACES[Place.ACCOUNT_BUSY], until=at)
    return Answer("send_now", "allowed", "Every rule lets it leave now.", until=at)


def _lifted(case: Case) -> Case:
    """The case with every condition come true that a person, or the person written to, can make true."""
    return replace(
        case,
        campaign_status=CampaignStatus.RUNNING
        if case.campaign_status in {CampaignStatus.DRAFT, CampaignStatus.PAUSED}
        else case.campaign_status,
        account_status=AccountStatus.USABLE,
        connected=True if case.requires_connection else case.connected,
        other_sequence=None,
    )


def _moment(decision: Decision, at: datetime) -> datetime | None:
    return decision.until if isinstance(decision, Wait) else at if isinstance(decision, SendNow) else None


def _condition(standing: Standing) -> str:
    if standing.place is Place.HELD:
        return standing.detail or Place.HELD.value
    return Condition.CONNECTION.value if standing.place is Place.WAITS_FOR_ACCEPTANCE else str(standing.place)


def _beside_shown(beside: Beside) -> list[RuleLine]:
    lane = f"closed: {beside.lane_reason or 'no reason'}" if beside.lane_closed_until else "open"
    return [
        _line(
            "one_invitation",
            "invited by another send" if beside.invited_already else "nobody else's",
            _stop(beside.invited_already),
            limit="one live invitation in the workspace",
        ),
        _line("lane", lane, Outcome.WAIT if beside.lane_closed_until else Outcome.PASS, limit="open", until=beside.lane_closed_until),
        _line(
            "account_free",
            f"calling since {_said(beside.calling_since)}" if beside.calling_since else "free",
            Outcome.WAIT if beside.calling_since else Outcome.PASS,
            limit="one call at a time",
        ),
    ]


def _as_sentence(detail: str | None) -> str | None:
    return f"{detail[0].upper()}{detail[1:].removesuffix('.')}." if detail else None


def _stop(yes: bool) -> Outcome:
    return Outcome.STOP if yes else Outcome.PASS


def _line(name: str, value: str, verdict: Outcome, *, limit: str = "a send is planned", until: datetime | None = None) -> RuleLine:
    return RuleLine(name, value, limit, verdict, until)


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
