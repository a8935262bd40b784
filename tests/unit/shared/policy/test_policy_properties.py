"""`wait until T` is never in the past, breaks no rule at T, and no earlier minute would have been allowed.

The judge here is `allowed`: the rules once more, in the plainest way, minute by minute on the wall clock, with nothing
borrowed from the code under test but the facts themselves.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.calendar import Schedule
from shared.policy import Case, Condition, Hold, SendNow, Wait, WeekUse, decide, next_slot
from shared.vocabulary import Action, ProspectStatus
from tests.unit.shared.policy.cases import a_case

ZONES: Final = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Riyadh",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # its summer time is half an hour
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Santiago",  # its clocks change at midnight
    "Africa/Cairo",  # the same, on Fridays
    "Africa/Casablanca",  # winter time in Ramadan
    "Atlantic/Azores",
    "UTC",
)
COUNTRIES: Final = ("US", "DE-BY", "SA", "IN", "HK", "IR")
EVENTFUL: Final = (
    datetime(2011, 12, 30, tzinfo=UTC),  # the day Apia left out
    datetime(2026, 3, 8, 7, tzinfo=UTC),  # clocks forward: New York
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # back: Lord Howe
    datetime(2026, 4, 5, 3, tzinfo=UTC),  # Santiago, over midnight
    datetime(2026, 4, 23, 22, tzinfo=UTC),  # forward: Cairo, midnight to one
    datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago, midnight to one
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # back: Berlin, the Azores
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 12, 31, 20, tzinfo=UTC),
)
MINUTE: Final = timedelta(minutes=1)
DAYS_WALKED: Final = 12
"""How far the judge walks; a case that waits longer says nothing new, and each day is 1,440 questions."""

PROFILE: Final = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

moments = st.builds(
    lambda around, minutes: around + minutes * MINUTE,
    st.sampled_from(EVENTFUL)
    | st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(second=0, microsecond=0)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(-3 * 1440, 3 * 1440),
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
needs = st.integers(0, 20).map(lambda minutes: minutes * MINUTE)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Windows of every shape: minutes long, across a clock's change, the whole day."""
    opens = draw(st.sampled_from((0, 60, 120, 150, 420, 1380)) | st.integers(0, 1410))
    closes = draw(st.sampled_from((180, 1080, 1440)) | st.integers(opens + 1, 1440))
    assume(opens < closes)
    return Schedule(
        zone=draw(zones),
        opens=opens,
        closes=closes,
        country=draw(st.sampled_from(COUNTRIES)),
        skip_weekends=draw(st.booleans()),
        skip_holidays=draw(st.booleans()),
        weekdays=draw(st.none() | st.frozensets(st.integers(0, 6), min_size=1)),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Case, datetime]:
    """A send that only time stands against, and a moment."""
    now = draw(moments)
    later = st.integers(-600, 4 * 1440).map(lambda minutes: now + minutes * MINUTE)
    sometimes = st.none() | later
    zone = draw(zones)
    today = now.astimezone(zone).date()
    used = draw(st.dictionaries(st.integers(-1, 4).map(lambda days: today + timedelta(days=days)), st.integers(0, 6) | st.integers(7, 41)))
    action = draw(st.sampled_from(Action))
    waiting = {"prospect_status": ProspectStatus.CONNECTION_REQUEST_SENT, "withdraw_at": draw(later)}
    case = a_case(
        **(waiting if action is Action.WITHDRAWAL else {}),
        action=action,
        scheduled_for=draw(later),
        schedule=draw(schedules()),
        zone=zone,
        daily_cap=draw(st.integers(1, 5) | st.integers(6, 40)),
        warm_up_from=draw(st.none() | st.integers(-16, 3).map(lambda days: today + timedelta(days=days))),
        used=used,
        next_free_at=draw(sometimes),
        cool_down_until=draw(sometimes),
        hold_until=draw(sometimes),
        relock_until=draw(sometimes),
        week=draw(st.none() | st.builds(WeekUse, count=st.integers(0, 8), cap=st.just(5), frees_at=later)),
    )
    return case, now


def day_is_open(schedule: Schedule, day: date) -> bool:
    """The calendar's word on a day, straight from the library."""
    code, _, subdivision = schedule.country.partition("-")
    country = holidays.country_holidays(code, subdiv=subdivision or None, years=day.year)
    if schedule.weekdays is not None:
        resting = day.weekday() not in schedule.weekdays
    else:
        resting = schedule.skip_weekends and country.is_weekend(day)
    return not resting and not (schedule.skip_holidays and day in country)


class Judge:
    """Remembers what a day is, so that a walk of many days stays affordable."""

    def __init__(self, case: Case, need: timedelta) -> None:
        self.case = case
        self.need = need
        self.days: dict[date, bool] = {}

    def is_open(self, at: datetime) -> bool:
        schedule = self.case.schedule
        local = at.astimezone(schedule.zone)
        if not schedule.opens <= local.hour * 60 + local.minute < schedule.closes:
            return False
        day = local.date()
        if day not in self.days:
            self.days[day] = day_is_open(schedule, day)
        return self.days[day]

    def closes_at(self, at: datetime) -> bool:
        """Whether the window or the account's day changes here; where hours run round the clock the next begins at once."""
        before = at - MINUTE
        days_differ = any(
            at.astimezone(zone).date() != before.astimezone(zone).date() for zone in (self.case.zone, self.case.schedule.zone)
        )
        return self.is_open(before) and (days_differ or not self.is_open(at))

    def cap_of(self, day: date) -> int:
        """The daily cap, or what its ramp has grown to: 20 of 100 on the first day, 6 more on each that follows, whole from day 14."""
        cap, since = self.case.daily_cap, self.case.warm_up_from
        if since is None or day - since >= timedelta(days=14):
            return cap
        grown = 20
        while since < day:
            grown, since = grown + 6, since + timedelta(days=1)
        return max(cap * grown // 100, 1)

    def allowed(self, at: datetime) -> bool:
        """Whether every rule lets a call begin now that ends `need` later, within one window and one day of the account."""
        case = self.case
        today = at.astimezone(case.zone).date()
        floors = [case.scheduled_for, case.next_free_at, case.cool_down_until, case.hold_until]
        if case.action is Action.WITHDRAWAL:
            floors.append(case.withdraw_at)
        if case.action is Action.INVITATION:
            floors.append(case.relock_until)
            if case.week is not None and case.week.count >= case.week.cap:
                floors.append(case.week.frees_at)
        if any(floor is not None and at < floor for floor in floors) or case.used.get(today, 0) >= self.cap_of(today):
            return False
        under_way = [at + number * MINUTE for number in range(max(1, int(self.need / MINUTE)))]
        window_day = at.astimezone(case.schedule.zone).date()
        return all(
            self.is_open(each) and each.astimezone(case.zone).date() == today and each.astimezone(case.schedule.zone).date() == window_day
            for each in under_way
        )


@PROFILE
@given(situations(), needs)
def test_the_first_allowed_minute_is_found_and_none_before_it_is_allowed(situation: tuple[Case, datetime], need: timedelta) -> None:
    case, now = situation
    judge = Judge(case, need)
    decision = decide(case, now=now, call_time=need).decision
    match decision:
        case SendNow(valid_until):
            assert judge.allowed(now)
            assert now <= valid_until
            assert judge.allowed(valid_until if need else valid_until - MINUTE)
            assert judge.closes_at(valid_until + need)
        case Wait(until):
            assert until > now
            assert judge.allowed(until)
            walked = min(until, now + timedelta(days=DAYS_WALKED))
            minutes = (now + number * MINUTE for number in range(int((walked - now) / MINUTE)))
            assert not any(judge.allowed(each) for each in minutes)
        case Hold(condition):
            assert condition is Condition.OPENING
            minutes = (now + number * MINUTE for number in range(DAYS_WALKED * 1440))
            assert not any(judge.allowed(each) for each in minutes)


@PROFILE
@given(situations(), needs)
def test_what_is_waited_for_is_allowed_when_it_comes_and_is_what_the_planner_plans(
    situation: tuple[Case, datetime], need: timedelta
) -> None:
    case, now = situation
    decision = decide(case, now=now, call_time=need).decision
    slot = next_slot(case, after=now, call_time=need)
    if isinstance(decision, Wait):
        assert slot == decision.until
        then = decide(case, now=decision.until, call_time=need).decision
        assert isinstance(then, SendNow)
        assert then.valid_until >= decision.until
        just_before = decide(case, now=decision.until - timedelta(microseconds=1), call_time=need).decision
        assert not isinstance(just_before, SendNow)
    elif isinstance(decision, SendNow):
        assert slot == now
    else:
        assert slot == decision


@PROFILE
@given(situations(), needs, st.integers(0, 3 * 1440))
def test_asking_again_while_waiting_never_changes_the_moment(situation: tuple[Case, datetime], need: timedelta, minutes: int) -> None:
    case, now = situation
    decision = decide(case, now=now, call_time=need).decision
    assume(isinstance(decision, Wait))
    assert isinstance(decision, Wait)
    between = min(now + minutes * MINUTE, decision.until - timedelta(seconds=1))
    again = decide(case, now=max(between, now), call_time=need).decision
    assert isinstance(again, Wait)
    assert again.until == decision.until


@PROFILE
@given(situations(), needs)
def test_the_trace_agrees_with_the_decision(situation: tuple[Case, datetime], need: timedelta) -> None:
    case, now = situation
    verdict = decide(case, now=now, call_time=need)
    stands_against = [line for line in verdict.trace if line.verdict != "pass"]
    assert bool(stands_against) == (not isinstance(verdict.decision, SendNow))
    if isinstance(verdict.decision, Wait):
        assert all(line.until is not None and now < line.until <= verdict.decision.until for line in stands_against)
