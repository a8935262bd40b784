"""Explain: why was this person not contacted, now or at any moment that has been?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.explanation import (
    STATES,
    Explained,
    ExplainedAnswer,
    NextStep,
    NextStepState,
    SendThen,
    explain,
    find_next_step,
)
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import MessageText, render_step
from services.queuer.store.insight import explain as store
from services.queuer.store.insight.explain import AttemptThen, ExplainClock, FactsThen, ImportedPerson, ProspectThen, StepInQuestion
from shared.db.pool import Connection
from shared.policy import Outcome, RuleLine, note_limit
from shared.policy.rows import case_of
from shared.refusals import NotFound, Refused
from shared.vocabulary import OPEN, Action, AttemptState, CampaignStatus, ProspectStatus, SendStatus

_DID: Final = {Action.PROFILE_LOOKUP: "looked up the profile", Action.WITHDRAWAL: "took the invitation back"}
_APPROVALS: Final = {"waiting": (NextStepState.WAITS_FOR_APPROVAL, "approval"), "rejected": (NextStepState.REJECTED, None)}


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An attempt, an answer or an acceptance."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer about one person at one moment (business, aware); zones are names of the account's and the schedule's own."""

    at: datetime
    now: datetime
    prospect_id: UUID | None = None
    lead_id: UUID
    person: str
    identity: str
    campaign_id: UUID | None
    campaign: str | None
    campaign_status: CampaignStatus | None
    status: ProspectStatus | None = None
    account_id: UUID | None = None
    account: str | None = None
    timezone: str | None = None
    step: str | None = None
    send_id: UUID | None = None
    send_status: SendStatus | None = None
    action: Action | None = None
    words: str | None = None
    words_frozen: bool = False
    answer: ExplainedAnswer
    first_blocker: str | None
    rules: Sequence[RuleLine]
    happened: Sequence[PastEvent] = ()
    notes: Sequence[str] = ()

    @property
    def next_possible_at(self) -> datetime | None:
        """The next moment at which the send may leave, as far as one is known."""
        return self.answer.until


async def explain_prospect(connection: Connection, some_id: UUID, *, at: datetime | None = None, call_times: CallTimes) -> Explanation:
    """Explain the prospect with this id, or the imported row or lead that waits to become one.

    `at` is business time; a later one is answered by what is known today, an earlier one by what was so then.

    Raises:
        NotFound: the caller may see no person of that id.
        Refused: the moment lies before what is kept, or before the person was enrolled.
    """
    clock = await store.load_clock(connection)
    then = at or clock.now
    moment = at if at is not None and at < clock.now else None
    if at is not None and clock.floor is not None and then < clock.floor:
        raise Refused(
            f"What was so at {_utc(then)} is not kept any more: histories begin at {_utc(clock.floor)}. Ask about a later moment.",
            code="before_history",
        )
    prospect = await store.load_prospect(connection, some_id, moment)
    if prospect is None:
        return await _explain_imported(connection, some_id, clock.now, then, moment)
    if moment is not None and then < prospect.enrolled_at:
        raise Refused(
            f"{_name(prospect)} was enrolled in '{prospect.campaign_name}' only at {_utc(prospect.enrolled_at)}; at {_utc(then)} there was "
            "nothing to contact. Ask about a later moment.",
            code="before_enrolment",
        )
    return await _explain_enrolled(connection, prospect, clock, at=then, moment=moment, call_times=call_times)


async def _explain_enrolled(
    connection: Connection, prospect: ProspectThen, clock: ExplainClock, *, at: datetime, moment: datetime | None, call_times: CallTimes
) -> Explanation:
    sends = await store.load_sends(connection, prospect.prospect_id, moment)
    attempts = await store.load_attempts(connection, [send.id for send in sends], moment)
    account_id = prospect.account_id or await store.likely_account(connection, prospect.campaign_id, moment)
    found = find_next_step(
        prospect.status,
        prospect.connected_at,
        await store.load_steps(connection, prospect.workflow_id),
        sends,
        {each.send_id: each.state for each in attempts if _is_live(each)},
        campaign=prospect.campaign_status,
        has_account=account_id is not None,
        at=at,
    )
    send = _send_of(found, sends)
    account_id = send.account_id if send else account_id if found.step else None
    facts = await _load_facts(connection, prospect, account_id, send, found, at=at, moment=moment) if account_id else None
    if account_id is None or facts is None:
        state = found.state or NextStepState.NO_STEPS
        explained = Explained(ExplainedAnswer("hold", state.value, STATES[state].sentence, condition=state.value), found.lines)
    else:
        week = (
            await store.load_week(connection, account_id, facts, at=at, moment=moment) if facts.next_action is Action.INVITATION else None
        )
        case = case_of(facts, week)
        facts = replace(facts, timezone=case.zone.key)  # times are shown in UTC where the account's zone cannot be read
        beside = await store.load_beside(connection, prospect, account_id, facts.next_action, send, at=at, moment=moment)
        call_time, margin = call_times.at(clock.speed)
        explained = explain(found, case, beside, at=at, call_time=call_time, margin=margin)
    words, frozen = _words(prospect, found.step, send, facts)
    return Explanation(
        at=at,
        now=clock.now,
        prospect_id=prospect.prospect_id,
        lead_id=prospect.lead_id,
        person=_name(prospect),
        identity=prospect.identity,
        campaign_id=prospect.campaign_id,
        campaign=prospect.campaign_name,
        campaign_status=prospect.campaign_status,
        status=prospect.status,
        account_id=account_id,
        account=facts.account_name if facts else None,
        timezone=facts.timezone if facts else None,
        step=send.message_type if send else found.step.message_type if found.step else None,
        send_id=send.id if send else None,
        send_status=send.status if send else None,
        action=facts.next_action if facts else None,
        words=words,
        words_frozen=frozen,
        answer=explained.answer,
        first_blocker=explained.first_blocker,
        rules=explained.rules,
        happened=await _load_past_events(connection, prospect, sends, attempts, moment=moment),
        notes=_notes(at, clock.now, prospect, account_id),
    )


async def _load_facts(
    connection: Connection,
    prospect: ProspectThen,
    account_id: UUID,
    send: SendThen | None,
    found: NextStep,
    *,
    at: datetime,
    moment: datetime | None,
) -> FactsThen:
    """The facts that the sender would decide on: of the send, or of the step that would be planned next."""
    planned = found.step
    step = StepInQuestion(
        action=send.next_action if send else planned.action if planned else Action.MESSAGE,
        scheduled_for=found.due,
        requires_connection=send.requires_connection if send else bool(planned and planned.requires_connection),
        recipient=send.linkedin_user_id if send else prospect.linkedin_id,
    )
    facts = await store.load_facts(connection, prospect.prospect_id, account_id, step, at=at, moment=moment)
    if facts is None:
        raise NotFound(f"There is no account {account_id}.", code="unknown_account")
    if send is None and step.recipient is None and facts.provider_id is None and step.action is not Action.PROFILE_LOOKUP:
        look_up = replace(step, action=Action.PROFILE_LOOKUP)  # the planner would have the person looked up first
        facts = await store.load_facts(connection, prospect.prospect_id, account_id, look_up, at=at, moment=moment) or facts
    return facts


async def _explain_imported(connection: Connection, some_id: UUID, now: datetime, at: datetime, moment: datetime | None) -> Explanation:
    person = await store.load_imported(connection, some_id, moment)
    if person is None:
        raise NotFound(
            f"There is no prospect, imported row or lead {some_id} in your workspace; `tact explain` also takes an address on LinkedIn, "
            "an e-mail address or a name.",
            code="unknown_prospect",
        )
    state, condition = _APPROVALS.get(person.approval or "", (NextStepState.NOT_ENROLLED, "enrolment"))
    outcome = Outcome.HOLD if condition else Outcome.STOP
    return Explanation(
        at=at,
        now=now,
        lead_id=person.lead_id,
        person=_name(person),
        identity=person.identity,
        campaign_id=person.campaign_id,
        campaign=person.campaign_name,
        campaign_status=person.campaign_status,
        answer=ExplainedAnswer("hold" if condition else "stop", state.value, STATES[state].sentence, condition=condition),
        first_blocker="enrolled",
        rules=(RuleLine("enrolled", person.approval or "in no campaign", "a person approved it", outcome),),
    )


def _is_live(attempt: AttemptThen) -> bool:
    """Whether the attempt's call is under way, or its outcome is unknown and a message may have left."""
    unknown = attempt.state is AttemptState.UNKNOWN and attempt.action is not Action.PROFILE_LOOKUP
    return unknown or attempt.state is AttemptState.INTENT


def _send_of(found: NextStep, sends: Sequence[SendThen]) -> SendThen | None:
    """The send of the step in question, if it has one that still means something."""
    if found.step is None:
        return next((send for send in sends if send.status in OPEN), None)
    return next((send for send in sends if send.message_type == found.step.message_type), None)


def _words(prospect: ProspectThen, step: WorkflowStep | None, send: SendThen | None, facts: FactsThen | None) -> tuple[str | None, bool]:
    """The text as the send has it, or as the template of then would read; and whether it is frozen."""
    if send is not None:
        return (None if send.needs_words else send.message), send.dispatch_no > 0
    if step is None or facts is None:
        return None, False
    values = {name: getattr(prospect, name) for name in ("first_name", "last_name", "company", "title", "location")}
    rendered = render_step(step, values, prospect.on_missing, note_limit=note_limit(facts.account_type))
    return (rendered.text if isinstance(rendered, MessageText) else rendered.reason), False


async def _load_past_events(
    connection: Connection, prospect: ProspectThen, sends: Sequence[SendThen], attempts: Sequence[AttemptThen], *, moment: datetime | None
) -> list[PastEvent]:
    types = {send.id: send.message_type for send in sends}
    events = [PastEvent(each.decided_at, _describe_attempt(each, types[each.send_id])) for each in attempts]
    events += [PastEvent(each.withdrawn_at, "the invitation was withdrawn") for each in attempts if each.withdrawn_at]
    if prospect.connected_at and (moment is None or prospect.connected_at <= moment):
        events.append(PastEvent(prospect.connected_at, "connected with the account"))
    for reply in await store.load_replies(connection, prospect, moment):
        events.append(PastEvent(reply.said_at, f"answered: {reply.reply.replace('_', ' ')}"))
    return sorted(events, key=lambda event: event.at)


def _describe_attempt(attempt: AttemptThen, message_type: str) -> str:
    what = _DID.get(attempt.action, f"sent {message_type}")
    error = attempt.error_detail or attempt.error_type
    why = f" ({attempt.http_status}: {error})" if attempt.http_status and error else f" ({error})" if error else ""
    return f"{what}: {attempt.state.replace('_', ' ')}{why}"


def _notes(at: datetime, now: datetime, prospect: ProspectThen, account_id: UUID | None) -> list[str]:
    notes = []
    if at > now:
        notes.append("This moment has not come: the answer is what is known today.")
    if account_id is not None and prospect.account_id is None:
        notes.append("The prospect has no account yet; the rules are shown for the one it would most likely get.")
    return notes


def _name(person: ProspectThen | ImportedPerson) -> str:
    return f"{person.first_name} {person.last_name}".strip() or person.identity


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
