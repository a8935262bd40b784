"""Explain: why was this person not contacted, now or at any moment that has been?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.queuer.rules.insight.call_times import CallTimes
from services.queuer.rules.insight.explanation import PLACES, Answer, Explained, Place, Send, Standing, explain, stand
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import MessageText, render_step
from services.queuer.store.insight import explain as store
from services.queuer.store.insight.explain import FactsThen, StepInQuestion
from shared.db.pool import Connection
from shared.policy import Outcome, RuleLine, note_limit
from shared.policy.rows import case_of
from shared.refusals import NotFound, Refused
from shared.vocabulary import OPEN, Action, AttemptState, CampaignStatus, MissingValue, ProspectStatus, SendStatus

Row = store.Row

_OUTCOME = {"stop": Outcome.STOP, "hold": Outcome.HOLD}
_DID = {Action.PROFILE_LOOKUP: "looked up the profile", Action.WITHDRAWAL: "took the invitation back"}


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that has been: an attempt, an answer, an acceptance."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer about one person at one moment (business, aware); zones are names of the account's and the schedule's own."""

    at: datetime
    now: datetime
    prospect_id: UUID | None
    lead_id: UUID
    person: str
    identity: str
    campaign_id: UUID | None
    campaign: str | None
    campaign_status: CampaignStatus | None
    status: ProspectStatus | None
    account_id: UUID | None = None
    account: str | None = None
    timezone: str | None = None
    step: str | None = None
    send_id: UUID | None = None
    send_status: SendStatus | None = None
    action: Action | None = None
    words: str | None = None
    words_frozen: bool = False
    answer: Answer
    first_blocker: str | None = None
    rules: Sequence[RuleLine] = ()
    happened: Sequence[Happened] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)


async def explain_prospect(connection: Connection, some_id: UUID, *, at: datetime | None = None, call_times: CallTimes) -> Explanation:
    """Explain the prospect with this id, or the imported row or lead that waits to become one.

    `at` is business time; a later one is answered by what is known today, an earlier one by what was so then.

    Raises:
        NotFound: the caller sees nobody of that id.
        Refused: the moment lies before what is kept, or before the person was enrolled.
    """
    clock = await store.moment(connection)
    then = at or clock.now
    moment = at if at is not None and at < clock.now else None
    if at is not None and clock.floor is not None and then < clock.floor:
        raise Refused(
            f"What was so at {_said(then)} is not kept any more: histories begin at {_said(clock.floor)}. Ask about a later moment.",
            code="before_history",
        )
    who = await store.person(connection, some_id, moment)
    if who is None:
        return await _not_enrolled(connection, some_id, clock.now, then, moment)
    if moment is not None and then < who["enrolled_at"]:
        raise Refused(
            f"{_name(who)} was enrolled in '{who['campaign_name']}' only at {_said(who['enrolled_at'])}; at {_said(then)} there was "
            "nothing to contact. Ask about a later moment.",
            code="before_enrolment",
        )
    return await _enrolled(connection, who, clock, at=then, moment=moment, call_times=call_times)


async def _enrolled(
    connection: Connection, who: Row, clock: store.Moment, *, at: datetime, moment: datetime | None, call_times: CallTimes
) -> Explanation:
    prospect_id = who["prospect_id"]
    steps = await store.steps(connection, who["workflow_id"])
    rows = await store.sends(connection, prospect_id, moment)
    tried = await store.attempts(connection, [row["id"] for row in rows], moment)
    likely = who["account_id"] or await store.likely_account(connection, who["campaign_id"], moment)
    standing = stand(
        ProspectStatus(who["status"]),
        who["connected_at"],
        steps,
        [_send(row, tried) for row in rows],
        campaign=CampaignStatus(who["campaign_status"]),
        has_account=likely is not None,
        at=at,
    )
    send = _concerned(rows, standing)
    account_id = send["account_id"] if send else likely
    about = _About(who, clock.now, at, send, standing, happened=await _happened(connection, who, rows, tried, moment=moment))
    if account_id is None or (standing.step is None and send is None):
        place = standing.place or Place.NO_STEPS
        answer = Answer("hold", place.value, PLACES[place], condition=place.value)
        return about.explained(Explained(answer, standing.lines), None, None)
    facts = await _load_facts(connection, who, account_id, send, standing, at=at, moment=moment)
    action = facts.next_action
    week = await store.week(connection, account_id, facts, at=at, moment=moment) if action is Action.INVITATION else None
    case = case_of(facts, week)
    facts = replace(facts, timezone=case.zone.key)  # a person is shown times in UTC where the account's zone cannot be read
    beside = await store.beside(connection, who, account_id, action, send, at=at, moment=moment)
    call_time, margin = call_times.at(clock.speed)
    return about.explained(explain(standing, case, beside, at=at, call_time=call_time, margin=margin), facts, account_id)


async def _load_facts(
    connection: Connection, who: Row, account_id: UUID, send: Row | None, standing: Standing, *, at: datetime, moment: datetime | None
) -> FactsThen:
    """The facts that the sender would decide on: of the send, or of the step that would be planned next."""
    planned = standing.step
    step = StepInQuestion(
        action=Action(send["next_action"]) if send else planned.action if planned else Action.MESSAGE,
        scheduled_for=standing.due,
        requires_connection=send["requires_connection"] if send else bool(planned and planned.requires_connection),
        recipient=send["linkedin_user_id"] if send else who["linkedin_id"],
    )
    facts = await store.load_facts(connection, who["prospect_id"], account_id, step, at=at, moment=moment)
    if facts is None:
        raise NotFound(f"There is no account {account_id}.", code="unknown_account")
    if send is None and step.recipient is None and facts.provider_id is None and step.action is not Action.PROFILE_LOOKUP:
        look_up = replace(step, action=Action.PROFILE_LOOKUP)  # the planner would have the person looked up first
        facts = await store.load_facts(connection, who["prospect_id"], account_id, look_up, at=at, moment=moment) or facts
    return facts


@dataclass(frozen=True, slots=True)
class _About:
    """What an explanation says around its answer."""

    who: Row
    now: datetime
    at: datetime
    send: Row | None
    standing: Standing
    happened: Sequence[Happened]

    def explained(self, found: Explained, facts: FactsThen | None, account_id: UUID | None) -> Explanation:
        who, send, step = self.who, self.send, self.standing.step
        words, frozen = _words(who, step, send, facts)
        blocker = found.first_blocker
        return Explanation(
            at=self.at,
            now=self.now,
            prospect_id=who["prospect_id"],
            lead_id=who["lead_id"],
            person=_name(who),
            identity=who["identity"],
            campaign_id=who["campaign_id"],
            campaign=who["campaign_name"],
            campaign_status=CampaignStatus(who["campaign_status"]),
            status=ProspectStatus(who["status"]),
            account_id=account_id,
            account=facts.account_name if facts else None,
            timezone=facts.timezone if facts else None,
            step=send["message_type"] if send else step.message_type if step else None,
            send_id=send["id"] if send else None,
            send_status=SendStatus(send["status"]) if send else None,
            action=facts.next_action if facts else None,
            words=words,
            words_frozen=frozen,
            answer=found.answer,
            first_blocker=blocker.name if blocker and found.answer.verdict != "send_now" else None,
            rules=found.rules,
            happened=self.happened,
            notes=_notes(self.at, self.now, who, account_id),
        )


async def _not_enrolled(connection: Connection, some_id: UUID, now: datetime, at: datetime, moment: datetime | None) -> Explanation:
    row = await store.imported(connection, some_id, moment)
    if row is None:
        raise NotFound(
            f"There is no prospect, imported row or lead {some_id} in your workspace; `tact explain` also takes an address on LinkedIn, "
            "an e-mail address or a name.",
            code="unknown_prospect",
        )
    place = {"waiting": Place.WAITS_FOR_APPROVAL, "rejected": Place.REJECTED}.get(row["approval"], Place.NOT_ENROLLED)
    verdict = "stop" if place is Place.REJECTED else "hold"
    condition = None if place is Place.REJECTED else "approval" if place is Place.WAITS_FOR_APPROVAL else "enrolment"
    outcome = RuleLine("enrolled", row["approval"] or "in no campaign", "a person approved it", _OUTCOME[verdict])
    return Explanation(
        at=at,
        now=now,
        prospect_id=None,
        lead_id=row["lead_id"],
        person=_name(row),
        identity=row["identity"],
        campaign_id=row["campaign_id"],
        campaign=row["campaign_name"],
        campaign_status=CampaignStatus(row["campaign_status"]) if row["campaign_status"] else None,
        status=None,
        answer=Answer(verdict, place.value, PLACES[place], condition=condition),
        first_blocker="enrolled",
        rules=(outcome,),
    )


def _concerned(rows: Sequence[Row], standing: Standing) -> Row | None:
    """The row of the step in question, if it has one that still means something."""
    if standing.step is None:
        return next((row for row in rows if row["status"] in OPEN), None)
    return next((row for row in rows if row["message_type"] == standing.step.message_type), None)


def _send(row: Row, tried: Sequence[Row]) -> Send:
    own = [attempt for attempt in tried if attempt["send_id"] == row["id"]]
    live = [
        a for a in own if a["state"] == AttemptState.INTENT or (a["state"] == AttemptState.UNKNOWN and a["action"] != Action.PROFILE_LOOKUP)
    ]
    return Send(
        message_type=row["message_type"],
        status=SendStatus(row["status"]),
        scheduled_for=row["scheduled_for"],
        needs_words=row["needs_words"],
        held_for=row["held_for"],
        error_message=row["error_message"],
        sent_at=row["sent_at"],
        dispatched=row["dispatch_no"] > 0,
        state=AttemptState(live[-1]["state"]) if live else None,
    )


def _words(who: Row, step: WorkflowStep | None, send: Row | None, facts: FactsThen | None) -> tuple[str | None, bool]:
    """The text as it stands in the row, or as the template of then would read; and whether it is frozen."""
    if send is not None:
        return (None if send["needs_words"] else send["message"]), send["dispatch_no"] > 0
    if step is None or facts is None:
        return None, False
    values = {name: who[name] for name in ("first_name", "last_name", "company", "title", "location")}
    made = render_step(step, values, MissingValue(who["on_missing"]), note_limit=note_limit(facts.account_type))
    return (made.text if isinstance(made, MessageText) else made.reason), False


async def _happened(
    connection: Connection, who: Row, rows: Sequence[Row], tried: Sequence[Row], *, moment: datetime | None
) -> list[Happened]:
    types = {row["id"]: row["message_type"] for row in rows}
    events = [Happened(a["decided_at"], _tried(a, types[a["send_id"]])) for a in tried]
    events += [Happened(a["withdrawn_at"], "the invitation was withdrawn") for a in tried if a["withdrawn_at"]]
    if who["connected_at"] and (moment is None or who["connected_at"] <= moment):
        events.append(Happened(who["connected_at"], "connected with the account"))
    for reply in await store.replies(connection, who["lead_id"], who["prospect_id"], moment):
        events.append(Happened(reply["said_at"], f"answered: {reply['reply'].replace('_', ' ')}"))
    return sorted(events, key=lambda event: event.at)


def _tried(attempt: Row, message_type: str) -> str:
    what = _DID.get(attempt["action"], f"sent {message_type}")
    said = attempt["error_detail"] or attempt["error_type"]
    why = f" ({attempt['http_status']}: {said})" if attempt["http_status"] and said else f" ({said})" if said else ""
    return f"{what}: {attempt['state'].replace('_', ' ')}{why}"


def _notes(at: datetime, now: datetime, who: Row, account_id: UUID | None) -> list[str]:
    notes = []
    if at > now:
        notes.append("This moment has not come: the answer is what is known today.")
    if account_id is not None and who["account_id"] is None:
        notes.append("The prospect has no account yet; the rules are shown for the one it would most likely get.")
    return notes


def _name(row: Row) -> str:
    return f"{row['first_name']} {row['last_name']}".strip() or str(row["identity"])


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
