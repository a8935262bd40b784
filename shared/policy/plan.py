"""The policy asked ahead: the first moment at which a send could leave, as far as is known today."""

from datetime import datetime, timedelta
from typing import Final

from shared.calendar import utc
from shared.policy.case import Case
from shared.policy.decide import decide
from shared.policy.verdict import Hold, SendNow, Stop, Wait

_NO_TIME: Final = timedelta()


def next_slot(case: Case, *, after: datetime, call_time: timedelta, margin: timedelta = _NO_TIME) -> datetime | Hold | Stop:
    """The first moment at or after `after` that `decide` would allow, or why there is none.

    A planner that gives out several slots adds each to the case's `used`, `week` and `next_free_at` before the next.
    """
    decision = decide(case, now=after, call_time=call_time, margin=margin).decision
    match decision:
        case SendNow():
            return utc(after)
        case Wait():
            return decision.until
        case _:
            return decision
