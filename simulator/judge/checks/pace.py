"""Does each account act like one pair of hands: one call at a time, and a pause after each?"""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulator.judge.findings import Findings
from simulator.judge.reading import LoggedCall

REMEMBERED: Final = 64


@dataclass(slots=True)
class Hands:
    """The last calls of one account as (arrival, answer, line), by arrival."""

    last: list[tuple[datetime, datetime, int]] = field(default_factory=list)
    busy_until: datetime | None = None
    order: deque[tuple[datetime, datetime, int]] = field(default_factory=deque)


class Pace:
    """Overlapping calls, and calls that follow an answer too soon.

    A call's line is written when it ends, so lines come in order of their ends, except of calls whose client had gone:
    those count from their arrival, the only moment at which the sender is known to have been there.
    """

    def __init__(self, findings: Findings, *, spacing_s: float, rounding_ms: float) -> None:
        self._findings, self._spacing, self._rounding_ms = findings, timedelta(seconds=spacing_s), rounding_ms
        self._hands: dict[str, Hands] = {}

    def see(self, call: LoggedCall) -> None:
        """Hold a call against its neighbours in time."""
        if not call.as_member or call.account_id is None:
            return
        hands = self._hands.setdefault(call.account_id, Hands())
        start, end = call.at, call.answered_at or call.at
        if hands.busy_until is None or start >= hands.busy_until:
            self._gap(call.account_id, hands.busy_until, start, call)
        else:
            self._among(hands, start, end, call)
        self._remember(hands, (start, end, call.seq))

    def _among(self, hands: Hands, start: datetime, end: datetime, call: LoggedCall) -> None:
        """The call began before another's end that is written above it."""
        both = [one for one in hands.last if one[0] < end and start < one[1]]
        if both:
            lines = ", ".join(str(one[2]) for one in both[:3])
            self._findings.broken("overlapping", f"{call.account_id} had two calls under way at once: {call.where} and line {lines}.")
            return
        before = max((one[1] for one in hands.last if one[1] <= start), default=None)
        after = min((one[0] for one in hands.last if one[0] >= end), default=None)
        self._gap(call.account_id or "", before, start, call)
        if after is not None:
            self._gap(call.account_id or "", end, after, call)

    def _gap(self, account_id: str, ended: datetime | None, began: datetime, call: LoggedCall) -> None:
        if ended is None or began - ended >= self._spacing:
            return
        gap = (began - ended).total_seconds()
        self._findings.narrow(
            "spacing",
            f"{account_id} acted again {gap:.1f} s after an answer ({call.route}, {call.where}).",
            short_by_s=self._spacing.total_seconds() - gap,
            real_ms=self._rounding_ms,
        )

    def _remember(self, hands: Hands, one: tuple[datetime, datetime, int]) -> None:
        insort(hands.last, one)
        hands.order.append(one)
        hands.busy_until = one[1] if hands.busy_until is None else max(hands.busy_until, one[1])
        if len(hands.order) > REMEMBERED:
            hands.last.remove(hands.order.popleft())
