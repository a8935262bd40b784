"""An account's time is given out once, with its spacing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from services.queuer.rules.dispatch.clock_skip import landing
from services.queuer.rules.planning.account_calendar import A_LOCAL_DAY, AccountCalendar, NotLoaded
from services.queuer.rules.planning.next_step import WorkflowStep
from services.queuer.rules.planning.rendering import WITHOUT_NOTE, MessageText, NoMessageText, render_step
from shared.calendar import Schedule
from shared.policy import SPACING, Case
from shared.vocabulary import AccountStatus, Action, CampaignStatus, MissingValue, ProspectStatus

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # a Tuesday, 11:00 in New York
NEW_YORK = ZoneInfo("America/New_York")
NAMES = UUID(int=7)


def a_calendar(**caps: int) -> AccountCalendar:
    return AccountCalendar(
        NEW_YORK,
        SPACING,
        {Action.INVITATION: caps.get("invitations", 40), Action.MESSAGE: 100, Action.PROFILE_LOOKUP: caps.get("look_ups", 100)},
        weekly_cap=caps.get("week", 100),
        spans=[(NOW - 2 * A_LOCAL_DAY, NOW + timedelta(days=30))],
    )


def a_case(action: Action = Action.INVITATION) -> Case:
    return Case(
        action=action,
        scheduled_for=NOW,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=ProspectStatus.PENDING,
        account_status=AccountStatus.USABLE,
        schedule=Schedule(NEW_YORK, 7 * 60, 18 * 60, "US"),
        zone=NEW_YORK,
        spacing=SPACING,
        daily_cap=1,
    )


def placed(
    calendar: AccountCalendar, number: int, *, earliest: datetime = NOW, look_up: bool = False, action: Action = Action.INVITATION
) -> datetime:
    slot = calendar.place(a_case(action), uuid5(NAMES, str(number)), earliest=earliest, look_up=look_up)
    assert isinstance(slot, datetime)
    return slot


def test_every_send_gets_a_moment_of_its_own_with_room_behind_it() -> None:
    calendar = a_calendar()
    moments = sorted(placed(calendar, number) for number in range(60))
    assert moments[0] == NOW
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))


def test_the_jitter_is_the_same_in_every_process() -> None:
    assert a_calendar().length(NAMES, look_up=True) == a_calendar().length(NAMES, look_up=True)
    lengths = {a_calendar().length(uuid5(NAMES, str(number)), look_up=False) for number in range(50)}
    assert len(lengths) == 50
    assert all(SPACING <= length <= 1.25 * SPACING for length in lengths)


def test_a_message_finds_the_gap_between_two_planned_invitations() -> None:
    calendar = a_calendar()
    calendar.enter(uuid5(NAMES, "a"), Action.INVITATION, NOW, look_up=False)
    calendar.enter(uuid5(NAMES, "b"), Action.INVITATION, NOW + timedelta(minutes=10), look_up=False)
    slot = placed(calendar, 1, action=Action.MESSAGE)
    assert NOW + SPACING <= slot <= NOW + timedelta(minutes=10) - SPACING


def test_people_who_are_looked_up_first_are_planned_within_the_days_look_ups() -> None:
    calendar = a_calendar(look_ups=3)
    today, tomorrow = NOW.astimezone(NEW_YORK).date(), NOW.astimezone(NEW_YORK).date() + timedelta(days=1)
    calendar.add_use(Action.PROFILE_LOOKUP, today, 1)
    calendar.enter(uuid5(NAMES, "a"), Action.MESSAGE, NOW + timedelta(hours=1), look_up=True)
    days = [placed(calendar, number, look_up=True).astimezone(NEW_YORK).date() for number in range(7)]
    assert days == [today, *[tomorrow] * 3, *[tomorrow + timedelta(days=1)] * 3]
    assert placed(calendar, 8).astimezone(NEW_YORK).date() == today, "who is known already needs none"


def test_a_gap_too_small_for_look_up_and_send_is_passed_over() -> None:
    calendar = a_calendar()
    calendar.enter(uuid5(NAMES, "a"), Action.INVITATION, NOW, look_up=False)
    calendar.enter(uuid5(NAMES, "b"), Action.INVITATION, NOW + timedelta(minutes=6), look_up=False)
    assert placed(calendar, 1, look_up=True) >= NOW + timedelta(minutes=8)


def test_a_full_day_moves_to_the_next_ones_opening() -> None:
    calendar = a_calendar(invitations=3)
    moments = [placed(calendar, number) for number in range(4)]
    assert moments[3] == datetime(2026, 3, 11, 11, 0, tzinfo=UTC)  # 07:00 in New York


def test_the_week_is_counted_over_168_hours() -> None:
    calendar = a_calendar(week=2)
    first, _, third = (placed(calendar, number) for number in range(3))
    assert third >= first + timedelta(hours=168)


def test_the_search_says_when_it_needs_more_of_the_plan() -> None:
    calendar = a_calendar()
    calendar.spans = [(NOW - 2 * A_LOCAL_DAY, NOW + timedelta(hours=1))]
    assert isinstance(calendar.place(a_case(), NAMES, earliest=NOW, look_up=False), NotLoaded)


@pytest.mark.parametrize(("limit", "fits"), [(9, True), (8, False)])
def test_a_note_fits_up_to_its_limit_and_says_both_numbers_beyond(limit: int, fits: bool) -> None:
    step = WorkflowStep(1, "connection_request", Action.INVITATION, timedelta(), False, "Hello {firstName}")
    words = render_step(step, {"first_name": "Zoë"}, MissingValue.BLOCK, note_limit=limit)
    assert words.text == "Hello Zoë"
    assert isinstance(words, MessageText) is fits
    if isinstance(words, NoMessageText):
        assert "9 characters" in words.reason
        assert "may send 8" in words.reason


def test_a_blank_invitation_has_no_note_and_a_broken_template_says_where() -> None:
    blank = WorkflowStep(1, "connection_request", Action.INVITATION, timedelta(), False, "  ")
    assert render_step(blank, {}, MissingValue.BLOCK, note_limit=200) == WITHOUT_NOTE
    broken = WorkflowStep(1, "direct_message_1", Action.MESSAGE, timedelta(), False, "Hi {wrong}")
    words = render_step(broken, {}, MissingValue.BLOCK, note_limit=200)
    assert isinstance(words, NoMessageText)
    assert "direct_message_1" in words.reason


def test_the_clock_leaps_only_over_more_than_half_an_hour() -> None:
    assert landing(NOW, None) is None
    assert landing(NOW, NOW + timedelta(minutes=30)) is None
    assert landing(NOW, NOW - timedelta(minutes=1)) is None
    assert landing(NOW, NOW + timedelta(hours=2)) == NOW + timedelta(minutes=105)
