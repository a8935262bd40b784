"""Why a prospect's next send leaves, waits or never comes: the policy's own answer, and the state of the prospect's step around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from services.queuer.rules.planning.next_step import NothingToPlan, SequenceFinished, StepDue, StepProgress, WorkflowStep, next_step
from shared.policy import Case, Condition, Decision, Hold, Outcome, Reason, RuleLine, SendNow, Stop, Wait, decide
from shared.policy.words import CONDITIONS, REASONS, Words
from shared.vocabulary import OPEN, AccountStatus, Action, AttemptState, CampaignStatus, ProspectStatus, SendStatus


class NextStepState(StrEnum):
    """The state of a prospect's next step, where it is not the policy that says why nothing leaves."""

    ALLOWED = "allowed"
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


STATES: Final[Mapping[NextStepState, Words]] = MappingProxyType(
    {
        NextStepState.ALLOWED: Words("its turn now", "Every rule lets it leave now."),
        NextStepState.NOT_ENROLLED: Words("in no campaign", "The person is in no campaign. Import the list again, or enrol them."),
        NextStepState.WAITS_FOR_APPROVAL: Words(
            "approval", "The imported row waits for a person's approval: `tact approve` lets it become a prospect."
        ),
        NextStepState.REJECTED: Words("rejected", "A person rejected the imported row, so it never became a prospect."),
        NextStepState.NO_STEPS: Words("no messages", "The campaign has no messages yet. Give it templates."),
        NextStepState.NO_ACCOUNT: Words("no account", "The campaign has no account to send from. Give it one of the workspace's accounts."),
        NextStepState.NOT_PLANNED: Words("being planned", "The step is not planned yet; the planner finds it within seconds."),
        NextStepState.WAITS_FOR_ACCEPTANCE: Words(
            "acceptance", "The invitation is out; what follows is planned when the person accepts it."
        ),
        NextStepState.WORDS_MISSING: Words(
            "words missing", "The message has no words for this person yet; the planner writes them, or says what is missing."
        ),
        NextStepState.IN_HAND: Words("being sent", "It is in the sender's hand: the call to the provider is under way."),
        NextStepState.LOOKED_UP: Words(
            "looked up",
            "It is not known whether it left: the provider gave no clear answer, and the healer looks it up before anything else.",
        ),
        NextStepState.INVITED_ALREADY: Words("invited", "Another send of the workspace has invited this person already."),
        NextStepState.ACCOUNT_BUSY: Words("another call", "The account makes another call at this moment, and never two at once."),
        NextStepState.LANE_CLOSED: Words("queue closed", "The account's queue for this campaign is looked at again at a set moment."),
        NextStepState.HELD: Words("held", "The send is held until its condition comes true."),
        NextStepState.ENDED: Words("ended", "The step ended without being sent."),
        NextStepState.FINISHED: Words("finished", "Every step has left; nothing more is planned."),
    }
)
"""The words beside the policy's own, which are in shared/policy/words.py."""

_GIVEN_UP: Final = frozenset({Reason.FAILED, Reason.COMPLETED})


@dataclass(frozen=True, slots=True)
class SendThen:
    """A step that has a row, as it was at the moment."""

    id: UUID
    account_id: UUID
    message_type: str
    linkedin_user_id: str | None
    message: str
    scheduled_for: datetime
    held_for: str | None
    requires_connection: bool
    sent_at: datetime | None
    error_message: str | None
    dispatch_no: int
    needs_words: bool
    next_action: Action
    status: SendStatus


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step that is next, when, and the lines before the policy's; `state` is None when the policy alone decides."""

    step: WorkflowStep | None
    due: datetime
    lines: Sequence[RuleLine]
    state: NextStepState | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What the database says besides the policy at that moment."""

    invited_already: bool
    calling_since: datetime | None
    lane_closed_until: datetime | None
    lane_reason: str | None


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """The decision in words. `until` is known for waits; a hold has its condition, and `then` is what the rules would say
    if it came true at once."""

    verdict: Literal["send_now", "wait", "hold", "stop"]
    reason: str
    sentence: str
    until: datetime | None = None
    condition: str | None = None
    then: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """An answer, and every rule's line in order."""

    answer: ExplainedAnswer
    rules: Sequence[RuleLine]

    @property
    def first_blocker(self) -> str | None:
        """The first rule that says no; None when the send may leave."""
        if self.answer.verdict == "send_now":
            return None
        return next((line.name for line in self.rules if line.verdict is not Outcome.PASS), None)


def find_next_step(
    status: ProspectStatus,
    connected_at: datetime | None,
    steps: Sequence[WorkflowStep],
    sends: Sequence[SendThen],
    calls: Mapping[UUID, AttemptState],
    *,
    campaign: CampaignStatus,
    has_account: bool,
    at: datetime,
) -> NextStep:
    """Which step is next, and what comes before the rules: planned, with words, under way. `calls` has the sends' live attempts."""
    by_type = {step.message_type: step for step in steps}
    waiting = next((send for send in sends if send.status in OPEN), None)
    if waiting is not None:
        return _planned(waiting, by_type.get(waiting.message_type), calls.get(waiting.id))
    if not steps:
        return NextStep(None, at, [_line("planned", "the campaign has no messages", Outcome.HOLD)], NextStepState.NO_STEPS)
    progress = {send.message_type: StepProgress(send.status, send.sent_at, send.dispatch_no > 0, send.needs_words) for send in sends}
    match next_step(status, connected_at, steps, progress, now=at):
        case StepDue(step, due, _):
            return _to_plan(step, due, campaign, has_account=has_account)
        case SequenceFinished():
            return NextStep(steps[-1], at, [_line("planned", "every step has left", Outcome.STOP)], NextStepState.FINISHED)
        case NothingToPlan(reason):
            return _nothing_to_plan(status, steps, sends, reason, at)


def _planned(send: SendThen, step: WorkflowStep | None, call: AttemptState | None) -> NextStep:
    lines = [_line("planned", f"{send.message_type} for {_iso(send.scheduled_for)}", Outcome.PASS)]
    state, detail = None, None
    if send.needs_words:
        lines.append(_line("words", send.error_message or "none", Outcome.HOLD, limit="rendered for the person"))
        return NextStep(step, send.scheduled_for, lines, NextStepState.WORDS_MISSING, send.error_message)
    lines.append(_line("words", "rendered", Outcome.PASS, limit="rendered for the person"))
    if call is AttemptState.INTENT:
        lines.append(_line("in_hand", "call under way", Outcome.PASS, limit="one call at a time"))
        state = NextStepState.IN_HAND
    elif call is AttemptState.UNKNOWN:
        lines.append(_line("in_hand", "the last attempt is being looked up", Outcome.HOLD, limit="one call at a time"))
        state = NextStepState.LOOKED_UP
    elif send.held_for is not None:
        lines.append(_line("held", send.held_for, Outcome.HOLD, limit="no condition"))
        state, detail = NextStepState.HELD, send.held_for
    return NextStep(step, send.scheduled_for, lines, state, detail)


def _to_plan(step: WorkflowStep, due: datetime, campaign: CampaignStatus, *, has_account: bool) -> NextStep:
    if not has_account:
        return NextStep(step, due, [_line("planned", "the campaign has no account", Outcome.HOLD)], NextStepState.NO_ACCOUNT)
    if campaign is not CampaignStatus.RUNNING:
        # Only a running campaign is planned; the policy's own line says that it does not run.
        return NextStep(step, due, [_line("planned", f"no: the campaign is {campaign}", Outcome.HOLD)])
    return NextStep(step, due, [_line("planned", f"{step.message_type}, not yet", Outcome.WAIT, until=due)], NextStepState.NOT_PLANNED)


def _nothing_to_plan(
    status: ProspectStatus, steps: Sequence[WorkflowStep], sends: Sequence[SendThen], reason: str, at: datetime
) -> NextStep:
    reached = {send.message_type for send in sends}
    left = [step for step in steps if step.message_type not in reached]
    if status is ProspectStatus.CONNECTION_REQUEST_SENT and left:
        line = _line("planned", f"{left[0].message_type} after the acceptance", Outcome.HOLD)
        return NextStep(left[0], at, [line], NextStepState.WAITS_FOR_ACCEPTANCE)
    ended = next((send for send in sends if send.status in {SendStatus.FAILED, SendStatus.SKIPPED, SendStatus.CANCELLED}), None)
    if ended is not None:
        step = next((step for step in steps if step.message_type == ended.message_type), steps[0])
        how = "failed" if ended.status is SendStatus.FAILED else f"was {ended.status}"
        detail = f"the step {ended.message_type} {how}: {ended.error_message or 'no reason was written'}"
        return NextStep(step, at, [_line("planned", detail, Outcome.STOP)], NextStepState.ENDED, detail)
    if not left:
        return NextStep(steps[-1], at, [_line("planned", reason, Outcome.STOP)], NextStepState.FINISHED, reason)
    return NextStep(left[0], at, [_line("planned", f"no: {reason}", Outcome.STOP)], NextStepState.ENDED, reason)


def explain(found: NextStep, case: Case, beside: Beside, *, at: datetime, call_time: timedelta, margin: timedelta) -> Explained:
    """The whole answer: what comes before the policy, the policy as the sender asks it, and what comes after it."""
    verdict = decide(case, now=at, call_time=call_time, margin=margin)
    rules = [*found.lines, *verdict.trace, *_lines_beside(beside)]
    if found.state is NextStepState.IN_HAND:
        return Explained(ExplainedAnswer("send_now", NextStepState.IN_HAND.value, STATES[NextStepState.IN_HAND].sentence, until=at), rules)
    lifted = decide(_lifted(case), now=at, call_time=call_time, margin=margin).decision
    answer = _answer(found, verdict.decision, beside, at, lifted)
    if answer.reason == Reason.OTHER_SEQUENCE:  # the reader has to look at the other campaign next
        answer = replace(answer, sentence=f"The person is in the sequence of '{case.other_sequence}'; this one goes on when that is over.")
    return Explained(answer, rules)


def _answer(found: NextStep, decision: Decision, beside: Beside, at: datetime, lifted: Decision) -> ExplainedAnswer:
    """What ends a send comes before the state of its step, and that before what only delays it."""
    state = found.state
    over = state in {NextStepState.ENDED, NextStepState.FINISHED}
    if isinstance(decision, Stop) and not (over and decision.reason in _GIVEN_UP):
        return _answer_of_policy(decision, at, lifted)
    if state is None:
        return _answer_beside(beside, at) if isinstance(decision, SendNow) else _answer_of_policy(decision, at, lifted)
    if over:
        return ExplainedAnswer("stop", state.value, _as_sentence(found.detail) or STATES[state].sentence)
    if state in {NextStepState.HELD, NextStepState.NOT_PLANNED} and isinstance(decision, Hold):
        return _answer_of_policy(decision, at, lifted)
    if state is NextStepState.NOT_PLANNED:
        return ExplainedAnswer("wait", state.value, STATES[state].sentence, until=_first_moment(decision, at))
    condition = Condition.CONNECTION if state is NextStepState.WAITS_FOR_ACCEPTANCE else state
    held_for = found.detail if state is NextStepState.HELD else None
    return ExplainedAnswer(
        "hold", state.value, STATES[state].sentence, condition=held_for or condition.value, then=_first_moment(lifted, at)
    )


def _answer_of_policy(decision: Decision, at: datetime, lifted: Decision) -> ExplainedAnswer:
    match decision:
        case SendNow():
            return ExplainedAnswer("send_now", NextStepState.ALLOWED.value, STATES[NextStepState.ALLOWED].sentence, until=at)
        case Wait(until, reason, _):
            return ExplainedAnswer("wait", reason.value, REASONS[reason].sentence, until=until)
        case Hold(condition, reason, _):
            sentence = REASONS[reason].sentence if condition is not Condition.OPENING else f"It waits {CONDITIONS[condition]}."
            return ExplainedAnswer("hold", reason.value, sentence, condition=condition.value, then=_first_moment(lifted, at))
        case Stop(reason):
            return ExplainedAnswer("stop", reason.value, REASONS[reason].sentence)


def _answer_beside(beside: Beside, at: datetime) -> ExplainedAnswer:
    if beside.invited_already:
        return ExplainedAnswer("stop", "already_invited", STATES[NextStepState.INVITED_ALREADY].sentence)
    if beside.lane_closed_until is not None:
        words = REASONS[Reason(beside.lane_reason)] if beside.lane_reason in set(Reason) else STATES[NextStepState.LANE_CLOSED]
        return ExplainedAnswer(
            "wait", beside.lane_reason or NextStepState.LANE_CLOSED.value, words.sentence, until=beside.lane_closed_until
        )
    if beside.calling_since is not None:
        return ExplainedAnswer("wait", NextStepState.ACCOUNT_BUSY.value, STATES[NextStepState.ACCOUNT_BUSY].sentence, until=at)
    return ExplainedAnswer("send_now", NextStepState.ALLOWED.value, STATES[NextStepState.ALLOWED].sentence, until=at)


def _lifted(case: Case) -> Case:
    """The case with every condition come true that a person, or the person written to, can make true."""
    startable = case.campaign_status in {CampaignStatus.DRAFT, CampaignStatus.PAUSED}
    return replace(
        case,
        campaign_status=CampaignStatus.RUNNING if startable else case.campaign_status,
        account_status=AccountStatus.USABLE,
        connected=True if case.requires_connection else case.connected,
        other_sequence=None,
    )


def _first_moment(decision: Decision, at: datetime) -> datetime | None:
    return decision.until if isinstance(decision, Wait) else at if isinstance(decision, SendNow) else None


def _lines_beside(beside: Beside) -> list[RuleLine]:
    invited, closed, calling = beside.invited_already, beside.lane_closed_until, beside.calling_since
    return [
        _line(
            "one_invitation",
            "invited by another send" if invited else "by no other send",
            Outcome.STOP if invited else Outcome.PASS,
            limit="one live invitation in the workspace",
        ),
        _line(
            "lane",
            f"closed: {beside.lane_reason or 'no reason'}" if closed else "open",
            Outcome.WAIT if closed else Outcome.PASS,
            limit="open",
            until=closed,
        ),
        _line(
            "account_free",
            f"calling since {_iso(calling)}" if calling else "free",
            Outcome.WAIT if calling else Outcome.PASS,
            limit="one call at a time",
        ),
    ]


def _as_sentence(detail: str | None) -> str | None:
    return f"{detail[0].upper()}{detail[1:].removesuffix('.')}." if detail else None


def _line(name: str, value: str, verdict: Outcome, *, limit: str = "a send is planned", until: datetime | None = None) -> RuleLine:
    return RuleLine(name, value, limit, verdict, until)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
