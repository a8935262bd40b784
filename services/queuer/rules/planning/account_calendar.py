"""An account's calendar: its time, given out to one send after another.

Every send occupies the account from its own moment until the spacing (and its jitter) is over; a send whose recipient
must be looked up first occupies the account twice as long, for the look-up and for the send. The calendar is loaded once per
batch and only around the moments that the batch needs, so ten thousand prospects cost ten thousand steps and not their square.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.planning.next_send import PlanningAccount
from shared.policy import SPACING, Case, Hold, Stop, WeekUse, jitter, next_slot
from shared.vocabulary import Action, ActionRole

WEEK: Final = timedelta(hours=168)
A_LOCAL_DAY: Final = timedelta(hours=26)
"""No local day is longer; the counts of a day are complete when the loaded part reaches this far around it."""
CALL: Final = timedelta(seconds=30)
"""Business time that must be left of a window for a planned call. The sender knows the real length of a call."""

Span = tuple[datetime, datetime]
"""A stretch of a calendar that was loaded, from its first moment up to its last (business, aware)."""


@dataclass(frozen=True, slots=True)
class PlannedSend:
    """A send that has its moment already."""

    account_id: UUID
    send_id: UUID
    action: Action
    look_up: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """What is stored of one account's time: planned sends inside `spans`, the use of its days, its latest invitations."""

    spans: tuple[Span, ...] = ()
    planned: tuple[PlannedSend, ...] = ()
    used: tuple[tuple[Action, date, int], ...] = ()
    invitations: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """The search reached a moment whose surroundings are not loaded."""

    at: datetime


@dataclass(slots=True)
class AccountCalendar:
    """One account's time as far as it is known; `place` gives it out."""

    zone: ZoneInfo
    spacing: timedelta
    caps: Mapping[Action, int]
    weekly_cap: int
    spans: Sequence[Span]
    taken: list[Span] = field(default_factory=list)
    days: dict[Action, dict[date, int]] = field(default_factory=dict)
    last: dict[Action, datetime] = field(default_factory=dict)
    last_of_zone: dict[tuple[Action, str], datetime] = field(default_factory=dict)
    invitations: deque[datetime] = field(default_factory=deque)

    @classmethod
    def build(cls, account: PlanningAccount, facts: CalendarFacts, *, now: datetime) -> "AccountCalendar":
        """The account's calendar before the batch."""
        calendar = cls(ZoneInfo(account.timezone), SPACING, account.caps, account.weekly_cap, facts.spans)
        for send in facts.planned:
            calendar.enter(send.send_id, send.action, send.at, look_up=send.look_up)
        for action, day, count in facts.used:
            calendar.add_use(action, day, count)
        calendar.set_invitations(moment for moment in facts.invitations if moment > now - WEEK)
        return calendar

    def length(self, send_id: UUID, *, look_up: bool) -> timedelta:
        """How long a send occupies its account; the same for the same send in every process."""
        return self.spacing * (2 if look_up else 1) + jitter(str(send_id), self.spacing)

    def add_use(self, action: Action, day: date, count: int) -> None:
        """Count actions on one of the account's days."""
        counts = self.days.setdefault(action, {})
        counts[day] = counts.get(day, 0) + count

    def enter(self, send_id: UUID, action: Action, at: datetime, *, look_up: bool) -> None:
        """Add a send that has its moment."""
        insort(self.taken, (at, at + self.length(send_id, look_up=look_up)))
        self._count(action, at, look_up=look_up)

    def end_of_queue(self, action: Action, zone: str | None) -> datetime | None:
        """The last moment that this calendar gave out in a queue, None while there is none."""
        return self.last.get(action) if zone is None else self.last_of_zone.get((action, zone))

    def set_invitations(self, moments: Iterable[datetime]) -> None:
        """The account's last invitations, sent or planned; as many as the weekly cap are enough."""
        self.invitations = deque(sorted(moments), maxlen=self.weekly_cap)

    def place(
        self, case: Case, send_id: UUID, *, earliest: datetime, look_up: bool, zone: str | None = None
    ) -> datetime | NotLoaded | Hold | Stop:
        """The first moment from `earliest` on that the policy allows and at which the account is free; it is taken then.

        `case` says what does not change with the moment; the counts are this calendar's. `zone` names the queue of sends whose
        last moment is kept: the first steps of prospects in different zones are queued separately.
        """
        look_up_case = self._counted(replace(case, action=Action.PROFILE_LOOKUP)) if look_up else None
        case = self._counted(case)
        need = self.length(send_id, look_up=look_up)
        call = CALL + (self.spacing if look_up else timedelta())
        at = earliest
        while True:
            slot = next_slot(case, after=at, call_time=call)
            if not isinstance(slot, datetime):
                return slot
            if not self._is_loaded(slot):
                return NotLoaded(slot)
            # The look-up goes before the send on the same day, under a limit of its own.
            allowed = slot if look_up_case is None else next_slot(look_up_case, after=slot, call_time=call)
            if not isinstance(allowed, datetime):
                return allowed
            free = self._first_free(allowed, need)
            if free == slot:
                self._take(case.action, slot, need, zone, look_up=look_up)
                return slot
            at = free

    def _is_loaded(self, at: datetime) -> bool:
        return any(since + A_LOCAL_DAY <= at and at + A_LOCAL_DAY <= until for since, until in self.spans)

    def _counted(self, case: Case) -> Case:
        week = None
        if case.action.role is ActionRole.CONNECT and len(self.invitations) >= self.weekly_cap:
            week = WeekUse(len(self.invitations), self.weekly_cap, self.invitations[0] + WEEK)
        return replace(case, used=self.days.get(case.action, {}), daily_cap=self.caps[case.action], week=week)

    def _first_free(self, at: datetime, need: timedelta) -> datetime:
        """The first moment from `at` on with `need` between two other sends."""
        index = bisect_left(self.taken, (at, at))
        if index and self.taken[index - 1][1] > at:
            at = self.taken[index - 1][1]
        while index < len(self.taken) and self.taken[index][0] < at + need:
            at = max(at, self.taken[index][1])
            index += 1
        return at

    def _count(self, action: Action, at: datetime, *, look_up: bool) -> None:
        day = at.astimezone(self.zone).date()
        self.add_use(action, day, 1)
        if look_up:
            self.add_use(Action.PROFILE_LOOKUP, day, 1)

    def _take(self, action: Action, at: datetime, need: timedelta, zone: str | None, *, look_up: bool) -> None:
        insort(self.taken, (at, at + need))
        self._count(action, at, look_up=look_up)
        if zone is None:
            self.last[action] = max(at, self.last.get(action, at))
        else:
            self.last_of_zone[action, zone] = max(at, self.last_of_zone.get((action, zone), at))
        if action.role is ActionRole.CONNECT:
            if self.invitations and at < self.invitations[-1]:
                self.set_invitations([*self.invitations, at])
            else:
                self.invitations.append(at)
