"""May this send leave now; if not, when, or never? The one place that answers, for sender, planner, explain and forecast."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.calendar import utc
from shared.policy.case import Case
from shared.policy.delays import DELAYS, Delay, end_of_day
from shared.policy.endings import ENDINGS
from shared.policy.verdict import NEVER, Condition, Decision, Hold, Outcome, RuleLine, Scope, SendNow, Stop, Wait

_NO_TIME: Final = timedelta()
_WIDEST_FIRST: Final = tuple((scope, tuple(delay for delay in DELAYS if delay.scope is scope)) for scope in reversed(Scope))


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and what it was taken on; the trace is worked out only when it is read."""

    decision: Decision
    case: Case
    now: datetime
    need: timedelta

    @property
    def trace(self) -> tuple[RuleLine, ...]:
        """Every rule's own look at the send at that moment, in the order of asking."""
        return (*_endings_shown(self.case), *_delays_shown(self.case, self.now, self.need))


def decide(case: Case, *, now: datetime, call_time: timedelta, margin: timedelta = _NO_TIME) -> Verdict:
    """Decide one send at one moment.

    Rules that end a send come before rules that delay it: a lead who has replied must not be kept waiting for Monday.
    Of several delays the latest names the reason; `until` is the first moment that all of them allow together.
    `call_time` is how long a call may take and `margin` what a fast business clock adds to it: windows close that
    much earlier. Raises ValueError for a naive `now` or a negative time.
    """
    if call_time < _NO_TIME or margin < _NO_TIME:
        raise ValueError(f"call_time ({call_time}) and margin ({margin}) must not be negative.")
    need = call_time + margin
    now = utc(now)
    return Verdict(_decision(case, now, need), case, now, need)


def _decision(case: Case, now: datetime, need: timedelta) -> Decision:
    for ending in ENDINGS:
        end = ending.judge(case)
        if end is not None:
            return end
    blocking = [(until, delay) for delay in DELAYS if (until := delay.until(case, now, need)) is not None]
    if not blocking:
        return SendNow(_window_end(case, now) - need)
    until, scope, last = _first_allowed(case, now, need)
    if until == NEVER:
        return Hold(Condition.OPENING, last.reason(case, now), scope)
    return Wait(until, max(blocking, key=lambda each: each[0])[1].reason(case, now), scope)


def _window_end(case: Case, now: datetime) -> datetime:
    window = case.schedule.window(now)
    ends = end_of_day(case, now)
    return ends if window is None else min(window[1], ends)


def _first_allowed(case: Case, now: datetime, need: timedelta) -> tuple[datetime, Scope, Delay]:
    """The first moment every delay allows, the widest scope that has to wait so long, and the rule that moved it last.

    Each rule only ever moves the moment to the first one it allows itself, so no allowed moment is leapt over. The
    rules join widest scope first: where those of the whole account already lead to the moment, the account waits;
    where it takes the send's own, closing the lane would keep its neighbours waiting for nothing.
    """
    at = now
    rules: tuple[Delay, ...] = ()
    scope, last = Scope.SEND, DELAYS[0]
    for wider, joining in _WIDEST_FIRST:
        rules += joining
        moved = _settle(case, at, need, rules)
        if moved is not None:
            (at, last), scope = moved, wider
        if at == NEVER:
            break
    return at, scope, last


def _settle(case: Case, at: datetime, need: timedelta, rules: tuple[Delay, ...]) -> tuple[datetime, Delay] | None:
    """Ask the rules in turn until none moves the moment any more; it ends because moments only grow, towards the calendar's horizon."""
    last: Delay | None = None
    moved = True
    while moved:
        moved = False
        for rule in rules:
            until = rule.until(case, at, need)
            if until is not None:
                at, last, moved = until, rule, True
                if at == NEVER:
                    return at, rule
    return None if last is None else (at, last)


def _endings_shown(case: Case) -> list[RuleLine]:
    lines = []
    for ending in ENDINGS:
        end = ending.judge(case)
        outcome = Outcome.PASS if end is None else Outcome.STOP if isinstance(end, Stop) else Outcome.HOLD
        lines.append(RuleLine(ending.name, ending.value(case), ending.limit, outcome))
    return lines


def _delays_shown(case: Case, now: datetime, need: timedelta) -> list[RuleLine]:
    """None where the hours or the zone cannot be read: what these rules would say of the default hours has no meaning."""
    if case.unreadable is not None:
        return []
    lines = []
    for delay in DELAYS:
        until = delay.until(case, now, need)
        outcome = Outcome.PASS if until is None else Outcome.HOLD if until == NEVER else Outcome.WAIT
        lines.append(RuleLine(delay.name, delay.value(case, now), delay.limit(case), outcome, None if until == NEVER else until))
    return lines
