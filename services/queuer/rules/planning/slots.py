"""An account's time, given out one send after another.

Every send occupies the account from its own moment until the spacing (and its jitter) is over; one whose recipient
must be looked up first occupies it twice as long, for the look-up and for the send. The book is loaded once per batch
and only around the moments asked for, so that ten thousand prospects cost ten thousand steps and not their square.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.policy import Case, Hold, Stop, WeekUse, jitter, next_slot
from shared.vocabulary import Action

WEEK: Final = timedelta(hours=168)
A_LOCAL_DAY: Final = timedelta(hours=26)
"""No local day is longer; a day's counts are complete when the book reaches so far around it."""
CALL: Final = timedelta(seconds=30)
"""Business time that must be left of a window for a planned call. The sender knows what a call really takes."""


@dataclass(frozen=True, slots=True)
class NeedsMore:
    """The search left what is loaded: read the account's sends before `until` and ask again."""

    until: datetime


@dataclass(slots=True)
class Book:
    """What is known of one account's time from `since` up to `until` (both business, aware)."""

    zone: ZoneInfo
    spacing: timedelta
    caps: Mapping[Action, int]
    weekly_cap: int
    since: datetime
    until: datetime
    taken: list[tuple[datetime, datetime]] = field(default_factory=list)
    days: dict[Action, dict[date, int]] = field(default_factory=dict)
    last: dict[Action, datetime] = field(default_factory=dict)
    lines: dict[tuple[Action, str], datetime] = field(default_factory=dict)
    invitations: deque[datetime] = field(default_factory=deque)

    def length(self, send_id: UUID, *, look_up: bool) -> timedelta:
        """How long a send occupies its account; the same for the same send in every process."""
        return self.spacing * (2 if look_up else 1) + jitter(str(send_id), self.spacing)

    def used(self, action: Action, day: date, count: int) -> None:
        """Count what has left already on one of the account's days."""
        counts = self.days.setdefault(action, {})
        counts[day] = counts.get(day, 0) + count

    def enter(self, send_id: UUID, action: Action, at: datetime, *, look_up: bool) -> None:
        """A planned send that was loaded, or has just got its moment."""
        insort(self.taken, (at, at + self.length(send_id, look_up=look_up)))
        self._count(action, at, look_up=look_up)

    def end_of(self, action: Action, queue: str | None) -> datetime | None:
        """The last moment given out in this line, None while there is none."""
        return self.last.get(action) if queue is None else self.lines.get((action, queue))

    def week_so_far(self, moments: Iterable[datetime]) -> None:
        """The account's last invitations, sent or planned; as many as the weekly cap are enough."""
        self.invitations = deque(sorted(moments), maxlen=self.weekly_cap)

    def place(
        self, case: Case, send_id: UUID, *, earliest: datetime, look_up: bool, queue: str | None = None
    ) -> datetime | NeedsMore | Hold | Stop:
        """The first moment from `earliest` on that the policy allows and at which the account is free; it is taken then.

        `case` says what does not change with the moment; the counts are this book's. `queue` names the line of sends whose
        last moment is kept: prospects of different zones do not stand behind one another.
        """
        looking = self._counted(replace(case, action=Action.PROFILE_LOOKUP)) if look_up else None
        case = self._counted(case)
        need = self.length(send_id, look_up=look_up)
        call = CALL + (self.spacing if look_up else timedelta())
        at = earliest
        while True:
            slot = next_slot(case, after=at, call_time=call)
            if not isinstance(slot, datetime):
                return slot
            if slot + A_LOCAL_DAY > self.until:
                return NeedsMore(slot + A_LOCAL_DAY)
            # The look-up goes before the send on the same day, under a limit of its own.
            seen = slot if looking is None else next_slot(looking, after=slot, call_time=call)
            if not isinstance(seen, datetime):
                return seen
            free = self._free(seen, need)
            if free == slot:
                self._give(case.action, slot, need, queue, look_up=look_up)
                return slot
            at = free

    def _counted(self, case: Case) -> Case:
        week = None
        if case.action is Action.INVITATION and len(self.invitations) >= self.weekly_cap:
            week = WeekUse(len(self.invitations), self.weekly_cap, self.invitations[0] + WEEK)
        return replace(case, used=self.days.get(case.action, {}), daily_cap=self.caps[case.action], week=week)

    def _free(self, at: datetime, need: timedelta) -> datetime:
        """The first moment from `at` on with `need` between two others."""
        place = bisect_left(self.taken, (at, at))
        if place and self.taken[place - 1][1] > at:
            at = self.taken[place - 1][1]
        while place < len(self.taken) and self.taken[place][0] < at + need:
            at = max(at, self.taken[place][1])
            place += 1
        return at

    def _count(self, action: Action, at: datetime, *, look_up: bool) -> None:
        day = at.astimezone(self.zone).date()
        self.used(action, day, 1)
        if look_up:
            self.used(Action.PROFILE_LOOKUP, day, 1)

    def _give(self, action: Action, at: datetime, need: timedelta, queue: str | None, *, look_up: bool) -> None:
        insort(self.taken, (at, at + need))
        self._count(action, at, look_up=look_up)
        if queue is None:
            self.last[action] = max(at, self.last.get(action, at))
        else:
            self.lines[action, queue] = max(at, self.lines.get((action, queue), at))
        if action is Action.INVITATION:
            self.week_so_far([*self.invitations, at]) if self.invitations and at < self.invitations[-1] else self.invitations.append(at)
