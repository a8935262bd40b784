"""The rules that delay a send. Each says, for any moment, the first one not before it that it would allow.

That shape lets one function serve the sender (allowed now?), the planner (when first?) and the trace. Another delay is
one more function here and one more line in DELAYS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from shared.calendar import HORIZON_DAYS, Schedule, spans
from shared.policy.case import Case
from shared.policy.limits import warm_up_cap, warm_up_percent
from shared.policy.verdict import NEVER, Reason, Scope
from shared.vocabulary import ActionRole, ProspectStatus

_ONE_DAY: Final = timedelta(days=1)
_SPOKEN_TO: Final = frozenset({ProspectStatus.CONNECTED, ProspectStatus.MESSAGING})

REPLIES_STAY_FRESH: Final = timedelta(hours=6)
"""Longer than the poller's longest pause between two reads of an open day (4 h and 30 %), shorter than any night."""
TIME_TO_READ: Final = timedelta(minutes=10)
"""How long after its planned moment a read may take to come to its turn and to be stored."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A rule with a time, whom it concerns, and how it is shown.

    `until` takes the moment and the time a call needs, and returns None when the moment is allowed, else the first
    later one that is, or NEVER.
    """

    name: str
    scope: Scope
    until: Callable[[Case, datetime, timedelta], datetime | None]
    reason: Callable[[Case, datetime], Reason]
    value: Callable[[Case, datetime], str]
    limit: Callable[[Case], str]


def _not_due(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    return case.scheduled_for if case.scheduled_for > at else None


def _out_of_office(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    return case.hold_until if case.hold_until is not None and case.hold_until > at else None


def _replies_unread(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    """A follow-up waits for the read that may show an answer: webhooks get lost, and a person who has answered must not be asked again.

    It waits for the next planned read and a little longer, not for ever: when the reads have stopped, that is an alarm of
    its own and no reason to let a campaign die unseen.
    """
    if not case.action.facts.waits_for_reply_reads or case.prospect_status not in _SPOKEN_TO or case.replies_read_at is None:
        return None
    if case.replies_next_read_at is None or at <= case.replies_read_at + REPLIES_STAY_FRESH:
        return None
    read_by = case.replies_next_read_at + TIME_TO_READ
    return read_by if read_by > at else None


def _relock(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    """LinkedIn refuses to invite a person again for about three weeks after a withdrawal."""
    if case.action.role is not ActionRole.CONNECT or case.relock_until is None:
        return None
    return case.relock_until if case.relock_until > at else None


def _still_waiting(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    """An invitation is taken back when it has waited for as long as the campaign says today, whatever it said when this was planned."""
    if case.action.role is not ActionRole.WITHDRAW or case.withdraw_at is None:
        return None
    return case.withdraw_at if case.withdraw_at > at else None


def _spacing(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    return case.next_free_at if case.next_free_at is not None and case.next_free_at > at else None


def _calendar(case: Case, at: datetime, need: timedelta) -> datetime | None:
    """The hours that hold for every prospect in the lane; a prospect's own must not close it for the others."""
    schedule = case.schedule.without_prospect
    return None if schedule is None else _opening(schedule, at, need)


def _prospect_hours(case: Case, at: datetime, need: timedelta) -> datetime | None:
    """With the account's in one: were each asked alone, two that never meet would send the moment to and fro for ever."""
    return None if case.schedule.without_prospect is case.schedule else _opening(case.schedule, at, need)


def _opening(schedule: Schedule, at: datetime, need: timedelta) -> datetime | None:
    """The last moments of a window count as closed when a call begun in them could end outside."""
    window = schedule.window(at)
    if window is not None and window[1] - at >= need:
        return None
    found = schedule.next_open(at, least=need)
    return NEVER if found is None else found[0]


def _day_end(case: Case, at: datetime, need: timedelta) -> datetime | None:
    """A call that ran over the account's midnight would be counted on the day before."""
    ends = end_of_day(case, at)
    return ends if ends - at < need else None


def _daily_cap(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    """The next of the account's own days with something left; later days may be partly planned already."""
    if case.used.get(at.astimezone(case.zone).date(), 0) < case.daily_cap:
        return None
    return NEVER if case.daily_cap <= 0 else _next_day_below(case, at, lambda _: case.daily_cap)


def _warm_up(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    """A new account may use a growing part of its cap; the cap itself is the daily_cap's line."""
    if case.warm_up_from is None or case.daily_cap <= 0:
        return None
    today = at.astimezone(case.zone).date()
    cap = warm_up_cap(case.daily_cap, case.warm_up_from, today)
    if case.used.get(today, 0) < cap or cap == case.daily_cap:
        return None
    return _next_day_below(case, at, lambda day: warm_up_cap(case.daily_cap, case.warm_up_from, day))


def _next_day_below(case: Case, at: datetime, cap: Callable[[date], int]) -> datetime:
    today = at.astimezone(case.zone).date()
    for number in range(-1, len(case.used) + 3):  # as many days as can be used up, and one that a zone may have left out
        day = today + number * _ONE_DAY
        if case.used.get(day, 0) < cap(day):
            for start, end in spans(case.zone, day):
                if end > at:
                    return start
    return NEVER


def _weekly_cap(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    week = case.week
    if case.action.role is not ActionRole.CONNECT or week is None or week.count < week.cap:
        return None
    if week.frees_at is None:
        return NEVER
    return week.frees_at if week.frees_at > at else None


def _cool_down(case: Case, at: datetime, _need: timedelta) -> datetime | None:
    return case.cool_down_until if case.cool_down_until is not None and case.cool_down_until > at else None


def end_of_day(case: Case, at: datetime) -> datetime:
    """When the account's own date changes next."""
    return next(end for start, end in spans(case.zone, at.astimezone(case.zone).date()) if start <= at < end)


def _closed_because(case: Case, at: datetime) -> Reason:
    """Open, but with too little left for a call, reads as the end of the hours."""
    return Reason(case.schedule.closed_because(at) or Reason.HOURS)


def _always(reason: Reason) -> Callable[[Case, datetime], Reason]:
    return lambda _case, _at: reason


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else "none"


def _calendar_shown(case: Case, at: datetime) -> str:
    return _local(case.schedule.without_prospect, at) or "by the prospect's place alone"


def _hours_shown(case: Case) -> str:
    schedule = case.schedule.without_prospect
    return "see prospect_hours" if schedule is None else schedule.hours_shown()


def _prospect_hours_shown(case: Case, at: datetime) -> str:
    if case.schedule.without_prospect is case.schedule:
        return "not asked for"
    shown = _local(case.schedule.prospects or case.schedule, at)
    if case.schedule.next_open(at) is None:
        return f"{shown}; no moment of the next {HORIZON_DAYS} days is open, so the hours must be changed"
    return shown


def _local(schedule: Schedule | None, at: datetime) -> str:
    if schedule is None:
        return ""
    shown = f"{at.astimezone(schedule.zone):%a %Y-%m-%d %H:%M} {schedule.zone.key}"
    day = schedule.day_shown(at)
    return f"{shown}, {day}" if day else shown


def _used_shown(case: Case, at: datetime) -> str:
    today = at.astimezone(case.zone).date()
    return f"{case.used.get(today, 0)} on {today}"


def _warming_shown(case: Case, at: datetime) -> str:
    today = at.astimezone(case.zone).date()
    share = warm_up_percent(case.warm_up_from, today)
    return f"{_used_shown(case, at)} of {warm_up_cap(case.daily_cap, case.warm_up_from, today)} ({share} % of {case.daily_cap})"


def _ramp_shown(case: Case) -> str:
    return f"since {case.warm_up_from}" if case.warm_up_from else "none, an established account"


DELAYS: Final = (
    Delay(
        "due", Scope.SEND, _not_due, _always(Reason.NOT_DUE), lambda case, _: _moment(case.scheduled_for), lambda _: "not later than now"
    ),
    Delay(
        "out_of_office",
        Scope.SEND,
        _out_of_office,
        _always(Reason.OUT_OF_OFFICE),
        lambda case, _: _moment(case.hold_until),
        lambda _: "over",
    ),
    Delay(
        "replies_unread",
        Scope.ACTION,
        _replies_unread,
        _always(Reason.REPLIES_UNREAD),
        lambda case, _: f"read {_moment(case.replies_read_at)}, next {_moment(case.replies_next_read_at)}",
        lambda _: f"{REPLIES_STAY_FRESH.total_seconds() / 3600:g} h",
    ),
    Delay("relock", Scope.SEND, _relock, _always(Reason.RELOCK), lambda case, _: _moment(case.relock_until), lambda _: "over"),
    Delay(
        "withdraw_after",
        Scope.SEND,
        _still_waiting,
        _always(Reason.STILL_WAITING),
        lambda case, _: _moment(case.withdraw_at),
        lambda _: "over",
    ),
    Delay("calendar", Scope.LANE, _calendar, _closed_because, _calendar_shown, _hours_shown),
    Delay(
        "prospect_hours",
        Scope.SEND,
        _prospect_hours,
        _closed_because,
        _prospect_hours_shown,
        lambda case: "none" if case.schedule.without_prospect is case.schedule else case.schedule.hours_shown(),
    ),
    Delay(
        "spacing",
        Scope.ACCOUNT,
        _spacing,
        _always(Reason.SPACING),
        lambda case, _: _moment(case.next_free_at),
        lambda case: f"{case.spacing.total_seconds():g} s",
    ),
    Delay(
        "day_end",
        Scope.ACCOUNT,
        _day_end,
        _always(Reason.DAY_END),
        lambda case, at: f"{(end_of_day(case, at) - at).total_seconds():g} s left of the account's day",
        lambda _: "time for one call",
    ),
    Delay("daily_cap", Scope.ACTION, _daily_cap, _always(Reason.DAILY_CAP), _used_shown, lambda case: str(case.daily_cap)),
    Delay("warm_up", Scope.ACTION, _warm_up, _always(Reason.WARM_UP), _warming_shown, _ramp_shown),
    Delay(
        "weekly_cap",
        Scope.ACTION,
        _weekly_cap,
        _always(Reason.WEEKLY_CAP),
        lambda case, _: str(case.week.count) if case.week else "not counted",
        lambda case: str(case.week.cap) if case.week else "none",
    ),
    Delay(
        "cool_down",
        Scope.ACTION,
        _cool_down,
        _always(Reason.COOL_DOWN),
        lambda case, _: f"{_moment(case.cool_down_until)} {case.cool_down_reason or ''}".rstrip(),
        lambda _: "over",
    ),
)
