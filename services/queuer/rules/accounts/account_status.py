"""Why an account sends nothing at this moment, and when it may next: the policy's answer about the sends it would begin with.

The policy decides about the first send of each lane as if it were due now, so that at night the answer is the night and
not the planned moment of tomorrow. A lane that the sender has closed keeps what the policy said then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.insight.failure_reasons import Standstill, describe_reason
from shared.policy import Case, Condition, Decision, Reason, SendNow, Wait, WeekUse, decide, warm_up_cap
from shared.policy.rows import PolicyFacts, case_of
from shared.vocabulary import Action

NO_MESSAGES: Final = "No messages due"
SCHEDULE: Final = "Skipped due to schedule restrictions"
_DAILY: Final = frozenset({Reason.DAILY_CAP.value, Reason.WARM_UP.value})
_SCHEDULE: Final = frozenset({Reason.HOURS, Reason.WEEKEND, Reason.HOLIDAY, Reason.DAY_END})

_HELD_FOR: Final = {Condition.CAMPAIGN_RUNNING.value: Reason.CAMPAIGN_NOT_RUNNING, Condition.ACCOUNT_USABLE.value: Reason.ACCOUNT_PAUSED}


@dataclass(frozen=True, slots=True)
class Budget:
    """What an account has used of its caps: `used` by action and own day, `caps` by action, `week` for invitations."""

    zone: ZoneInfo
    caps: Mapping[Action, int]
    used: Mapping[Action, Mapping[date, int]]
    week: WeekUse | None
    warm_up_from: date | None = None

    def today(self, action: Action, now: datetime) -> int:
        """Used on the account's own day that `now` belongs to."""
        return self.used.get(action, {}).get(now.astimezone(self.zone).date(), 0)


@dataclass(frozen=True, slots=True)
class LaneHead:
    """A lane and its first planned send; `lane_reason` says why the lane is closed."""

    account_id: UUID
    campaign_id: UUID
    closed_until: datetime | None
    condition: str | None
    lane_reason: str | None
    action: Action
    send_id: UUID
    scheduled_for: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """The first send of a lane with the `facts` that the sender would decide on."""

    head: LaneHead
    facts: PolicyFacts


@dataclass(frozen=True, slots=True)
class Asking:
    """The moment (business) and what the sender keeps free of a window for a call."""

    now: datetime
    call_time: timedelta
    margin: timedelta = timedelta()

    def decide(self, case: Case) -> Decision:
        """The policy's word, as the sender would hear it."""
        return decide(case, now=self.now, call_time=self.call_time, margin=self.margin).decision


@dataclass(frozen=True, slots=True)
class Standing:
    """Why nothing leaves and when something may (business time); `used` and `cap` where a cap is the reason."""

    reason: str
    detail: str
    next_at: datetime | None
    used: int | None = None
    cap: int | None = None


def standing(lanes: Sequence[Lane], budget: Budget, asking: Asking, *, leased: bool) -> Standing:
    """Of one account, `leased` while a dispatch or a read holds it: the send that is due longest names the reason."""
    if not lanes:
        reason = Standstill.IN_HAND if leased else Standstill.NOTHING_PLANNED
        return Standing(reason.value, describe_reason(reason.value), None)
    asked = sorted(lanes, key=lambda lane: (lane.head.scheduled_for, str(lane.head.campaign_id)))
    found = [lane_standing(lane, budget, asking) for lane in asked]
    moments = [each.next_at for each in found if each.next_at is not None]
    first = found[0]
    if leased and first.reason in {Standstill.DUE, Reason.NOT_DUE}:
        first = Standing(Standstill.IN_HAND.value, describe_reason(Standstill.IN_HAND.value), first.next_at)
    return replace(first, next_at=min(moments, default=None))


def lane_standing(lane: Lane, budget: Budget, asking: Asking) -> Standing:
    """Of one lane, by its first send."""
    head, planned, closed_until, now = lane.head, lane.head.scheduled_for, lane.head.closed_until, asking.now
    case = case_of(lane.facts, budget.week)
    today = case.day(now)
    spent = (case.used.get(today, 0), warm_up_cap(case.daily_cap, case.warm_up_from, today))
    decision = asking.decide(replace(case, scheduled_for=min(planned, now)))
    if isinstance(decision, Wait):
        return _word_reason(decision.reason.value, max(_first_moment(case, asking), closed_until or now), case, spent)
    if not isinstance(decision, SendNow):
        return _word_reason(decision.reason.value, None, case, spent)
    shut = head.condition is not None or (closed_until is not None and closed_until > max(now, planned))
    if shut:
        until = closed_until if head.condition is None else None
        return _word_reason(head.lane_reason or _HELD_FOR.get(head.condition or "", Reason.NOT_DUE).value, until, case, spent)
    reason = Reason.NOT_DUE if planned > now else Standstill.DUE
    return _word_reason(reason.value, _first_moment(case, asking), case, spent)


def message_of(standings: Sequence[Standing]) -> str:
    """What a tick that had nothing to send is answered with, over all accounts that have something planned.

    As long as one account merely has nothing due, nothing is due; closed hours and spent caps are said when they are
    what holds back all the others.
    """
    reasons = {each.reason for each in standings}
    capped = [each for each in standings if each.reason in _DAILY]
    if not reasons or reasons & {Reason.NOT_DUE, Reason.SPACING, Standstill.IN_HAND, Standstill.DUE}:
        return NO_MESSAGES
    if reasons & _SCHEDULE:
        return SCHEDULE
    if capped:
        return f"Daily limit reached ({sum(each.used or 0 for each in capped)}/{sum(each.cap or 0 for each in capped)})"
    return NO_MESSAGES


def _first_moment(case: Case, asking: Asking) -> datetime:
    """When the policy would let it leave, its own planned moment included."""
    decision = asking.decide(case)
    return decision.until if isinstance(decision, Wait) else max(case.scheduled_for, asking.now)


def _word_reason(reason: str, until: datetime | None, case: Case, spent: tuple[int, int]) -> Standing:
    if reason in _DAILY:
        what = case.action.value.replace("_", " ")
        return Standing(reason, f"Daily limit reached ({spent[0]}/{spent[1]}) for {what}s.", until, *spent)
    if reason in {Reason.ACCOUNT_PAUSED, Reason.ACCOUNT_DISCONNECTED} and case.account_status_reason:
        return Standing(reason, f"{describe_reason(reason)} {case.account_status_reason}", until)
    return Standing(reason, describe_reason(reason), until)
